//! The smallest pieces.

use maud::{Markup, html};

use super::assets::address;

/// An icon of the sprite. It says nothing to who does not see: words stand beside it.
#[must_use]
pub fn icon(name: &str, class: &str) -> Markup {
    let symbol = format!("{}#{name}", address("icons.svg"));
    html! {
        svg class={ "icon " (class) } aria-hidden="true" focusable="false" { use href=(symbol) {} }
    }
}

/// Words for who does not see.
#[must_use]
pub fn unseen(words: &str) -> Markup {
    html! { span class="sr-only" { (words) } }
}

/// What a badge says by its colour, beside its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    Plain,
    /// Good to know.
    Info,
    /// All is well.
    Good,
    /// Mind this.
    Warn,
    /// Something is wrong.
    Bad,
}

impl Tone {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Plain, Self::Info, Self::Good, Self::Warn, Self::Bad];

    const fn of_badge(self) -> &'static str {
        match self {
            Self::Plain => "badge badge-plain",
            Self::Info => "badge badge-info",
            Self::Good => "badge badge-good",
            Self::Warn => "badge badge-warn",
            Self::Bad => "badge badge-bad",
        }
    }

    /// The class and the icon of a notice.
    pub(super) const fn of_notice(self) -> (&'static str, &'static str) {
        match self {
            Self::Plain | Self::Info => ("notice notice-info", "info"),
            Self::Good => ("notice notice-good", "circle-check"),
            Self::Warn => ("notice notice-warn", "triangle-alert"),
            Self::Bad => ("notice notice-bad", "circle-alert"),
        }
    }
}

/// A word or two about something, with an icon where one helps.
#[must_use]
pub fn badge(tone: Tone, mark: Option<&str>, words: &str) -> Markup {
    html! { span class=(tone.of_badge()) { @if let Some(mark) = mark { (icon(mark, "size-4")) } (words) } }
}

/// How large a face is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaceSize {
    /// In a line.
    Small,
    /// On a card.
    Medium,
    /// At the head of a page.
    Large,
}

/// A picture of somebody over the initials, which stay when it does not come.
#[must_use]
pub fn face(first_name: &str, last_name: &str, picture: Option<&str>, size: FaceSize) -> Markup {
    let initials: String = [first_name, last_name].iter().filter_map(|name| name.chars().next()).collect();
    // The same person has the same colour everywhere.
    let tint = format!("{first_name}{last_name}").bytes().map(u32::from).sum::<u32>() % 4;
    let size = match size {
        FaceSize::Small => "face-small",
        FaceSize::Medium => "",
        FaceSize::Large => "face-large",
    };
    html! {
        span class={ "face " (size) @match tint { 1 => { " face-1" }, 2 => { " face-2" }, 3 => { " face-3" }, _ => {} } } aria-hidden="true" {
            (initials)
            @if let Some(picture) = picture { img src=(picture) alt="" loading="lazy" referrerpolicy="no-referrer"; }
        }
    }
}

/// How much a button is the thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// What the page is for.
    First,
    /// What can be done as well.
    Second,
    /// What is done now and then.
    Plain,
    /// What cannot be undone.
    Danger,
}

impl Weight {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::First, Self::Second, Self::Plain, Self::Danger];

    const fn class(self) -> &'static str {
        match self {
            Self::First => "button button-first",
            Self::Second => "button button-second",
            Self::Plain => "button button-plain",
            Self::Danger => "button button-danger",
        }
    }
}

/// A button that sends its form.
#[must_use]
pub fn submit(weight: Weight, mark: Option<&str>, words: &str, testid: &str) -> Markup {
    html! {
        button class=(weight.class()) type="submit" data-testid=(testid) {
            @if let Some(mark) = mark { (icon(mark, "size-5")) }
            (words)
        }
    }
}

/// A link that looks like a button.
#[must_use]
pub fn link_button(weight: Weight, mark: Option<&str>, words: &str, to: &str, testid: &str) -> Markup {
    html! {
        a class=(weight.class()) href=(to) data-testid=(testid) {
            @if let Some(mark) = mark { (icon(mark, "size-5")) }
            (words)
        }
    }
}
