use std::sync::Arc;

use kernel::{AppointmentId, Caller, Clock, Once, OnceError, PortFailure, Recorded};

use super::policy::Policy;
use super::ports::{AppointmentDetails, AppointmentStore, Change, UpdateError};
use super::watch_reads::WatchReads;
use crate::domain::{Mark, MarkRefusal};

const TRIES: usize = 3;

/// Why nothing was marked.
#[derive(Debug, thiserror::Error)]
pub enum MarkError {
    /// There is none, or it is not this caller's.
    #[error("no such appointment")]
    NotFound,
    /// The visit does not allow it.
    #[error(transparent)]
    Refused(#[from] MarkRefusal),
    /// It has changed since the caller read it, or others keep changing it.
    #[error("the appointment has changed")]
    VersionChanged,
    /// Somebody else changed it each time that we looked.
    #[error("others keep changing the appointment")]
    Contended,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Marks that a patient has come, has been seen, or did not come.
pub struct MarkAppointment {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl MarkAppointment {
    /// Marks it, and only one of `only_versions` where they are given (`If-Match`). What is marked so already is given
    /// as it is.
    ///
    /// # Errors
    /// See [`MarkError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: AppointmentId,
        mark: Mark,
        only_versions: Option<Vec<i32>>,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, MarkError> {
        if !Policy::is_team(caller) {
            return Err(MarkError::NotFound);
        }
        for _ in 0..TRIES {
            let now = self.clock.now();
            let found = self.store.find(id).await?.ok_or(MarkError::NotFound)?;
            if !self.policy.reaches(caller, &found.appointment, now).await? {
                return Err(MarkError::NotFound);
            }
            self.watch.shown(caller, [&found], "appointment").await?;
            if found.appointment.status == mark.leads_to() {
                if let Some(once) = &once {
                    self.store.keep_answer(&found, once, now).await??;
                }
                return Ok(found);
            }
            if only_versions.as_ref().is_some_and(|versions| !versions.contains(&found.appointment.version)) {
                return Err(MarkError::VersionChanged);
            }
            let (marked, event) = found.appointment.mark(mark, now)?;
            let change = Change {
                before: found.appointment,
                after: AppointmentDetails { appointment: marked, patient: found.patient },
                event: Recorded::new(event, caller.actor(), now).caused_by(request_id.clone()),
                edition: None,
                letter: None,
                once: once.clone(),
            };
            match self.store.update(&change).await {
                Ok(room) => return Ok(change.after.with_room(room)),
                Err(UpdateError::Stale) => {}
                Err(UpdateError::Once(error)) => return Err(error.into()),
                Err(UpdateError::Failed(failure)) => return Err(failure.into()),
                Err(error @ (UpdateError::SlotTaken | UpdateError::PatientBusy | UpdateError::RulesChanged)) => {
                    return Err(PortFailure::new("mark an appointment", error).into());
                }
            }
        }
        Err(MarkError::Contended)
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use kernel::{StoppedClock, UserId};

    use super::super::ports::MockAppointmentStore;
    use super::super::test_data::{booked, now, policy, unwatched};
    use super::super::view_ports::MockAccessLog;
    use super::*;
    use crate::domain::Room;
    use crate::domain::Status;

    fn marks(store: MockAppointmentStore, at: Timestamp) -> MarkAppointment {
        let mut watch = unwatched();
        let mut log = MockAccessLog::new();
        log.expect_record().returning(|_| Ok(()));
        watch.log = Arc::new(log);
        MarkAppointment { store: Arc::new(store), policy: policy(), watch, clock: Arc::new(StoppedClock::at(at)) }
    }

    #[tokio::test]
    async fn a_doctor_marks_a_visit_of_the_own_calendar_once() {
        let visit = booked();
        let (id, doctor) = (visit.appointment.id, visit.appointment.doctor);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store
            .expect_update()
            .withf(|change| change.after.appointment.status == Status::NoShow)
            .times(1)
            .returning(|_| Ok(Room::Nothing));
        let caller = Caller::doctor(UserId::mint(), doctor, vec![]);
        let late = now() + SignedDuration::from_hours(4);
        marks(store, late).run(&caller, id, Mark::NoShow, Some(vec![1]), None, None).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_marked_already_is_given_as_it_is() {
        let mut visit = booked();
        visit.appointment.status = Status::Arrived;
        let (id, clinic) = (visit.appointment.id, visit.appointment.clinic);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let caller = Caller::staff(UserId::mint(), vec![clinic]);
        assert!(marks(store, now()).run(&caller, id, Mark::Arrived, Some(vec![7]), None, None).await.is_ok());
    }

    #[tokio::test]
    async fn a_version_the_caller_did_not_read_is_not_marked() {
        let visit = booked();
        let (id, clinic) = (visit.appointment.id, visit.appointment.clinic);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let caller = Caller::staff(UserId::mint(), vec![clinic]);
        let refused = marks(store, now()).run(&caller, id, Mark::Arrived, Some(vec![7]), None, None).await;
        assert!(matches!(refused, Err(MarkError::VersionChanged)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_patient_marks_nothing() {
        let caller = Caller::patient(UserId::mint());
        let marks = marks(MockAppointmentStore::new(), now());
        let refused = marks.run(&caller, AppointmentId::mint(), Mark::Completed, None, None, None).await;
        assert!(matches!(refused, Err(MarkError::NotFound)), "{refused:?}");
    }
}
