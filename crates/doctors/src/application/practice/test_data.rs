//! A doctor for the tests of the use cases.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, StoppedClock};

use super::super::ports::MockAgendas;
use super::super::test_data::{nine_to_five, now};
use super::change_ports::{Impact, MockCalendarChanges, MockPatientNames, VisitAtStake};
use super::{ChangeParts, ClinicRecord, DoctorRecord, MockPractice, PracticeParts, Wanted};
use crate::domain::{
    AffectedVisit, BookedVisit, CalendarChange, ChangeId, ClinicCard, Profile, ProfileDraft, Reversal, TimeOffId,
};

pub(super) fn draft(clinic: ClinicId) -> ProfileDraft {
    ProfileDraft {
        clinic: Some(clinic),
        specialty: Some("cardiology".into()),
        first_name: Some("Maria".into()),
        last_name: Some("Sample".into()),
        consultation_price: Some(150),
        years_experience: Some(4),
        languages: Some(vec!["en".into()]),
        ..ProfileDraft::default()
    }
}

pub(in super::super) fn doctor_at(clinic: ClinicId) -> DoctorRecord {
    DoctorRecord {
        id: DoctorId::mint(),
        profile: Profile::create(&draft(clinic), "1 Street").unwrap(),
        workplaces: Vec::new(),
        rating: 0,
        version: 1,
        calendar_version: 1,
        created_at: Timestamp::UNIX_EPOCH,
    }
}

pub(super) fn clinic_record(id: ClinicId) -> ClinicRecord {
    let card = ClinicCard {
        name: "Harbor".into(),
        address: "1 Street".into(),
        city: "new-york".into(),
        state: "NY".into(),
        time_zone: "America/New_York".into(),
        active: true,
    };
    ClinicRecord { id, card, version: 1, updated_at: Timestamp::UNIX_EPOCH }
}

/// Every doctor has the rules of [`nine_to_five`].
pub(super) fn parts(practice: MockPractice) -> PracticeParts {
    let mut agendas = MockAgendas::new();
    let rules = nine_to_five();
    agendas.expect_rules().returning(move |_| Ok(Some(rules.clone())));
    PracticeParts { practice: Arc::new(practice), agendas: Arc::new(agendas), clock: Arc::new(StoppedClock::at(now())) }
}

/// A day off, tomorrow.
pub(super) fn off() -> Wanted {
    let at = |text: &str| text.parse().ok();
    Wanted::TimeOff { starts_at: at("2027-03-02T00:00:00-05:00"), ends_at: at("2027-03-03T00:00:00-05:00") }
}

/// Two visits of tomorrow, at nine and at ten, would lie in a day off.
pub(super) fn impact_of_a_day_off(doctor: DoctorId) -> Impact {
    let mut rules = nine_to_five();
    rules.doctor = doctor;
    let day = Interval::new("2027-03-02T05:00:00Z".parse().unwrap(), "2027-03-03T05:00:00Z".parse().unwrap()).unwrap();
    let visits = ["2027-03-02T14:00:00Z", "2027-03-02T15:00:00Z"].map(|start| {
        let start: Timestamp = start.parse().unwrap();
        let visit = BookedVisit {
            id: AppointmentId::mint(),
            doctor,
            clinic: rules.home_clinic,
            visit_type: rules.visit_types[0].id,
            visit: Interval::new(start, start + SignedDuration::from_mins(30)).unwrap(),
        };
        let time_zone = rules.clinics[0].time_zone.clone();
        VisitAtStake { affected: AffectedVisit { visit, time_zone }, elsewhere: Vec::new() }
    });
    let busy = visits.iter().map(|visit| (doctor, visit.affected.visit.visit)).collect();
    rules.time_off.push(day);
    Impact { visits: visits.into(), after: vec![rules], busy, resources: Vec::new(), plan: "plan".into() }
}

/// A day off that was taken just now.
pub(super) fn made(id: ChangeId) -> CalendarChange {
    CalendarChange {
        id,
        doctor: None,
        clinic: ClinicId::mint(),
        made_at: now(),
        made_by: "admin".into(),
        reversal: Reversal::TimeOff { id: TimeOffId::mint() },
        visits: Vec::new(),
        undone: None,
    }
}

pub(super) fn change_parts(
    practice: MockPractice,
    changes: MockCalendarChanges,
    patients: MockPatientNames,
) -> ChangeParts {
    ChangeParts { practice: parts(practice), changes: Arc::new(changes), patients: Arc::new(patients) }
}
