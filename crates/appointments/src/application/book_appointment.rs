use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Actor, Caller, Clock, FailureKind, Once, OnceError, PortFailure, Recorded};

use super::ports::{
    AppointmentDetails, AppointmentStore, Ask, DoctorAgenda, FreeSlot, InsertError, NewAppointment, NoOffer, PatientIs,
};
use crate::domain::{Appointment, Offer, Patient, PatientError};

/// How many other times a refused client is offered.
pub(super) const ALTERNATIVES: usize = 3;
const TRIES: usize = 3;

/// May somebody book who is not signed in?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuestBooking {
    /// Yes, and the visit is booked at once.
    Immediate,
    /// No.
    Off,
}

/// What a guest asks for.
#[derive(Debug, Clone)]
pub struct Booking {
    /// Which time of which doctor.
    pub ask: Ask,
    /// The patient's name.
    pub patient_name: String,
    /// The patient's e-mail address.
    pub patient_email: String,
    /// What the doctor should know.
    pub notes: Option<String>,
}

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// This installation books for signed-in people only.
    #[error("guests cannot book here")]
    GuestsNotAllowed,
    /// Name or address cannot be one.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// The doctor does not offer this.
    #[error(transparent)]
    NotOffered(#[from] NoOffer),
    /// The visit type is for people whom the doctor knows.
    #[error("not open to new patients")]
    NotForNewPatients,
    /// Somebody was faster.
    #[error("the slot is taken")]
    SlotTaken {
        /// The next free times.
        alternatives: Vec<FreeSlot>,
    },
    /// The patient has another visit at that time.
    #[error("the patient is busy")]
    PatientBusy,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Books a doctor's time for a guest.
pub struct BookAppointment {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What guests may do.
    pub guests: GuestBooking,
}

impl BookAppointment {
    /// Books, or changes nothing.
    ///
    /// # Errors
    /// See [`BookError`].
    pub async fn run(
        &self,
        caller: &Caller,
        booking: Booking,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, BookError> {
        if caller.actor() != Actor::Guest || self.guests == GuestBooking::Off {
            return Err(BookError::GuestsNotAllowed);
        }
        let now = self.clock.now();
        let guest = Patient::enrol(&booking.patient_name, &booking.patient_email, now)?;
        let mut offer = self.agenda.offer(&booking.ask, now).await??;

        // Between our look and our write a rival may take down the same guest, or change the doctor's hours.
        for _ in 0..TRIES {
            let new = self.prepare(caller, &booking, &guest, &offer, now, request_id.clone(), once.clone()).await?;
            match self.store.insert(&new).await {
                Ok(()) => return Ok(new.details),
                Err(InsertError::GuestAppeared) => {}
                Err(InsertError::RulesChanged) => offer = self.agenda.offer(&booking.ask, now).await??,
                Err(InsertError::SlotTaken) => {
                    let alternatives = self
                        .agenda
                        .next_free(offer.doctor, offer.visit_type, offer.visit.start, ALTERNATIVES, now)
                        .await?;
                    return Err(BookError::SlotTaken { alternatives });
                }
                Err(InsertError::PatientBusy) => return Err(BookError::PatientBusy),
                Err(InsertError::Once(error)) => return Err(error.into()),
                Err(InsertError::Failed(failure)) => return Err(failure.into()),
            }
        }
        let restless = PortFailure::new("book a visit", "guest or rules change with every look");
        Err(restless.of_kind(FailureKind::Contention).into())
    }

    #[expect(clippy::too_many_arguments, reason = "one step of `run`, kept apart only because it may run twice")]
    async fn prepare(
        &self,
        caller: &Caller,
        booking: &Booking,
        guest: &Patient,
        offer: &Offer,
        now: Timestamp,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<NewAppointment, BookError> {
        let known = self.store.guest(guest, offer.doctor).await?;
        if !offer.open_to_new_patients && !known.as_ref().is_some_and(|known| known.known_to_doctor) {
            return Err(BookError::NotForNewPatients);
        }
        let patient_is_new = if known.is_some() { PatientIs::Known } else { PatientIs::New };
        let patient = known.map_or_else(|| guest.clone(), |known| known.patient);
        let (appointment, event) = Appointment::book(offer.clone(), patient.id, booking.notes.clone(), now);
        let booked = Recorded::new(event, caller.actor(), now).caused_by(request_id);
        Ok(NewAppointment {
            details: AppointmentDetails { appointment, patient },
            patient_is_new,
            booked,
            edition: Some(offer.edition),
            once,
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{ClinicId, DoctorId, Interval, Money, StoppedClock, VisitTypeId};
    use mockall::Sequence;

    use super::super::ports::{KnownGuest, MockAppointmentStore, MockDoctorAgenda, RequestedStart};
    use super::*;
    use crate::domain::VisitMode;

    fn now() -> Timestamp {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    fn offer() -> Offer {
        let visit =
            Interval::new(now() + SignedDuration::from_hours(2), now() + SignedDuration::from_mins(150)).unwrap();
        Offer {
            doctor: DoctorId::mint(),
            clinic: ClinicId::mint(),
            visit_type: VisitTypeId::mint(),
            mode: VisitMode::InPerson,
            price: Money::dollars(150),
            visit,
            blocked: visit,
            time_zone: "America/New_York".into(),
            open_to_new_patients: true,
            edition: 1,
        }
    }

    fn booking() -> Booking {
        Booking {
            ask: Ask {
                doctor: DoctorId::mint(),
                visit_type: None,
                start: RequestedStart::Instant(now() + SignedDuration::from_hours(2)),
                duration_minutes: None,
            },
            patient_name: "Ada Example".into(),
            patient_email: "ada@example.org".into(),
            notes: None,
        }
    }

    fn offering(offer: Offer) -> MockDoctorAgenda {
        let mut agenda = MockDoctorAgenda::new();
        agenda.expect_offer().returning(move |_, _| Ok(Ok(offer.clone())));
        agenda
    }

    fn use_case(store: MockAppointmentStore, agenda: MockDoctorAgenda) -> BookAppointment {
        BookAppointment {
            store: Arc::new(store),
            agenda: Arc::new(agenda),
            clock: Arc::new(StoppedClock::at(now())),
            guests: GuestBooking::Immediate,
        }
    }

    #[tokio::test]
    async fn a_new_guest_is_taken_down_with_the_visit() {
        let mut store = MockAppointmentStore::new();
        store.expect_guest().times(1).returning(|_, _| Ok(None));
        store
            .expect_insert()
            .withf(|new| {
                new.patient_is_new == PatientIs::New && new.booked.actor == Actor::Guest && new.booked.at == now()
            })
            .times(1)
            .returning(|_| Ok(()));
        let booked = use_case(store, offering(offer())).run(&Caller::guest(), booking(), None, None).await.unwrap();
        assert_eq!(booked.patient.id, booked.appointment.patient);
    }

    #[tokio::test]
    async fn a_guest_we_know_keeps_the_id() {
        let known = Patient::enrol("Ada Example", "ada@example.org", now()).unwrap();
        let id = known.id;
        let mut store = MockAppointmentStore::new();
        store
            .expect_guest()
            .returning(move |_, _| Ok(Some(KnownGuest { patient: known.clone(), known_to_doctor: false })));
        store.expect_insert().withf(|new| new.patient_is_new == PatientIs::Known).times(1).returning(|_| Ok(()));
        let booked = use_case(store, offering(offer())).run(&Caller::guest(), booking(), None, None).await.unwrap();
        assert_eq!(booked.patient.id, id);
    }

    #[tokio::test]
    async fn what_the_doctor_does_not_offer_is_refused_and_nothing_is_stored() {
        let mut agenda = MockDoctorAgenda::new();
        agenda.expect_offer().returning(|_, _| Ok(Err(NoOffer::Outside { rule: "weekly-hours" })));
        let mut store = MockAppointmentStore::new();
        store.expect_insert().never();
        let refused = use_case(store, agenda).run(&Caller::guest(), booking(), None, None).await;
        assert!(
            matches!(refused, Err(BookError::NotOffered(NoOffer::Outside { rule: "weekly-hours" }))),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn when_the_rules_change_under_a_booking_they_are_asked_again() {
        let mut agenda = MockDoctorAgenda::new();
        let mut order = Sequence::new();
        let first = offer();
        agenda.expect_offer().times(1).in_sequence(&mut order).returning(move |_, _| Ok(Ok(first.clone())));
        let mut store = MockAppointmentStore::new();
        store.expect_guest().returning(|_, _| Ok(None));
        store
            .expect_insert()
            .withf(|new| new.edition == Some(1))
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Err(InsertError::RulesChanged));
        agenda
            .expect_offer()
            .times(1)
            .in_sequence(&mut order)
            .returning(|_, _| Ok(Err(NoOffer::Outside { rule: "time-off" })));
        let refused = use_case(store, agenda).run(&Caller::guest(), booking(), None, None).await;
        assert!(matches!(refused, Err(BookError::NotOffered(NoOffer::Outside { rule: "time-off" }))), "{refused:?}");
    }

    #[tokio::test]
    async fn whoever_comes_second_hears_of_three_other_times() {
        let slot = FreeSlot {
            starts_at: now(),
            ends_at: now(),
            visit_type: VisitTypeId::mint(),
            clinic: ClinicId::mint(),
            time_zone: "UTC".into(),
        };
        let mut agenda = offering(offer());
        agenda
            .expect_next_free()
            .withf(|_, _, _, count, _| *count == 3)
            .times(1)
            .returning(move |_, _, _, _, _| Ok(vec![slot.clone(); 3]));
        let mut store = MockAppointmentStore::new();
        store.expect_guest().returning(|_, _| Ok(None));
        store.expect_insert().times(1).returning(|_| Err(InsertError::SlotTaken));
        let refused = use_case(store, agenda).run(&Caller::guest(), booking(), None, None).await;
        assert!(
            matches!(&refused, Err(BookError::SlotTaken { alternatives }) if alternatives.len() == 3),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn a_guest_taken_down_meanwhile_is_looked_up_again() {
        let known = Patient::enrol("Ada Example", "ada@example.org", now()).unwrap();
        let id = known.id;
        let mut order = Sequence::new();
        let mut store = MockAppointmentStore::new();
        store.expect_guest().times(1).in_sequence(&mut order).returning(|_, _| Ok(None));
        store.expect_insert().times(1).in_sequence(&mut order).returning(|_| Err(InsertError::GuestAppeared));
        store
            .expect_guest()
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_, _| Ok(Some(KnownGuest { patient: known.clone(), known_to_doctor: true })));
        store.expect_insert().times(1).in_sequence(&mut order).returning(|_| Ok(()));
        let booked = use_case(store, offering(offer())).run(&Caller::guest(), booking(), None, None).await.unwrap();
        assert_eq!(booked.patient.id, id);
    }

    #[tokio::test]
    async fn a_visit_type_for_known_patients_is_closed_to_strangers() {
        let mut store = MockAppointmentStore::new();
        store.expect_guest().returning(|_, _| Ok(None));
        store.expect_insert().never();
        let agenda = offering(Offer { open_to_new_patients: false, ..offer() });
        let refused = use_case(store, agenda).run(&Caller::guest(), booking(), None, None).await;
        assert!(matches!(refused, Err(BookError::NotForNewPatients)), "{refused:?}");
    }

    #[tokio::test]
    async fn nobody_books_as_a_guest_where_that_is_switched_off() {
        let closed = BookAppointment {
            guests: GuestBooking::Off,
            ..use_case(MockAppointmentStore::new(), MockDoctorAgenda::new())
        };
        let refused = closed.run(&Caller::guest(), booking(), None, None).await;
        assert!(matches!(refused, Err(BookError::GuestsNotAllowed)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_name_that_is_none_is_refused_before_anything_is_asked() {
        let nameless = Booking { patient_name: "  ".into(), ..booking() };
        let refused = use_case(MockAppointmentStore::new(), MockDoctorAgenda::new())
            .run(&Caller::guest(), nameless, None, None)
            .await;
        assert!(matches!(refused, Err(BookError::BadPatient(PatientError::BadName))), "{refused:?}");
    }
}
