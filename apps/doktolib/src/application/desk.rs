//! The calendar of a clinic, as its front desk lives in it.

use std::sync::Arc;

use ::appointments::application::{ShowClinicDay, WatchReads};
use ::appointments::infrastructure::http::DeskApi;
use ::appointments::infrastructure::{PgAccessLog, PgClinicVisits};

use super::Base;
use super::doctors::Doctors;
use crate::neighbours::{HoursForAppointments, PracticesForAppointments};

/// The API of clinics' calendars.
pub(super) fn desk(base: &Base, doctors: &Doctors) -> DeskApi {
    let Base { pool, keys, clock, .. } = base;
    DeskApi {
        show: ShowClinicDay {
            hours: Arc::new(HoursForAppointments { pool: pool.clone(), agendas: doctors.agendas() }),
            visits: Arc::new(PgClinicVisits::new(pool.clone(), keys.clone())),
            practices: Arc::new(PracticesForAppointments { pool: pool.clone() }),
            watch: WatchReads { log: Arc::new(PgAccessLog::new(pool.clone())), clock: clock.clone() },
            clock: clock.clone(),
        },
    }
}
