use std::sync::Arc;

use kernel::{AppointmentId, Caller, Clock, Once, OnceError, PortFailure, Recorded};

use super::policy::Policy;
use super::ports::{AppointmentDetails, AppointmentStore, Change, Practices, UpdateError};
use super::visit_letters::VisitLetters;
use super::watch_reads::WatchReads;
use crate::domain::{CancelRefusal, Side, Status};

const TRIES: usize = 3;

/// A wish to call a visit off.
#[derive(Debug, Clone)]
pub struct Cancellation {
    /// Which visit.
    pub id: AppointmentId,
    /// Why.
    pub reason: Option<String>,
    /// Only if it still has one of these versions (`If-Match`).
    pub only_versions: Option<Vec<i32>>,
}

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is none, or it is not this actor's.
    #[error("no such appointment")]
    NotFound,
    /// It has changed since the caller read it.
    #[error("the appointment has changed")]
    VersionChanged,
    /// Somebody else changed it each time that we looked.
    #[error("others keep changing the appointment")]
    Contended,
    /// Those who run the calendar say why.
    #[error("no reason is given")]
    ReasonRequired,
    /// So close to the visit a patient says why, too.
    #[error("no reason is given inside the cut-off")]
    LateReasonRequired {
        /// The doctor's cut-off.
        cutoff_hours: i64,
    },
    /// The visit does not allow it any more.
    #[error(transparent)]
    Refused(#[from] CancelRefusal),
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Calls a visit off.
#[derive(Clone)]
pub struct CancelAppointment {
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
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl CancelAppointment {
    /// Cancels. Cancelling a cancelled visit changes nothing and gives it as it is.
    ///
    /// # Errors
    /// See [`CancelError`].
    pub async fn run(
        &self,
        caller: &Caller,
        wish: Cancellation,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, CancelError> {
        if !Policy::could_reach(caller, wish.id) {
            return Err(CancelError::NotFound);
        }
        // Another writer may come between our look and our change; what it left is looked at anew.
        for _ in 0..TRIES {
            let now = self.clock.now();
            let found = self.store.find(wish.id).await?.ok_or(CancelError::NotFound)?;
            if !self.policy.reaches(caller, &found.appointment, now).await? {
                return Err(CancelError::NotFound);
            }
            self.watch.shown(caller, [&found], "appointment").await?;
            if found.appointment.status == Status::Cancelled {
                if let Some(once) = &once {
                    self.store.keep_answer(&found, once, now).await??;
                }
                return Ok(found);
            }
            if wish.only_versions.as_ref().is_some_and(|versions| !versions.contains(&found.appointment.version)) {
                return Err(CancelError::VersionChanged);
            }
            let by = if Policy::is_team(caller) { Side::Team } else { Side::Patient };
            if by == Side::Team && wish.reason.is_none() {
                return Err(CancelError::ReasonRequired);
            }
            let (cancelled, event) = found.appointment.cancel(wish.reason.clone(), by, now)?;
            if by == Side::Patient && wish.reason.is_none() {
                let cutoff = self.practices.change_cutoff(found.appointment.doctor).await?;
                if found.appointment.is_inside(cutoff, now) {
                    return Err(CancelError::LateReasonRequired { cutoff_hours: cutoff.as_hours() });
                }
            }
            let after = AppointmentDetails { appointment: cancelled, patient: found.patient };
            let letter = self.letters.about(caller, &after).await?;
            let change = Change {
                before: found.appointment,
                after,
                event: Recorded::new(event, caller.actor(), now).caused_by(request_id.clone()),
                edition: None,
                letter,
                once: once.clone(),
            };
            match self.store.update(&change).await {
                Ok(room) => return Ok(change.after.with_room(room)),
                Err(UpdateError::Stale) => {}
                Err(UpdateError::Once(error)) => return Err(error.into()),
                Err(UpdateError::Failed(failure)) => return Err(failure.into()),
                Err(error @ (UpdateError::SlotTaken | UpdateError::PatientBusy | UpdateError::RulesChanged)) => {
                    return Err(PortFailure::new("cancel an appointment", error).into());
                }
            }
        }
        Err(CancelError::Contended)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use kernel::StoppedClock;

    use super::super::ports::MockAppointmentStore;
    use super::super::test_data::{booked, bound_from, letters, now, policy, unwatched};
    use super::*;
    use crate::domain::Room;

    fn cancel(store: MockAppointmentStore, at: Timestamp) -> CancelAppointment {
        CancelAppointment {
            store: Arc::new(store),
            policy: policy(),
            watch: unwatched(),
            letters: letters(),
            practices: bound_from(0),
            clock: Arc::new(StoppedClock::at(at)),
        }
    }

    fn wish(id: AppointmentId) -> Cancellation {
        Cancellation { id, reason: Some("ill".into()), only_versions: None }
    }

    #[tokio::test]
    async fn a_booked_visit_is_cancelled_once_with_its_event() {
        let visit = booked();
        let id = visit.appointment.id;
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store
            .expect_update()
            .withf(|change| {
                let told = change.letter.as_ref().is_some_and(|letter| letter.email == "ada@example.org");
                change.before.version == 1 && change.after.appointment.version == 2 && change.event.at == now() && told
            })
            .times(1)
            .returning(|_| Ok(Room::Nothing));
        let cancelled = cancel(store, now()).run(&Caller::link_holder(id), wish(id), None, None).await.unwrap();
        assert_eq!(cancelled.appointment.status, Status::Cancelled);
    }

    #[tokio::test]
    async fn the_second_cancellation_gives_the_same_and_writes_nothing() {
        let mut visit = booked();
        visit.appointment.status = Status::Cancelled;
        let (id, before) = (visit.appointment.id, visit.clone());
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let again = cancel(store, now()).run(&Caller::link_holder(id), wish(id), None, None).await.unwrap();
        assert_eq!(again, before);
    }

    #[tokio::test]
    async fn the_link_of_one_visit_does_not_open_another() {
        let mut store = MockAppointmentStore::new();
        store.expect_find().never();
        let refused = cancel(store, now())
            .run(&Caller::link_holder(AppointmentId::mint()), wish(AppointmentId::mint()), None, None)
            .await;
        assert!(matches!(refused, Err(CancelError::NotFound)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_stale_look_is_taken_again_and_then_given_up() {
        let visit = booked();
        let id = visit.appointment.id;
        let mut store = MockAppointmentStore::new();
        store.expect_find().times(TRIES).returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().times(TRIES).returning(|_| Err(UpdateError::Stale));
        let refused = cancel(store, now()).run(&Caller::link_holder(id), wish(id), None, None).await;
        assert!(matches!(refused, Err(CancelError::Contended)), "nobody named a version: {refused:?}");
    }

    #[tokio::test]
    async fn a_version_the_caller_did_not_read_is_not_cancelled() {
        let visit = booked();
        let id = visit.appointment.id;
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let stale = Cancellation { only_versions: Some(vec![7]), ..wish(id) };
        let refused = cancel(store, now()).run(&Caller::link_holder(id), stale, None, None).await;
        assert!(matches!(refused, Err(CancelError::VersionChanged)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_visit_that_began_is_not_cancelled_by_the_patient() {
        let visit = booked();
        let id = visit.appointment.id;
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let late = now() + SignedDuration::from_hours(24);
        let refused = cancel(store, late).run(&Caller::link_holder(id), wish(id), None, None).await;
        assert!(matches!(refused, Err(CancelError::Refused(CancelRefusal::Started))), "{refused:?}");
    }

    #[tokio::test]
    async fn inside_the_cutoff_a_patient_says_why_and_outside_need_not() {
        for (hours, reason, cancelled) in [(24, None, false), (24, Some("ill"), true), (3, None, true)] {
            let visit = booked();
            let id = visit.appointment.id;
            let mut store = MockAppointmentStore::new();
            store.expect_find().returning(move |_| Ok(Some(visit.clone())));
            store.expect_update().times(usize::from(cancelled)).returning(|_| Ok(Room::Nothing));
            let cancels = CancelAppointment { practices: bound_from(hours), ..cancel(store, now()) };
            let asked = Cancellation { reason: reason.map(str::to_owned), ..wish(id) };
            match cancels.run(&Caller::link_holder(id), asked, None, None).await {
                Ok(_) => assert!(cancelled, "{hours} {reason:?}"),
                Err(CancelError::LateReasonRequired { cutoff_hours: 24 }) => assert!(!cancelled, "{hours} {reason:?}"),
                Err(other) => panic!("{hours} {reason:?}: {other:?}"),
            }
        }
    }
}
