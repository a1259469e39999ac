use std::sync::Arc;

use jiff::Timestamp;
use kernel::{AppointmentId, Caller, Clock, Once, OnceError, PortFailure, Recorded};

use super::book_appointment::ALTERNATIVES;
use super::desk_agenda::{DeskAgenda, OutsideHours, offer_within_leave};
use super::policy::Policy;
use super::ports::{
    AppointmentDetails, AppointmentStore, Ask, Change, DoctorAgenda, FreeSlot, NoOffer, Practices, RequestedStart,
    UpdateError,
};
use super::visit_letters::VisitLetters;
use super::watch_reads::WatchReads;
use crate::domain::{RescheduleRefusal, Status};

const TRIES: usize = 3;

/// A wish to come at another time.
#[derive(Debug, Clone)]
pub struct Rescheduling {
    /// Which visit.
    pub id: AppointmentId,
    /// When instead.
    pub start: RequestedStart,
    /// Only if it still has one of these versions (`If-Match`).
    pub only_versions: Option<Vec<i32>>,
    /// Leave of the team to put it outside the doctor's hours.
    pub outside: Option<OutsideHours>,
}

/// Why nothing was moved.
#[derive(Debug, thiserror::Error)]
pub enum RescheduleError {
    /// There is none, or it is not this actor's.
    #[error("no such appointment")]
    NotFound,
    /// It has changed since the caller read it.
    #[error("the appointment has changed")]
    VersionChanged,
    /// Somebody else changed it each time that we looked.
    #[error("others keep changing the appointment")]
    Contended,
    /// So close to the visit a patient does not move it any more.
    #[error("inside the cut-off")]
    TooLateToMove {
        /// The doctor's cut-off.
        cutoff_hours: i64,
    },
    /// The visit does not allow it any more.
    #[error(transparent)]
    Refused(#[from] RescheduleRefusal),
    /// The doctor does not offer that time.
    #[error(transparent)]
    NotOffered(#[from] NoOffer),
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

/// Moves a visit to another time of the same doctor.
pub struct RescheduleAppointment {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// Tells patients.
    pub letters: VisitLetters,
    /// From when on patients are bound.
    pub practices: Arc<dyn Practices>,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// What they could do beyond it.
    pub desk: Arc<dyn DeskAgenda>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl RescheduleAppointment {
    /// Moves it. Moving it to where it is changes nothing and gives it as it is.
    ///
    /// # Errors
    /// See [`RescheduleError`].
    pub async fn run(
        &self,
        caller: &Caller,
        wish: Rescheduling,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, RescheduleError> {
        if !Policy::could_reach(caller, wish.id) || (wish.outside.is_some() && !Policy::is_team(caller)) {
            return Err(RescheduleError::NotFound);
        }
        for _ in 0..TRIES {
            let now = self.clock.now();
            let found = self.store.find(wish.id).await?.ok_or(RescheduleError::NotFound)?;
            if !self.policy.reaches(caller, &found.appointment, now).await? {
                return Err(RescheduleError::NotFound);
            }
            self.watch.shown(caller, [&found], "appointment").await?;
            let visit = &found.appointment;
            if visit.status == Status::Booked && wish.start == RequestedStart::Instant(visit.visit.start) {
                return self.as_it_is(found, once.as_ref(), now).await;
            }
            if wish.only_versions.as_ref().is_some_and(|versions| !versions.contains(&visit.version)) {
                return Err(RescheduleError::VersionChanged);
            }
            if visit.status != Status::Booked {
                return Err(RescheduleRefusal::NotBooked(visit.status).into());
            }
            if now < visit.visit.start && !Policy::is_team(caller) {
                let cutoff = self.practices.change_cutoff(visit.doctor).await?;
                if visit.is_inside(cutoff, now) {
                    return Err(RescheduleError::TooLateToMove { cutoff_hours: cutoff.as_hours() });
                }
            }
            let ask = Ask {
                doctor: visit.doctor,
                visit_type: Some(visit.visit_type),
                start: wish.start,
                duration_minutes: None,
            };
            let offer = offer_within_leave(&*self.agenda, &*self.desk, &ask, wish.outside.as_ref(), now).await??;
            if offer.visit.start == visit.visit.start {
                return self.as_it_is(found, once.as_ref(), now).await;
            }
            let (moved, event) = visit.reschedule(&offer, now)?;
            let after = AppointmentDetails { appointment: moved, patient: found.patient };
            let letter = self.letters.about(caller, &after).await?;
            let change = Change {
                before: found.appointment,
                after,
                event: Recorded::new(event, caller.actor(), now).caused_by(request_id.clone()),
                edition: Some(offer.edition),
                letter,
                once: once.clone(),
            };
            match self.store.update(&change).await {
                Ok(room) => return Ok(change.after.with_room(room)),
                Err(UpdateError::Stale | UpdateError::RulesChanged) => {}
                Err(UpdateError::SlotTaken) => {
                    let alternatives = self
                        .agenda
                        .next_free(offer.doctor, offer.visit_type, offer.visit.start, ALTERNATIVES, now)
                        .await?;
                    return Err(RescheduleError::SlotTaken { alternatives });
                }
                Err(UpdateError::PatientBusy) => return Err(RescheduleError::PatientBusy),
                Err(UpdateError::Once(error)) => return Err(error.into()),
                Err(UpdateError::Failed(failure)) => return Err(failure.into()),
            }
        }
        Err(RescheduleError::Contended)
    }

    /// It is where it is wanted; a repetition must not move it back once it has gone elsewhere.
    async fn as_it_is(
        &self,
        found: AppointmentDetails,
        once: Option<&Once<AppointmentDetails>>,
        now: Timestamp,
    ) -> Result<AppointmentDetails, RescheduleError> {
        if let Some(once) = once {
            self.store.keep_answer(&found, once, now).await??;
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{Interval, StoppedClock};

    use super::super::desk_agenda::MockDeskAgenda;
    use super::super::ports::{MockAppointmentStore, MockDoctorAgenda};
    use super::super::test_data::{booked, bound_from, letters, now, offer_like, policy, unwatched};
    use super::*;
    use crate::domain::Room;

    fn reschedule(store: MockAppointmentStore, agenda: MockDoctorAgenda) -> RescheduleAppointment {
        RescheduleAppointment {
            store: Arc::new(store),
            policy: policy(),
            watch: unwatched(),
            letters: letters(),
            practices: bound_from(0),
            agenda: Arc::new(agenda),
            desk: Arc::new(MockDeskAgenda::new()),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    fn later(visit: &AppointmentDetails) -> Interval {
        let hour = SignedDuration::from_hours(1);
        Interval::new(visit.appointment.visit.start + hour, visit.appointment.visit.end + hour).unwrap()
    }

    #[tokio::test]
    async fn a_visit_moves_with_the_offer_of_its_own_doctor_and_visit_type() {
        let visit = booked();
        let (id, to) = (visit.appointment.id, later(&visit));
        let (doctor, visit_type) = (visit.appointment.doctor, visit.appointment.visit_type);
        let offer = offer_like(&visit, to);
        let mut agenda = MockDoctorAgenda::new();
        agenda
            .expect_offer()
            .withf(move |ask, _| ask.doctor == doctor && ask.visit_type == Some(visit_type))
            .returning(move |_, _| Ok(Ok(offer.clone())));
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store
            .expect_update()
            .withf(move |change| change.after.appointment.visit == to)
            .times(1)
            .returning(|_| Ok(Room::Nothing));
        let wish =
            Rescheduling { id, start: RequestedStart::Instant(to.start), only_versions: Some(vec![1]), outside: None };
        let moved = reschedule(store, agenda).run(&Caller::link_holder(id), wish, None, None).await.unwrap();
        assert_eq!((moved.appointment.id, moved.appointment.visit), (id, to));
    }

    #[tokio::test]
    async fn moving_a_visit_to_where_it_is_asks_nobody_and_writes_nothing() {
        let visit = booked();
        let (id, start) = (visit.appointment.id, visit.appointment.visit.start);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let wish = Rescheduling { id, start: RequestedStart::Instant(start), only_versions: None, outside: None };
        let same =
            reschedule(store, MockDoctorAgenda::new()).run(&Caller::link_holder(id), wish, None, None).await.unwrap();
        assert_eq!(same.appointment.version, 1);
    }

    #[tokio::test]
    async fn a_cancelled_visit_cannot_be_moved() {
        let mut visit = booked();
        visit.appointment.status = Status::Cancelled;
        let id = visit.appointment.id;
        let start = RequestedStart::Instant(later(&visit).start);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let wish = Rescheduling { id, start, only_versions: None, outside: None };
        let refused = reschedule(store, MockDoctorAgenda::new()).run(&Caller::link_holder(id), wish, None, None).await;
        assert!(
            matches!(refused, Err(RescheduleError::Refused(RescheduleRefusal::NotBooked(Status::Cancelled)))),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn a_taken_time_leaves_the_visit_where_it_was_and_names_others() {
        let visit = booked();
        let (id, to) = (visit.appointment.id, later(&visit));
        let offer = offer_like(&visit, to);
        let mut agenda = MockDoctorAgenda::new();
        agenda.expect_offer().returning(move |_, _| Ok(Ok(offer.clone())));
        agenda.expect_next_free().times(1).returning(|_, _, _, _, _| Ok(Vec::new()));
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().times(1).returning(|_| Err(UpdateError::SlotTaken));
        let wish = Rescheduling { id, start: RequestedStart::Instant(to.start), only_versions: None, outside: None };
        let refused = reschedule(store, agenda).run(&Caller::link_holder(id), wish, None, None).await;
        assert!(matches!(refused, Err(RescheduleError::SlotTaken { .. })), "{refused:?}");
    }

    #[tokio::test]
    async fn a_move_that_others_forestall_each_time_is_given_up_without_blaming_a_version() {
        let visit = booked();
        let (id, to) = (visit.appointment.id, later(&visit));
        let offer = offer_like(&visit, to);
        let mut agenda = MockDoctorAgenda::new();
        agenda.expect_offer().returning(move |_, _| Ok(Ok(offer.clone())));
        let mut store = MockAppointmentStore::new();
        store.expect_find().times(TRIES).returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().times(TRIES).returning(|_| Err(UpdateError::RulesChanged));
        let wish = Rescheduling { id, start: RequestedStart::Instant(to.start), only_versions: None, outside: None };
        let refused = reschedule(store, agenda).run(&Caller::link_holder(id), wish, None, None).await;
        assert!(matches!(refused, Err(RescheduleError::Contended)), "{refused:?}");
    }

    #[tokio::test]
    async fn the_link_of_one_visit_does_not_move_another() {
        let wish = Rescheduling {
            id: AppointmentId::mint(),
            start: RequestedStart::Instant(now()),
            only_versions: None,
            outside: None,
        };
        let other = Caller::link_holder(AppointmentId::mint());
        let refused =
            reschedule(MockAppointmentStore::new(), MockDoctorAgenda::new()).run(&other, wish, None, None).await;
        assert!(matches!(refused, Err(RescheduleError::NotFound)), "{refused:?}");
    }

    #[tokio::test]
    async fn inside_the_cutoff_a_patient_does_not_move_it() {
        let visit = booked();
        let (id, start) = (visit.appointment.id, RequestedStart::Instant(later(&visit).start));
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let wish = Rescheduling { id, start, only_versions: None, outside: None };
        let moves = RescheduleAppointment { practices: bound_from(4), ..reschedule(store, MockDoctorAgenda::new()) };
        let refused = moves.run(&Caller::link_holder(id), wish, None, None).await;
        assert!(matches!(refused, Err(RescheduleError::TooLateToMove { cutoff_hours: 4 })), "{refused:?}");
    }
}
