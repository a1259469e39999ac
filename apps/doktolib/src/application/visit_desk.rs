//! What changes visits when their doctor's hours change.

use std::sync::Arc;

use ::appointments::application::{Addressees, ArrangeVisits, Policy, VisitLetters, WatchReads};
use ::appointments::infrastructure::http::AppointmentLinks;
use ::appointments::infrastructure::{PgAccessLog, PgAppointments, PgPatients};
use platform::signing::LinkSigner;

use super::Base;
use crate::neighbours::{
    AuthForAppointments, CalendarsForAppointments, DeskForDoctors, DoctorsForAppointments, PracticesForAppointments,
    SoonestForAppointments,
};

/// It is built before the rest of the visits, because doctors ask it.
pub(super) fn desk(
    base: &Base,
    watch: Arc<SoonestForAppointments>,
    agenda: Arc<DoctorsForAppointments>,
) -> DeskForDoctors {
    let Base { pool, journal, keys, clock, secret, public_url, users, writer, .. } = base;
    let patients = Arc::new(PgPatients::new(pool.clone(), journal.clone(), keys.clone()));
    let links = AppointmentLinks { signer: LinkSigner::new(secret, "appointment"), public_url: public_url.clone() };
    let store = PgAppointments::new(pool.clone(), journal.clone(), keys.clone(), links, watch);
    let letters = VisitLetters {
        addressees: Addressees {
            patients: patients.clone(),
            accounts: Arc::new(AuthForAppointments { users: users.clone() }),
        },
        practices: Arc::new(PracticesForAppointments { pool: pool.clone() }),
        files: Arc::new(CalendarsForAppointments { writer: writer.clone() }),
    };
    let watch = WatchReads { log: Arc::new(PgAccessLog::new(pool.clone())), clock: clock.clone() };
    let visits = Arc::new(store.clone());
    DeskForDoctors {
        arrange: ArrangeVisits { visits, agenda, policy: Policy { ties: patients }, letters, watch },
        store,
    }
}
