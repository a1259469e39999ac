//! A booked visit for the tests of the use cases.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, DoctorId, Interval, Money, StoppedClock, VisitTypeId};

use super::patient_ports::{MockAccounts, MockPatientStore, MockPatientTies};
use super::ports::{MockPractices, Names};
use super::series_ports::SeriesDetails;
use super::view_ports::MockAccessLog;
use super::visit_letters::MockCalendarFiles;
use super::{Addressees, AppointmentDetails, Policy, VisitLetters, WatchReads};
use crate::domain::{Appointment, Offer, Patient, Series, SeriesTerms, VisitMode};

pub(super) fn now() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

pub(super) fn booked() -> AppointmentDetails {
    let visit = Interval::new(now() + SignedDuration::from_hours(3), now() + SignedDuration::from_mins(210)).unwrap();
    let offer = Offer {
        doctor: DoctorId::mint(),
        clinic: ClinicId::mint(),
        visit_type: VisitTypeId::mint(),
        mode: VisitMode::Video,
        price: Money::dollars(90),
        visit,
        blocked: visit,
        time_zone: "America/Chicago".into(),
        open_to_new_patients: true,
        edition: 1,
        resources: Vec::new(),
        outside_hours: None,
    };
    let patient = Patient::enrol("Ada Example", "ada@example.org", now()).unwrap();
    let (appointment, _) = Appointment::book(offer, patient.id, None, now());
    AppointmentDetails { appointment, patient }
}

pub(super) fn offer_like(details: &AppointmentDetails, visit: Interval) -> Offer {
    let appointment = &details.appointment;
    Offer {
        doctor: appointment.doctor,
        clinic: appointment.clinic,
        visit_type: appointment.visit_type,
        mode: appointment.mode,
        price: appointment.price,
        visit,
        blocked: visit,
        time_zone: appointment.time_zone.clone(),
        open_to_new_patients: true,
        edition: 1,
        resources: Vec::new(),
        outside_hours: None,
    }
}

/// Where nobody is to be written down.
pub(super) fn unwatched() -> WatchReads {
    WatchReads { log: Arc::new(MockAccessLog::new()), clock: Arc::new(StoppedClock::at(now())) }
}

/// Where every doctor and clinic has a name.
pub(super) fn letters() -> VisitLetters {
    let mut practices = MockPractices::new();
    practices.expect_names().returning(|_, _| {
        Ok(Some(Names { doctor: "Amara Okafor".into(), clinic: "Harbor".into(), address: "5 Main Street".into() }))
    });
    let mut files = MockCalendarFiles::new();
    files.expect_write().returning(|_, _, _, _, _| String::new());
    files.expect_write_all().returning(|visits, _, _| format!("{} visits", visits.len()));
    let addressees =
        Addressees { patients: Arc::new(MockPatientStore::new()), accounts: Arc::new(MockAccounts::new()) };
    VisitLetters { addressees, practices: Arc::new(practices), files: Arc::new(files) }
}

/// A practice whose patients are bound from so many hours before a visit on.
pub(super) fn bound_from(hours: i64) -> Arc<MockPractices> {
    let mut practices = MockPractices::new();
    practices.expect_change_cutoff().returning(move |_| Ok(SignedDuration::from_hours(hours)));
    Arc::new(practices)
}

/// For whom the store knows nothing of relatives.
pub(super) fn policy() -> Policy {
    Policy { ties: Arc::new(MockPatientTies::new()) }
}

/// Three visits, a week between them, the first in three hours.
pub(super) fn series_of_three() -> SeriesDetails {
    let AppointmentDetails { appointment, patient } = booked();
    let later = |weeks: i64| {
        let by = SignedDuration::from_hours(7 * 24 * weeks);
        Interval { start: appointment.visit.start + by, end: appointment.visit.end + by }
    };
    let details = AppointmentDetails { appointment: appointment.clone(), patient };
    let offers = (0..3).map(|weeks| offer_like(&details, later(weeks))).collect();
    let rule = "FREQ=WEEKLY;COUNT=3".parse().unwrap();
    let terms = SeriesTerms { rule, first: appointment.visit.start, time_zone: appointment.time_zone.clone() };
    let (series, visits, _) = Series::book(&terms, offers, details.patient.id, None, now()).unwrap();
    let visits = visits
        .into_iter()
        .map(|(appointment, _)| AppointmentDetails { appointment, patient: details.patient.clone() })
        .collect();
    SeriesDetails { series, visits }
}
