//! What tests of use cases begin with.

use std::sync::Arc;

use jiff::Timestamp;
use kernel::{AppointmentId, Caller, ClinicId, DoctorId, PatientId, StoppedClock, UserId};

use super::parts::{Draft, Parts};
use super::ports::{
    Addressee, Held, Letterhead, MockAddressees, MockPractices, MockPrescriptionStore, MockSeals, MockVisits, Visit,
};
use crate::domain::{CheckCode, MedicineDraft, Prescription, Signature, Treated};

pub(super) fn now() -> Timestamp {
    "2027-03-01T15:00:00Z".parse().unwrap()
}

pub(super) fn visit(held: Held) -> Visit {
    Visit {
        id: AppointmentId::mint(),
        doctor: DoctorId::mint(),
        patient: PatientId::mint(),
        clinic: ClinicId::mint(),
        time_zone: "America/New_York".into(),
        held,
        treated: Treated { name: "Ada Example".into(), birth_date: None },
    }
}

pub(super) fn author(visit: &Visit) -> Caller {
    Caller::doctor(UserId::mint(), visit.doctor, vec![visit.clinic])
}

/// The prescription that was written for a visit.
pub(super) fn of(visit: &Visit) -> Prescription {
    Prescription {
        appointment: visit.id,
        doctor: visit.doctor,
        patient: visit.patient,
        clinic: visit.clinic,
        ..crate::domain::sample()
    }
}

pub(super) fn draft(medicine: &str) -> Draft {
    let medicine = MedicineDraft {
        name: Some(medicine.into()),
        dosage: Some("500 mg".into()),
        duration: Some("7 days".into()),
        ..MedicineDraft::default()
    };
    Draft { medicines: vec![medicine], ..Draft::default() }
}

/// Without any visit.
pub(super) fn parts(store: MockPrescriptionStore) -> Parts {
    with(store, None)
}

pub(super) fn parts_with(store: MockPrescriptionStore, visit: Visit) -> Parts {
    with(store, Some(visit))
}

fn with(store: MockPrescriptionStore, visit: Option<Visit>) -> Parts {
    let mut visits = MockVisits::new();
    visits.expect_visit().returning(move |_| Ok(visit.clone()));
    let mut practices = MockPractices::new();
    practices.expect_letterhead().returning(|_, _| {
        Ok(Some(Letterhead {
            clinic: "Harbor Health Center".into(),
            address: "1 Harbor Street, Boston, MA".into(),
            phone: None,
            doctor: "Amara Okafor".into(),
            specialty: "Cardiology".into(),
        }))
    });
    let mut addressees = MockAddressees::new();
    let to = || Addressee { email: "ada@example.org".into(), language: "en".into() };
    addressees.expect_of().returning(move |_| Ok(Some(to())));
    let mut seals = MockSeals::new();
    seals.expect_code().returning(|| CheckCode::new([2; 16]));
    seals.expect_sign().returning(|_| Signature::new([3; 32]));
    Parts {
        store: Arc::new(store),
        visits: Arc::new(visits),
        practices: Arc::new(practices),
        addressees: Arc::new(addressees),
        seals: Arc::new(seals),
        clock: Arc::new(StoppedClock::at(now())),
    }
}
