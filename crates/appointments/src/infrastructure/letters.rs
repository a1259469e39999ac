//! What patients are told by mail.

use jiff::tz::TimeZone;
use platform::letters::Letter;

use super::http::AppointmentLinks;
use crate::application::{Alert, AppointmentDetails, Confirmation};
use crate::domain::Appointment;

/// Tells of a booking, with the link that opens it.
pub(super) fn confirmation(to: &Confirmation, booked: &AppointmentDetails, links: &AppointmentLinks) -> Letter {
    let AppointmentDetails { appointment: visit, patient } = booked;
    Letter::new("booking-confirmed", &to.email, &to.language)
        .with("name", &patient.name)
        .with("doctor", &to.names.doctor)
        .with("clinic", &to.names.clinic)
        .with("when", when(visit))
        .with("manage_url", links.manage_url(visit.id))
}

/// Tells a front desk of an emergency access; neither patient nor reason stands in mail.
pub(super) fn emergency_access(alert: &Alert) -> Letter {
    Letter::new("emergency-access", &alert.to.email, &alert.to.language)
        .with("doctor", &alert.doctor)
        .with("until", &alert.until)
}

/// Date, time and zone of the clinic's wall clock, in an order that every language reads: `2027-03-01 09:00
/// (America/New_York)`.
pub(super) fn when(visit: &Appointment) -> String {
    let zone = TimeZone::get(&visit.time_zone).unwrap_or(TimeZone::UTC);
    format!("{} ({})", visit.visit.start.to_zoned(zone).strftime("%Y-%m-%d %H:%M"), visit.time_zone)
}
