//! Prescriptions.

use std::sync::Arc;

use ::prescriptions::application::{
    ChangePrescription, CheckPaper, CountPrescriptions, ForgetPatient, ListPrescriptions, Parts, PurgePrescriptions,
    ReadPrescription, WithdrawPrescription, WritePrescription,
};
use ::prescriptions::infrastructure::http::PrescriptionsApi;
use ::prescriptions::infrastructure::jobs::PurgeTask;
use ::prescriptions::infrastructure::{
    ErasedPatients, KeyedSeals, PgPrescriptionRecords, PgPrescriptions, PgSummaries,
};
use platform::idempotency::Answers;
use platform::jobs::Task;
use platform::outbox::Subscriber;

use super::Base;
use crate::neighbours::{AppointmentsForPrescriptions, DoctorsForPrescriptions};

/// What is kept of prescriptions about people.
pub(super) fn prescription_records(base: &Base) -> PgPrescriptionRecords {
    PgPrescriptionRecords { pool: base.pool.clone(), keys: base.keys.clone() }
}

/// What calendars tell of prescriptions.
pub(super) fn summaries(base: &Base) -> PgSummaries {
    PgSummaries { pool: base.pool.clone() }
}

/// The API of prescriptions, who listens for them, and what is done in the background.
pub(super) struct Prescriptions {
    pub(super) api: PrescriptionsApi,
    pub(super) listener: Arc<dyn Subscriber>,
    pub(super) task: Arc<dyn Task>,
}

pub(super) fn prescriptions(base: &Base, visits: AppointmentsForPrescriptions, kept_years: u16) -> Prescriptions {
    let Base { pool, journal, keys, clock, public_url, .. } = base;
    let store = Arc::new(PgPrescriptions {
        pool: pool.clone(),
        journal: journal.clone(),
        keys: keys.clone(),
        public_url: public_url.clone(),
    });
    let visits = Arc::new(visits);
    let practices = Arc::new(DoctorsForPrescriptions { pool: pool.clone() });
    let seals = Arc::new(KeyedSeals { keys: keys.clone() });
    let parts = Parts {
        store: store.clone(),
        visits: visits.clone(),
        practices: practices.clone(),
        addressees: visits.clone(),
        seals: seals.clone(),
        clock: clock.clone(),
    };
    let api = PrescriptionsApi {
        write: WritePrescription(parts.clone()),
        change: ChangePrescription(parts.clone()),
        withdraw: WithdrawPrescription(parts),
        read: ReadPrescription { store: store.clone(), readers: visits.clone(), clock: clock.clone() },
        list: ListPrescriptions { store: store.clone(), readers: visits, practices, clock: clock.clone() },
        count: CountPrescriptions { store: store.clone(), clock: clock.clone() },
        check: CheckPaper { store: store.clone(), seals, clock: clock.clone() },
        answers: Answers::new(pool.clone(), keys.clone()),
        clock: clock.clone(),
        public_url: public_url.clone(),
    };
    let forget = ForgetPatient { store: store.clone(), clock: clock.clone() };
    let purge = PurgePrescriptions { store, clock: clock.clone(), years: kept_years.cast_signed() };
    Prescriptions {
        api,
        listener: Arc::new(ErasedPatients { forget }),
        task: Arc::new(PurgeTask { purge: Arc::new(purge) }),
    }
}
