//! Doctors, their hours and free times.

use std::sync::Arc;

use ::doctors::application::{
    BusyTimes, ChangeParts, DeskTimes, ExplainSlot, ListFreeSlots, ListSlotsOfMany, MeasureOffer, NextFreeSlots,
    OfferSlot, PracticeParts, WeighTimes,
};
use ::doctors::infrastructure::http::{DoctorsApi, PracticeUses};
use ::doctors::infrastructure::{LiveSlots, PgAgendas, PgChanges, PgDirectory, PgPractice, Soonest};
use ::pages::doctors::DoctorPages;
use platform::idempotency::Answers;

use super::Base;
use super::visit_desk::desk;
use crate::neighbours::{AppointmentsForDoctors, CalendarsForDoctors, DoctorsForAppointments, SoonestForAppointments};

/// What others ask of doctors, and the API.
pub(super) struct Doctors {
    pub(super) directory: Arc<PgDirectory>,
    agendas: Arc<PgAgendas>,
    /// What visits ask of doctors' time.
    pub(super) agenda: Arc<DoctorsForAppointments>,
    /// What is taken of doctors' time.
    booked: Arc<AppointmentsForDoctors>,
    pub(super) soonest: Soonest,
    pub(super) live: LiveSlots,
    pub(super) api: DoctorsApi,
}

impl Doctors {
    pub(super) fn new(base: &Base) -> Self {
        let Base { pool, journal, keys, clock, .. } = base;
        let booked = Arc::new(AppointmentsForDoctors { pool: pool.clone() });
        let soonest = Soonest::new(pool.clone(), booked.clone());
        let agendas = Arc::new(PgAgendas::new(pool.clone()));
        let directory = Arc::new(PgDirectory::new(pool.clone(), soonest.clone()));
        let practice = PgPractice::new(pool.clone(), journal.clone(), keys.clone(), soonest.clone(), booked.clone());
        let agenda = Arc::new(DoctorsForAppointments {
            offer: OfferSlot { agendas: agendas.clone() },
            next_free: NextFreeSlots { agendas: agendas.clone(), busy: booked.clone() },
            desk: DeskTimes { agendas: agendas.clone(), busy: booked.clone() },
        });
        let watch = Arc::new(SoonestForAppointments { soonest: soonest.clone() });
        let desk = Arc::new(desk(base, watch, agenda.clone()));
        let of_many = || ListSlotsOfMany { agendas: agendas.clone(), busy: booked.clone(), clock: clock.clone() };
        let live = LiveSlots::new(pool.clone(), of_many(), clock.clone());
        let parts = ChangeParts {
            practice: PracticeParts {
                practice: Arc::new(practice.clone()),
                agendas: agendas.clone(),
                clock: clock.clone(),
            },
            changes: Arc::new(PgChanges::new(practice.clone(), booked.clone(), desk.clone())),
            patients: desk,
        };
        let busy: Arc<dyn BusyTimes> = booked.clone();
        let api = DoctorsApi {
            directory: directory.clone(),
            slots: ListFreeSlots { agendas: agendas.clone(), busy: booked.clone(), clock: clock.clone() },
            slots_of_many: of_many(),
            explain: ExplainSlot {
                agendas: agendas.clone(),
                busy: booked.clone(),
                practice: Arc::new(practice),
                clock: clock.clone(),
            },
            live: live.clone(),
            practice: PracticeUses::new(&parts, Arc::new(CalendarsForDoctors), &busy),
            answers: Answers::new(pool.clone(), keys.clone()),
            clock: clock.clone(),
        };
        Self { directory, agendas, agenda, booked, soonest, live, api }
    }

    /// The rules of doctors' time.
    pub(super) fn agendas(&self) -> Arc<PgAgendas> {
        self.agendas.clone()
    }

    /// Lists the free times of many.
    pub(super) fn slots_of_many(&self, base: &Base) -> ListSlotsOfMany {
        ListSlotsOfMany { agendas: self.agendas.clone(), busy: self.booked.clone(), clock: base.clock.clone() }
    }

    /// The pages on which doctors are found.
    pub(super) fn pages(&self, base: &Base) -> DoctorPages {
        DoctorPages { directory: self.directory.clone(), slots: self.slots_of_many(base), clock: base.clock.clone() }
    }

    /// Measures what is offered.
    pub(super) fn measure_offer(&self) -> MeasureOffer {
        MeasureOffer { agendas: self.agendas.clone(), busy: self.booked.clone() }
    }

    /// Weighs many times at once.
    pub(super) fn weigh_times(&self) -> WeighTimes {
        WeighTimes { agendas: self.agendas.clone(), busy: self.booked.clone() }
    }
}
