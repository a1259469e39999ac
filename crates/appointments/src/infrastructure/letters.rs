//! What patients are told by mail.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use platform::letters::Letter;
use platform::texts::Text;

use super::http::{AppointmentLinks, WaitlistLinks};
use crate::application::{
    Addressee, Alert, AppointmentDetails, Change, Confirmation, DaySummary, GuestHold, Names, OfferLetter,
};
use crate::domain::{Appointment, AppointmentEvent, Hold, WaitlistOffer};

/// Tells of a booking, with the link that opens it.
pub(super) fn confirmation(to: &Confirmation, booked: &AppointmentDetails, links: &AppointmentLinks) -> Letter {
    about("booking-confirmed", to, booked)
        .with("manage_url", links.page_url(booked.appointment.id))
        .calendar("REQUEST", &to.calendar)
}

/// Tells of a move or a cancellation, where somebody is to be told.
pub(super) fn changed(change: &Change, links: &AppointmentLinks) -> Option<Letter> {
    let to = change.letter.as_ref()?;
    let after = &change.after;
    match change.event.event {
        AppointmentEvent::Rescheduled { .. } => Some(
            about("booking-changed", to, after)
                .with("was", when(&change.before))
                .with("manage_url", links.page_url(after.appointment.id))
                .calendar("REQUEST", &to.calendar),
        ),
        AppointmentEvent::Cancelled { .. } => {
            Some(about("booking-cancelled", to, after).calendar("CANCEL", &to.calendar))
        }
        // It takes place after all, which reads as a booking does.
        AppointmentEvent::Reinstated { .. } => Some(confirmation(to, after, links)),
        _ => None,
    }
}

/// Tells of a series, with the links that open its visits.
pub(super) fn series_confirmed(to: &Confirmation, visits: &[AppointmentDetails], links: &AppointmentLinks) -> Letter {
    let urls: Vec<String> = visits.iter().map(|visit| links.page_url(visit.appointment.id)).collect();
    let all: Vec<&AppointmentDetails> = visits.iter().collect();
    about_all("series-confirmed", to, &all).with("urls", urls.join("\n")).calendar("PUBLISH", &to.calendar)
}

/// Tells which visits of a series do not take place.
pub(super) fn series_cancelled(to: &Confirmation, visits: &[&AppointmentDetails]) -> Letter {
    about_all("series-cancelled", to, visits).calendar("PUBLISH", &to.calendar)
}

fn about_all(template: &str, to: &Confirmation, visits: &[&AppointmentDetails]) -> Letter {
    let dates: Vec<String> = visits.iter().map(|visit| when(&visit.appointment)).collect();
    Letter::new(template, &to.email, &to.language)
        .with("name", visits.first().map(|visit| visit.patient.name.clone()).unwrap_or_default())
        .with("doctor", &to.names.doctor)
        .with("clinic", &to.names.clinic)
        .with("dates", dates.join("\n"))
}

fn about(template: &str, to: &Confirmation, told: &AppointmentDetails) -> Letter {
    let AppointmentDetails { appointment: visit, patient } = told;
    Letter::new(template, &to.email, &to.language)
        .with("name", &patient.name)
        .with("doctor", &to.names.doctor)
        .with("clinic", &to.names.clinic)
        .with("when", when(visit))
}

/// Tells a front desk of an emergency access; neither patient nor reason stands in mail.
pub(super) fn emergency_access(alert: &Alert) -> Letter {
    Letter::new("emergency-access", &alert.to.email, &alert.to.language)
        .with("doctor", &alert.doctor)
        .with("until", &alert.until)
}

/// Tells a guest the code that books what is held.
pub(super) fn guest_code(guest: &GuestHold, hold: &Hold, now: Timestamp) -> Letter {
    let minutes = hold.held_until.duration_since(now).as_mins().max(1);
    Letter::new("guest-booking-code", &guest.draft.email, &guest.letter.language)
        .with("name", &guest.draft.name)
        .with("code", &guest.letter.code)
        .with("minutes", minutes.to_string())
        .with("doctor", &guest.letter.names.doctor)
        .with("when", wall_clock(hold.visit.start, &hold.time_zone))
}

/// Tells who waits of a time that is kept for them, with the link that answers.
pub(super) fn waitlist_offer(to: &OfferLetter, offer: &WaitlistOffer, links: &WaitlistLinks) -> Letter {
    Letter::new("waitlist-offer", &to.email, &to.language)
        .with("name", &to.name)
        .with("doctor", &to.names.doctor)
        .with("clinic", &to.names.clinic)
        .with("when", wall_clock(offer.starts_at, &offer.time_zone))
        .with("until", wall_clock(offer.until, &offer.time_zone))
        .with("url", links.url(offer.id))
}

/// Reminds of the visits of a day, each with the link that opens it.
pub(super) fn reminder(to: &Addressee, visits: &[Told], links: &AppointmentLinks) -> Letter {
    let told = |letter: Letter, ending: &str, (details, names): &Told| {
        let visit = &details.appointment;
        letter
            .with(&format!("doctor{ending}"), &names.doctor)
            .with(&format!("clinic{ending}"), &names.clinic)
            .with(&format!("when{ending}"), when(visit))
            .with(&format!("manage_url{ending}"), links.page_url(visit.id))
    };
    let name = visits.first().map(|(first, _)| first.patient.name.clone()).unwrap_or_default();
    let letter = |template| Letter::new(template, &to.email, &to.language).with("name", name);
    if let [only] = visits {
        return told(letter("reminder"), "", only);
    }
    let several = letter("reminder-several").with("visits", visits.len().to_string());
    (1..).zip(visits).fold(several, |letter, (number, visit)| told(letter, &format!("_{number}"), visit))
}

/// Tells a doctor what a day holds: one visit in each line, without its patient.
pub(super) fn day_summary(summary: &DaySummary, day: Date, time_zone: &str) -> Letter {
    let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
    let time = |at: Timestamp| at.to_zoned(zone.clone()).strftime("%H:%M").to_string();
    // Nobody sees more patients on a day; if so, the last ones are left out.
    let visits = &summary.visits[..summary.visits.len().min(60)];
    let times = visits.iter().map(|(visit, _)| format!("{}–{}", time(visit.visit.start), time(visit.visit.end)));
    let clinics = visits.iter().map(|(_, clinic)| clinic.clone());
    let modes = visits.iter().map(|(visit, _)| visit.mode.word().to_owned());
    Letter::new("day-summary", &summary.to.email, &summary.to.language)
        .with("name", &summary.to.name)
        .with("day", format!("{day} ({time_zone})"))
        .with("times", times.collect::<Vec<_>>().join("\n"))
        .with("clinics", clinics.collect::<Vec<_>>().join("\n"))
        .with("modes", modes.collect::<Vec<_>>().join("\n"))
}

/// The same to a phone; a link would not fit.
pub(super) fn reminder_text(number: &str, language: &str, visits: &[Told]) -> Text {
    let told = |text: Text, ending: &str, (details, names): &Told| {
        let visit = &details.appointment;
        let local = visit.visit.start.to_zoned(TimeZone::get(&visit.time_zone).unwrap_or(TimeZone::UTC));
        text.with(&format!("doctor{ending}"), &names.doctor)
            .with(&format!("clinic{ending}"), &names.clinic)
            .with(&format!("when{ending}"), local.strftime("%Y-%m-%d %H:%M").to_string())
    };
    if let [only] = visits {
        return told(Text::new("reminder", number, language), "", only);
    }
    let several = Text::new("reminder-several", number, language).with("visits", visits.len().to_string());
    (1..).zip(visits).fold(several, |text, (number, visit)| told(text, &format!("_{number}"), visit))
}

/// A visit with what its doctor and clinic are called.
type Told = (AppointmentDetails, Names);

/// When a visit begins.
pub(super) fn when(visit: &Appointment) -> String {
    wall_clock(visit.visit.start, &visit.time_zone)
}

/// Date, time and zone of the clinic's wall clock, in an order that every language reads: `2027-03-01 09:00
/// (America/New_York)`.
fn wall_clock(at: Timestamp, name: &str) -> String {
    let zone = TimeZone::get(name).unwrap_or(TimeZone::UTC);
    format!("{} ({name})", at.to_zoned(zone).strftime("%Y-%m-%d %H:%M"))
}
