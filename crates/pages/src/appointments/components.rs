//! Pieces of pages about visits.

use ::appointments::domain::{Status, VisitMode};
use ::doctors::application::Listing;
use jiff::Zoned;
use maud::{Markup, html};

use crate::doctors::when;
use crate::kit::Asking;
use crate::kit::atoms::{FaceSize, Tone, badge, face, icon};

/// A visit in a few lines: when, with whom, where.
pub(super) struct InShort<'a> {
    pub(super) at: &'a Zoned,
    pub(super) doctor: &'a Listing,
    pub(super) mode: VisitMode,
    pub(super) price: i64,
}

impl InShort<'_> {
    pub(super) fn show(&self, asking: &Asking) -> Markup {
        let Self { at, doctor, mode, price } = self;
        let name = format!("{} {}", doctor.first_name, doctor.last_name);
        html! {
            section class="card grid gap-4" aria-label=(asking.say("visit-label")) {
                div class="notice notice-info" {
                    (icon("calendar-days", "size-6"))
                    div {
                        p class="font-bold" { time datetime=(at.timestamp()) { (when(asking, at)) } }
                        p class="text-sm" { (asking.say_with("doctors-zone", &[("city", doctor.city.clone().into())])) }
                    }
                }
                div class="flex items-center gap-4" {
                    (face(&doctor.first_name, &doctor.last_name, doctor.profile_image_url.as_deref(), FaceSize::Small))
                    div {
                        p class="font-semibold" { (asking.say_with("doctors-name", &[("name", name.into())])) }
                        @match mode {
                            VisitMode::InPerson => p class="text-muted" { (doctor.address) ", " (doctor.city) ", " (doctor.state) },
                            VisitMode::Video => p class="text-muted" { (asking.say("doctors-video")) },
                        }
                        p { strong { (crate::kit::money(asking.language, *price)) } " " span class="text-muted" { (asking.say("visit-pay")) } }
                    }
                }
            }
        }
    }
}

/// How a visit stands.
pub(super) fn status(asking: &Asking, status: Status) -> Markup {
    let (tone, word) = match status {
        Status::Booked => (Tone::Good, "status-booked"),
        Status::Arrived => (Tone::Info, "status-arrived"),
        Status::Completed => (Tone::Plain, "status-completed"),
        Status::Cancelled => (Tone::Bad, "status-cancelled"),
        Status::NoShow => (Tone::Warn, "status-no-show"),
    };
    badge(tone, None, &asking.say(word))
}
