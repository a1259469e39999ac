//! `/doctor/{id}/book`: who comes, and the visit is booked.

use ::appointments::application::{Ask, BookError, Booking, GuestBooking, HoldError, RequestedStart, Whom};
use ::appointments::domain::{Particulars, PatientError, VisitMode};
use ::doctors::application::Listing;
use ::doctors::domain::VisitType;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use jiff::{Timestamp, Zoned};
use kernel::{AppointmentId, Caller, DoctorId, PortFailure, VisitTypeId};
use maud::{Markup, html};
use platform::http::{address_group, client_address, context};
use serde::Deserialize;
use uuid::Uuid;

use super::components::InShort;
use super::{AppointmentPages, address, before, of_hold, of_visit, once, sent_before};
use crate::doctors::{Day, DoctorPages, when, zone_of};
use crate::kit::atoms::{Tone, Weight, link_button};
use crate::kit::molecules::{Field, back, notice, summary_of_faults};
use crate::kit::templates::{not_found, unavailable};
use crate::kit::{Asking, Faults, Page, SameSite, see_other, time_of_day, weekday_and_date};

/// Days whose times are offered when the wanted one is gone.
const OTHER_DAYS: usize = 3;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    slot: String,
    visit_type: String,
}

/// The form as it was sent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Sent {
    slot: String,
    visit_type: String,
    key: String,
    name: String,
    email: String,
    notes: String,
    /// Another time was chosen; the form is looked at once more.
    again: String,
}

/// What the page is about.
struct About {
    doctor: Listing,
    offer: VisitType,
    at: Zoned,
}

async fn about(doctors: &DoctorPages, id: &str, slot: &str, visit_type: &str) -> Result<Option<About>, PortFailure> {
    let (Ok(id), Ok(at)) = (id.parse::<DoctorId>(), slot.parse::<Timestamp>()) else { return Ok(None) };
    let Some(doctor) = doctors.doctor(id).await? else { return Ok(None) };
    let wanted: Option<VisitTypeId> = visit_type.parse().ok();
    let types = doctors.directory.visit_types(id).await?.unwrap_or_default();
    let offer = types.into_iter().find(|one| wanted.map_or(one.is_default, |wanted| one.id == wanted));
    let at = at.to_zoned(zone_of(&doctor));
    Ok(offer.map(|offer| About { doctor, offer, at }))
}

pub(super) async fn show(
    asking: Asking,
    pages: Data<AppointmentPages>,
    doctors: Data<DoctorPages>,
    id: Path<String>,
    wanted: Query<Wanted>,
) -> HttpResponse {
    match about(&doctors, &id, &wanted.slot, &wanted.visit_type).await {
        Ok(Some(about)) => {
            let sent = Sent { key: Uuid::now_v7().to_string(), ..Sent::default() };
            shown(&asking, &pages, &about, &sent, &Faults::default(), StatusCode::OK)
        }
        Ok(None) => not_found(&asking),
        Err(failure) => unavailable(&asking, &failure),
    }
}

/// How the sending of a form ended.
enum Done {
    Booked(AppointmentId),
    Held(AppointmentId),
    Faults(Faults),
    Gone,
    Refused(&'static str),
}

pub(super) async fn send(
    _: SameSite,
    asking: Asking,
    pages: Data<AppointmentPages>,
    doctors: Data<DoctorPages>,
    id: Path<String>,
    request: HttpRequest,
    sent: Form<Sent>,
) -> HttpResponse {
    let about = match about(&doctors, &id, &sent.slot, &sent.visit_type).await {
        Ok(Some(about)) => about,
        Ok(None) => return not_found(&asking),
        Err(failure) => return unavailable(&asking, &failure),
    };
    if !sent.again.is_empty() {
        return shown(&asking, &pages, &about, &sent, &Faults::default(), StatusCode::OK);
    }
    let client = address_group(client_address(&request)).to_string();
    match booked(&asking, &pages, &about, &sent, &client).await {
        Ok(Done::Booked(visit)) => see_other(&format!("{}&new=1", address(&pages, visit))),
        Ok(Done::Held(hold)) => see_other(&format!("/bookings/{hold}")),
        Ok(Done::Faults(faults)) => shown(&asking, &pages, &about, &sent, &faults, StatusCode::UNPROCESSABLE_ENTITY),
        Ok(Done::Gone) => match doctors.days(std::slice::from_ref(&about.doctor), None, Some(about.offer.id)).await {
            Ok(days) => gone(&asking, &about, &sent, &days.into_iter().next().unwrap_or_default()),
            Err(failure) => unavailable(&asking, &failure),
        },
        Ok(Done::Refused(words)) => {
            let main = html! {
                div class="column py-8 grid gap-5" {
                    (notice(Tone::Warn, &asking.say("book-refused"), &html! { p { (asking.say(words)) } }))
                    div { (link_button(Weight::First, None, &asking.say("book-other"), &format!("/doctor/{}#times", about.doctor.id), "appointments-book-other")) }
                }
            };
            Page::new(&asking, asking.say("book-refused")).personal().status(StatusCode::CONFLICT).main(&main)
        }
        Err(failure) => unavailable(&asking, &failure),
    }
}

async fn booked(
    asking: &Asking,
    pages: &AppointmentPages,
    about: &About,
    sent: &Sent,
    client: &str,
) -> Result<Done, PortFailure> {
    let mut faults = Faults::default();
    if sent.name.trim().is_empty() {
        faults.add("name", asking.say("book-name-wrong"));
    }
    if !sent.email.contains('@') {
        faults.add("email", asking.say("book-email-wrong"));
    }
    if !faults.is_empty() {
        return Ok(Done::Faults(faults));
    }
    let notes = sent.notes.trim();
    let booking = Booking {
        ask: Ask {
            doctor: about.doctor.id,
            visit_type: Some(about.offer.id),
            start: RequestedStart::Instant(about.at.timestamp()),
            duration_minutes: None,
        },
        whom: Whom::Person(Particulars {
            name: sent.name.trim().to_owned(),
            email: Some(sent.email.trim().to_owned()),
            ..Particulars::default()
        }),
        notes: (!notes.is_empty()).then(|| notes.chars().take(1000).collect()),
        hold: None,
        outside: None,
    };
    let guest = Caller::guest();
    if pages.guests == GuestBooking::Code {
        let once = once("hold", &sent.key, of_hold);
        if let Some(hold) = sent_before(&pages.answers, once.as_ref()).await? {
            return Ok(Done::Held(hold));
        }
        return match pages.hold.run(&guest, booking, client, context::request_id(), once).await {
            Ok(hold) => Ok(Done::Held(hold.id)),
            Err(HoldError::Once(error)) => Ok(before(&error).map_or(Done::Refused("book-twice"), Done::Held)),
            Err(HoldError::SlotTaken { .. }) => Ok(Done::Gone),
            Err(HoldError::BadPatient(error)) => Ok(Done::Faults(wrong_patient(asking, error))),
            Err(HoldError::TooMany { .. }) => Ok(Done::Refused("book-too-many")),
            Err(HoldError::NotOffered(_)) => Ok(Done::Gone),
            Err(HoldError::NotAllowed | HoldError::OthersCalendar) => Ok(Done::Refused("book-no-guests")),
            Err(HoldError::Failed(failure)) => Err(failure),
        };
    }
    let once = once("book", &sent.key, of_visit);
    if let Some(visit) = sent_before(&pages.answers, once.as_ref()).await? {
        return Ok(Done::Booked(visit));
    }
    match pages.book.run(&guest, booking, context::request_id(), once).await {
        Ok(details) => Ok(Done::Booked(details.appointment.id)),
        Err(BookError::Once(error)) => Ok(before(&error).map_or(Done::Refused("book-twice"), Done::Booked)),
        Err(BookError::SlotTaken { .. } | BookError::DayFull { .. } | BookError::NotOffered(_)) => Ok(Done::Gone),
        Err(BookError::BadPatient(error)) => Ok(Done::Faults(wrong_patient(asking, error))),
        Err(BookError::NotForNewPatients) => Ok(Done::Refused("book-known-only")),
        Err(BookError::PatientBusy) => Ok(Done::Refused("book-busy")),
        Err(
            BookError::GuestsNotAllowed
            | BookError::OthersCalendar
            | BookError::UnknownPatient
            | BookError::Nobody
            | BookError::Unreachable,
        ) => Ok(Done::Refused("book-no-guests")),
        Err(BookError::Failed(failure)) => Err(failure),
    }
}

fn wrong_patient(asking: &Asking, error: PatientError) -> Faults {
    let mut faults = Faults::default();
    match error {
        PatientError::BadName => faults.add("name", asking.say("book-name-wrong")),
        PatientError::BadEmail => faults.add("email", asking.say("book-email-wrong")),
        // Neither is asked for here.
        PatientError::BadPhone | PatientError::BadBirthDate => faults.add("name", asking.say("book-name-wrong")),
    }
    faults
}

fn in_short(about: &About) -> InShort<'_> {
    let mode = match about.offer.mode {
        ::doctors::domain::VisitMode::InPerson => VisitMode::InPerson,
        ::doctors::domain::VisitMode::Video => VisitMode::Video,
    };
    InShort { at: &about.at, doctor: &about.doctor, mode, price: about.offer.price.whole_dollars() }
}

fn hidden(about: &About, sent: &Sent) -> Markup {
    html! {
        input type="hidden" name="visit_type" value=(about.offer.id);
        input type="hidden" name="key" value=(sent.key);
    }
}

fn shown(
    asking: &Asking,
    pages: &AppointmentPages,
    about: &About,
    sent: &Sent,
    faults: &Faults,
    status: StatusCode,
) -> HttpResponse {
    let title = asking.say("book-title");
    let times = format!("/doctor/{}#times", about.doctor.id);
    let by_code = pages.guests == GuestBooking::Code;
    let main = html! {
        div class="column py-4" {
            (back(&asking.say("book-change"), &times, "appointments-book-back"))
            (summary_of_faults(asking, faults))
            h1 { (title) }
            p class="mt-2 mb-5 text-muted" { (asking.say("book-lead")) }
            (in_short(about).show(asking))
            @if pages.guests == GuestBooking::Off {
                div class="mt-6" { (notice(Tone::Info, &asking.say("book-refused"), &html! { p { (asking.say("book-no-guests")) } })) }
            } @else {
                form class="mt-6 grid gap-6" action={ "/doctor/" (about.doctor.id) "/book" } method="post" novalidate data-testid="appointments-book-form" {
                    (hidden(about, sent))
                    input type="hidden" name="slot" value=(about.at.timestamp());
                    (Field::new(asking, faults, "name", asking.say("book-name"), "appointments-book-name").input("text", "name", &sent.name, 200))
                    (Field::new(asking, faults, "email", asking.say("book-email"), "appointments-book-email")
                        .hint(asking.say(if by_code { "book-email-code" } else { "book-email-hint" }))
                        .input("email", "email", &sent.email, 320))
                    (Field::new(asking, faults, "notes", asking.say("book-notes"), "appointments-book-notes")
                        .hint(asking.say("book-notes-hint")).optional().lines(&sent.notes, 1000))
                    div class="grid gap-2" {
                        button class="button button-first button-large w-full" type="submit" data-testid="appointments-book-submit" {
                            (asking.say(if by_code { "book-submit-code" } else { "book-submit" }))
                        }
                        p class="text-center text-sm text-muted" { (asking.say("book-consent")) }
                    }
                }
            }
        }
    };
    Page::new(asking, title).personal().status(status).main(&main)
}

/// The time is gone: the answers are kept, and other times stand there at once.
fn gone(asking: &Asking, about: &About, sent: &Sent, days: &[Day]) -> HttpResponse {
    let title = asking.say("book-gone");
    let body = html! { p { (asking.say_with("book-gone-body", &[("when", when(asking, &about.at).into())])) } };
    let main = html! {
        div class="column py-8 grid gap-5" {
            h1 { (title) }
            (notice(Tone::Warn, &asking.say("book-nothing-booked"), &body))
            form class="card" action={ "/doctor/" (about.doctor.id) "/book" } method="post" data-testid="appointments-gone-form" {
                (hidden(about, sent))
                input type="hidden" name="again" value="1";
                input type="hidden" name="name" value=(sent.name);
                input type="hidden" name="email" value=(sent.email);
                input type="hidden" name="notes" value=(sent.notes);
                @if days.is_empty() { p { (asking.say("doctors-no-times-hint")) } }
                @for day in days.iter().take(OTHER_DAYS) {
                    div class="row-of-day" {
                        h2 { (weekday_and_date(asking.language, day.date)) }
                        ul {
                            @for at in &day.times {
                                li {
                                    button class="slot w-full" type="submit" name="slot" value=(at.timestamp()) data-testid="appointments-gone-slot" {
                                        (time_of_day(asking.language, at))
                                    }
                                }
                            }
                        }
                    }
                }
            }
            div { (link_button(Weight::Second, None, &asking.say("book-other"), &format!("/doctor/{}#times", about.doctor.id), "appointments-gone-other")) }
        }
    };
    Page::new(asking, title).personal().status(StatusCode::CONFLICT).main(&main)
}
