//! Visits that are booked together.

use std::sync::Arc;

use ::appointments::application::{BookSeries, CancelSeries, PlanSeries, ReadSeries, SeriesLetters};
use ::appointments::infrastructure::PgAppointments;
use ::appointments::infrastructure::http::SeriesApi;
use platform::idempotency::Answers;

use super::Base;
use super::doctors::Doctors;
use super::waitlist::Shared;
use crate::neighbours::SeriesForAppointments;

/// The API.
pub(super) fn series(base: &Base, doctors: &Doctors, store: Arc<PgAppointments>, shared: &Shared) -> SeriesApi {
    let Base { pool, keys, clock, .. } = base;
    let Shared { patients, practices, policy, watch, welcome, letters, links, .. } = shared;
    let plan = PlanSeries {
        agenda: Arc::new(SeriesForAppointments { weigh: doctors.weigh_times() }),
        store: store.clone(),
        patients: patients.clone(),
        policy: policy.clone(),
        clock: clock.clone(),
    };
    let letters = SeriesLetters { letters: letters.clone(), watch: watch.clone() };
    let read = ReadSeries { store: store.clone(), policy: policy.clone(), watch: watch.clone() };
    SeriesApi {
        book: BookSeries { plan: plan.clone(), welcome: welcome.clone(), letters: letters.clone() },
        plan,
        cancel: CancelSeries { read: read.clone(), store, letters, practices: practices.clone(), clock: clock.clone() },
        read,
        answers: Answers::new(pool.clone(), keys.clone()),
        links: links.clone(),
    }
}
