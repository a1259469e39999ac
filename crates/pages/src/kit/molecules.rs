//! Pieces made of atoms.

use maud::{Markup, html};

use super::asking::Asking;
use super::atoms::{Tone, icon, unseen};
use super::forms::Faults;

/// A field of a form under way: label, hint, what is wrong, control.
pub struct Field<'a> {
    asking: &'a Asking,
    name: &'static str,
    label: String,
    hint: Option<String>,
    wrong: Option<&'a str>,
    optional: bool,
    testid: &'static str,
}

impl<'a> Field<'a> {
    /// Of that name, which is its id as well.
    #[must_use]
    pub fn new(
        asking: &'a Asking,
        faults: &'a Faults,
        name: &'static str,
        label: String,
        testid: &'static str,
    ) -> Self {
        Self { asking, name, label, hint: None, wrong: faults.of(name), optional: false, testid }
    }

    /// With a line of help under the label.
    #[must_use]
    pub fn hint(mut self, hint: String) -> Self {
        self.hint = Some(hint);
        self
    }

    /// Which may stay empty.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    fn described(&self) -> Option<String> {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.name));
        let wrong = self.wrong.map(|_| format!("{}-wrong", self.name));
        let all: Vec<String> = hint.into_iter().chain(wrong).collect();
        (!all.is_empty()).then(|| all.join(" "))
    }

    fn around(&self, control: &Markup) -> Markup {
        html! {
            div class={ "field" @if self.wrong.is_some() { " field-wrong" } } {
                label class="label" for=(self.name) {
                    (self.label)
                    @if self.optional { " " span class="font-normal text-muted" { "(" (self.asking.say("optional")) ")" } }
                }
                @if let Some(hint) = &self.hint { p class="hint" id={ (self.name) "-hint" } { (hint) } }
                @if let Some(wrong) = self.wrong {
                    p class="wrong" id={ (self.name) "-wrong" } {
                        (icon("circle-alert", "size-5"))
                        span { (unseen(&self.asking.say("wrong-prefix"))) " " (wrong) }
                    }
                }
                (control)
            }
        }
    }

    /// A line to be typed. `kind` is the input's type, `fill` what browsers may fill in.
    #[must_use]
    pub fn input(&self, kind: &str, fill: &str, value: &str, most: u32) -> Markup {
        let mode = (kind == "code").then_some("numeric");
        let kind = if kind == "code" { "text" } else { kind };
        self.around(&html! {
            input class="control" id=(self.name) name=(self.name) type=(kind) value=(value) autocomplete=(fill) inputmode=[mode]
                maxlength=(most) required[!self.optional] aria-invalid=[self.wrong.map(|_| "true")]
                aria-describedby=[self.described()] data-testid=(self.testid);
        })
    }

    /// Several lines to be typed.
    #[must_use]
    pub fn lines(&self, value: &str, most: u32) -> Markup {
        self.around(&html! {
            textarea class="control" id=(self.name) name=(self.name) rows="3" maxlength=(most)
                aria-invalid=[self.wrong.map(|_| "true")] aria-describedby=[self.described()] data-testid=(self.testid) { (value) }
        })
    }

    /// One of these: value and words.
    #[must_use]
    pub fn choice(&self, options: &[(String, String)], chosen: &str) -> Markup {
        self.around(&html! {
            select class="control" id=(self.name) name=(self.name) aria-describedby=[self.described()] data-testid=(self.testid) {
                @for (value, words) in options { option value=(value) selected[value == chosen] { (words) } }
            }
        })
    }
}

/// All that is wrong with a form, each with a way to its field.
#[must_use]
pub fn summary_of_faults(asking: &Asking, faults: &Faults) -> Markup {
    html! {
        @if !faults.is_empty() {
            div class="summary-of-errors" role="alert" tabindex="-1" data-testid="shared-form-faults" {
                h2 { (asking.say("wrong-title")) }
                ul {
                    @for (field, sentence) in faults.all() {
                        li { a href={ "#" (field) } data-testid="shared-form-fault" { (sentence) } }
                    }
                }
            }
        }
    }
}

/// Something to be told beside what the page is about.
#[must_use]
pub fn notice(tone: Tone, title: &str, body: &Markup) -> Markup {
    let (class, mark) = tone.of_notice();
    html! {
        div class=(class) role=[matches!(tone, Tone::Warn | Tone::Bad).then_some("alert")] {
            (icon(mark, "size-6"))
            div { p class="font-bold" { (title) } (body) }
        }
    }
}

/// There is nothing, why, and what can be done.
#[must_use]
pub fn nothing_here(mark: &str, title: &Markup, sentence: &str, actions: &Markup) -> Markup {
    html! {
        div class="empty" {
            span class="empty-mark" { (icon(mark, "size-8")) }
            (title)
            p class="max-w-prose text-muted" { (sentence) }
            div class="flex flex-wrap justify-center gap-3" { (actions) }
        }
    }
}

/// Where one came from.
#[must_use]
pub fn back(words: &str, to: &str, testid: &str) -> Markup {
    html! { a class="back" href=(to) data-testid=(testid) { (icon("arrow-left", "size-5")) (words) } }
}
