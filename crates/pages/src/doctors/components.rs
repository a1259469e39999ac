//! Pieces of pages about doctors.

use ::doctors::application::Listing;
use ::doctors::domain::slug;
use jiff::Zoned;
use jiff::civil::Date;
use maud::{Markup, html};

use crate::kit::atoms::{FaceSize, Tone, Weight, badge, face, icon, link_button, unseen};
use crate::kit::{Asking, day_and_month, money, time_of_day, weekday, weekday_and_date};

/// A date with its free times, as the clinic's clock shows them.
pub(crate) struct Day {
    pub(crate) date: Date,
    pub(crate) times: Vec<Zoned>,
}

/// Times of a day that a card shows before "more".
const SHOWN: usize = 3;
/// Days that a card shows.
const DAYS: usize = 6;

/// `Tuesday, December 8, 2026, 9:30 AM`
pub(crate) fn when(asking: &Asking, at: &Zoned) -> String {
    let date = crate::kit::date_in_words(asking.language, at.date());
    format!("{date}, {}", time_of_day(asking.language, at))
}

/// `Dr. Noor Example`
pub(crate) fn name(asking: &Asking, doctor: &Listing) -> String {
    let name = format!("{} {}", doctor.first_name, doctor.last_name);
    asking.say_with("doctors-name", &[("name", name.into())])
}

/// What the doctor is a specialist in, in the reader's language.
pub(crate) fn specialty(asking: &Asking, name: &str) -> String {
    asking.language.try_say(&format!("specialty-{}", slug(name))).unwrap_or_else(|| name.to_owned())
}

/// What a language is called in the reader's own; its tag where we have no name for it.
pub(crate) fn language(asking: &Asking, tag: &str) -> String {
    asking.language.try_say(&format!("language-{tag}")).unwrap_or_else(|| tag.to_owned())
}

fn languages(asking: &Asking, doctor: &Listing) -> String {
    doctor.languages.iter().map(|tag| language(asking, tag)).collect::<Vec<_>>().join(", ")
}

pub(super) fn rating(asking: &Asking, doctor: &Listing) -> Markup {
    let figure = format!("{:.1}", f64::from(doctor.rating) / 100.0);
    let figure = if asking.language.tag() == "fr" { figure.replace('.', ",") } else { figure };
    html! {
        p class="flex items-center gap-1 text-sm" {
            (icon("star", "star size-4"))
            span class="font-semibold" aria-hidden="true" { (figure) }
            (unseen(&asking.say_with("doctors-rating", &[("rating", figure.clone().into())])))
        }
    }
}

/// Face, name, specialty, rating: `level` is that of the heading.
pub(super) fn head(asking: &Asking, doctor: &Listing, size: FaceSize, heading: &Markup) -> Markup {
    html! {
        div class="flex items-center gap-4" {
            (face(&doctor.first_name, &doctor.last_name, doctor.profile_image_url.as_deref(), size))
            div class="min-w-0" {
                (heading)
                p class="font-semibold text-brand" { (specialty(asking, &doctor.specialty)) }
                (rating(asking, doctor))
            }
        }
    }
}

pub(super) fn badges(asking: &Asking, doctor: &Listing) -> Markup {
    html! {
        p class="flex flex-wrap gap-2" {
            @if doctor.in_person { (badge(Tone::Plain, Some("map-pin"), &asking.say("doctors-in-person"))) }
            @if doctor.video { (badge(Tone::Info, Some("video"), &asking.say("doctors-video"))) }
        }
    }
}

fn facts(asking: &Asking, doctor: &Listing) -> Markup {
    let price = money(asking.language, doctor.consultation_price.into());
    html! {
        ul class="facts" {
            li { (icon("map-pin", "size-5")) span { (doctor.address) br; (doctor.city) ", " (doctor.state) } }
            li { (icon("wallet", "size-5")) span { (asking.say_with("doctors-price", &[("price", price.into())])) } }
            li { (icon("languages", "size-5")) span { (unseen(&asking.say("doctors-speaks"))) " " (languages(asking, doctor)) } }
        }
    }
}

/// A free time, which leads to its booking.
pub(super) fn slot(asking: &Asking, doctor: &Listing, at: &Zoned, more: &str) -> Markup {
    let start = at.timestamp().to_string();
    let day = weekday_and_date(asking.language, at.date());
    let who = name(asking, doctor);
    html! {
        a class="slot" href={ "/doctor/" (doctor.id) "/book?slot=" (start) (more) } rel="nofollow" data-testid="doctors-slot-link" {
            time datetime=(start) { (time_of_day(asking.language, at)) }
            (unseen(&format!(", {day}, {who}")))
        }
    }
}

fn times(asking: &Asking, doctor: &Listing, days: &[Day]) -> Markup {
    let who = name(asking, doctor);
    let profile = format!("/doctor/{}", doctor.id);
    html! {
        @match days.first() {
            None => {
                p class="font-semibold" { (asking.say("doctors-no-times")) }
                p class="text-muted" { (asking.say("doctors-no-times-hint")) }
            }
            Some(first) => {
                p class="flex flex-wrap items-baseline justify-between gap-2 mb-3" {
                    span {
                        span class="text-muted" { (asking.say("doctors-next")) } " "
                        strong { (weekday_and_date(asking.language, first.date)) @if let Some(at) = first.times.first() { ", " (time_of_day(asking.language, at)) } }
                    }
                    span class="text-sm text-muted" { (asking.say_with("doctors-zone", &[("city", doctor.city.clone().into())])) }
                }
                ol class="days" tabindex="0" aria-label=(asking.say_with("doctors-times-of", &[("doctor", who.clone().into())])) data-testid="doctors-card-days" {
                    @for day in days.iter().take(DAYS) {
                        li class="day" {
                            p class="date" { b { (weekday(asking.language, day.date)) } (day_and_month(asking.language, day.date)) }
                            ul {
                                // One more fits where "more" would stand.
                                @let shown = if day.times.len() == SHOWN + 1 { SHOWN + 1 } else { SHOWN };
                                @for at in day.times.iter().take(shown) { li { (slot(asking, doctor, at, "")) } }
                                @if day.times.len() > shown {
                                    li {
                                        a class="slot slot-more" href={ (profile) "?from=" (day.date) "#times" } data-testid="doctors-card-more" {
                                            (asking.say_with("doctors-more", &[("count", (day.times.len() - shown).into())]))
                                            (unseen(&format!(", {}, {who}", weekday_and_date(asking.language, day.date))))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                p class="mt-3 flex justify-end" {
                    (link_button(Weight::Plain, None, &asking.say("doctors-all-times"), &format!("{profile}#times"), "doctors-card-times"))
                }
            }
        }
    }
}

/// A doctor among others, with the first free times.
pub(super) fn card(asking: &Asking, doctor: &Listing, days: &[Day]) -> Markup {
    let who = name(asking, doctor);
    let heading = html! {
        h3 { a class="link" href={ "/doctor/" (doctor.id) } data-testid="doctors-card-profile" { (who) } }
    };
    html! {
        li class="card doctor" data-testid="doctors-card-item" data-doctor=(doctor.id) {
            div class="doctor-id" {
                (head(asking, doctor, FaceSize::Medium, &heading))
                (facts(asking, doctor))
                (badges(asking, doctor))
            }
            div class="doctor-times" {
                @if !days.is_empty() {
                    a class="skip skip-here" href={ "#after-" (doctor.id) } data-testid="doctors-card-skip" {
                        (asking.say_with("doctors-skip", &[("doctor", who.clone().into())]))
                    }
                }
                (times(asking, doctor, days))
                span id={ "after-" (doctor.id) } tabindex="-1" {}
            }
        }
    }
}

/// What a page about a doctor says beside the times.
pub(super) fn practical(asking: &Asking, doctor: &Listing, clinic: Option<&str>) -> Markup {
    html! {
        dl class="pairs" {
            @if let Some(clinic) = clinic { div { dt { (asking.say("doctors-clinic")) } dd { (clinic) } } }
            div { dt { (asking.say("doctors-address")) } dd { (doctor.address) br; (doctor.city) ", " (doctor.state) } }
            div { dt { (asking.say("doctors-price-label")) } dd { (money(asking.language, doctor.consultation_price.into())) } }
            div { dt { (asking.say("doctors-speaks")) } dd { (languages(asking, doctor)) } }
            div {
                dt { (asking.say("doctors-experience-label")) }
                dd { (asking.say_with("doctors-experience", &[("years", doctor.years_experience.into())])) }
            }
        }
    }
}
