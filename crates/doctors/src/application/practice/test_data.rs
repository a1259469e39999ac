//! A doctor for the tests of the use cases.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, StoppedClock};

use super::super::ports::MockAgendas;
use super::super::test_data::{nine_to_five, now};
use super::{ClinicRecord, DoctorRecord, MockPractice, PracticeParts};
use crate::domain::{ClinicCard, Profile, ProfileDraft};

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

pub(super) fn doctor_at(clinic: ClinicId) -> DoctorRecord {
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
