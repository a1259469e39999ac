use std::sync::Arc;

use kernel::{AppointmentId, Caller, Clock, Once, OnceError, PortFailure, Recorded};

use super::policy::Policy;
use super::ports::{AppointmentDetails, AppointmentStore, Change, UpdateError};
use super::watch_reads::WatchReads;
use crate::domain::{CorrectRefusal, Status};

const TRIES: usize = 3;

/// A wish to take a mistaken mark back.
#[derive(Debug, Clone)]
pub struct MarkCorrection {
    /// Which visit.
    pub id: AppointmentId,
    /// How it should stand.
    pub to: Status,
    /// Why, up to 500 characters.
    pub reason: String,
    /// Only if it still has one of these versions (`If-Match`).
    pub only_versions: Option<Vec<i32>>,
}

/// Why nothing was corrected.
#[derive(Debug, thiserror::Error)]
pub enum CorrectError {
    /// There is none, or it is not this caller's.
    #[error("no such appointment")]
    NotFound,
    /// It has changed since the caller read it, or others keep changing it.
    #[error("the appointment has changed")]
    VersionChanged,
    /// Somebody else changed it each time that we looked.
    #[error("others keep changing the appointment")]
    Contended,
    /// The visit does not allow it.
    #[error(transparent)]
    Refused(#[from] CorrectRefusal),
    /// Somebody else has the doctor's time meanwhile.
    #[error("the slot is taken")]
    SlotTaken,
    /// The patient has another visit at that time meanwhile.
    #[error("the patient is busy")]
    PatientBusy,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Takes a mistaken `completed` or `no_show` back.
pub struct CorrectAppointment {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl CorrectAppointment {
    /// Corrects it. What stands so already is given as it is.
    ///
    /// # Errors
    /// See [`CorrectError`].
    pub async fn run(
        &self,
        caller: &Caller,
        wish: MarkCorrection,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, CorrectError> {
        if !Policy::is_team(caller) {
            return Err(CorrectError::NotFound);
        }
        for _ in 0..TRIES {
            let now = self.clock.now();
            let found = self.store.find(wish.id).await?.ok_or(CorrectError::NotFound)?;
            if !self.policy.reaches(caller, &found.appointment, now).await? {
                return Err(CorrectError::NotFound);
            }
            self.watch.shown(caller, [&found], "appointment").await?;
            if found.appointment.status == wish.to {
                if let Some(once) = &once {
                    self.store.keep_answer(&found, once, now).await??;
                }
                return Ok(found);
            }
            if wish.only_versions.as_ref().is_some_and(|versions| !versions.contains(&found.appointment.version)) {
                return Err(CorrectError::VersionChanged);
            }
            let (corrected, event) = found.appointment.correct(wish.to, wish.reason.clone(), now)?;
            let change = Change {
                before: found.appointment,
                after: AppointmentDetails { appointment: corrected, patient: found.patient },
                event: Recorded::new(event, caller.actor(), now).caused_by(request_id.clone()),
                // What was booked once goes on, whatever the doctor's rules say by now.
                edition: None,
                letter: None,
                once: once.clone(),
            };
            match self.store.update(&change).await {
                Ok(room) => return Ok(change.after.with_room(room)),
                Err(UpdateError::Stale) => {}
                Err(UpdateError::SlotTaken) => return Err(CorrectError::SlotTaken),
                Err(UpdateError::PatientBusy) => return Err(CorrectError::PatientBusy),
                Err(UpdateError::Once(error)) => return Err(error.into()),
                Err(UpdateError::Failed(failure)) => return Err(failure.into()),
                Err(error @ UpdateError::RulesChanged) => {
                    return Err(PortFailure::new("correct an appointment", error).into());
                }
            }
        }
        Err(CorrectError::Contended)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, StoppedClock, UserId};

    use super::super::ports::MockAppointmentStore;
    use super::super::test_data::{booked, now, policy, unwatched};
    use super::super::view_ports::MockAccessLog;
    use super::*;
    use crate::domain::Room;

    fn corrects(store: MockAppointmentStore) -> CorrectAppointment {
        let mut watch = unwatched();
        let mut log = MockAccessLog::new();
        log.expect_record().returning(|_| Ok(()));
        watch.log = Arc::new(log);
        CorrectAppointment { store: Arc::new(store), policy: policy(), watch, clock: Arc::new(StoppedClock::at(now())) }
    }

    fn missed() -> AppointmentDetails {
        let mut visit = booked();
        visit.appointment.status = Status::NoShow;
        visit
    }

    fn wish(id: AppointmentId, to: Status) -> MarkCorrection {
        MarkCorrection { id, to, reason: "came late".into(), only_versions: None }
    }

    #[tokio::test]
    async fn a_front_desk_takes_a_no_show_back_once_with_both_statuses() {
        let visit = missed();
        let (id, clinic) = (visit.appointment.id, visit.appointment.clinic);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store
            .expect_update()
            .withf(|change| {
                change.before.status == Status::NoShow
                    && change.after.appointment.status == Status::Arrived
                    && change.after.appointment.arrived_at == Some(now())
            })
            .times(1)
            .returning(|_| Ok(Room::Nothing));
        let caller = Caller::staff(UserId::mint(), vec![clinic]);
        corrects(store).run(&caller, wish(id, Status::Arrived), None, None).await.unwrap();
    }

    #[tokio::test]
    async fn a_time_that_was_given_away_meanwhile_is_not_taken_back() {
        let visit = missed();
        let (id, doctor) = (visit.appointment.id, visit.appointment.doctor);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().times(1).returning(|_| Err(UpdateError::SlotTaken));
        let caller = Caller::doctor(UserId::mint(), doctor, vec![]);
        let refused = corrects(store).run(&caller, wish(id, Status::Booked), None, None).await;
        assert!(matches!(refused, Err(CorrectError::SlotTaken)), "{refused:?}");
    }

    #[tokio::test]
    async fn what_stands_right_is_given_as_it_is_and_a_stale_version_is_refused() {
        let visit = missed();
        let (id, clinic) = (visit.appointment.id, visit.appointment.clinic);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().never();
        let corrects = corrects(store);
        let caller = Caller::staff(UserId::mint(), vec![clinic]);
        let stale = |to| MarkCorrection { only_versions: Some(vec![7]), ..wish(id, to) };
        assert!(corrects.run(&caller, stale(Status::NoShow), None, None).await.is_ok());
        let refused = corrects.run(&caller, stale(Status::Booked), None, None).await;
        assert!(matches!(refused, Err(CorrectError::VersionChanged)), "{refused:?}");
    }

    #[tokio::test]
    async fn neither_patients_nor_other_clinics_correct() {
        let visit = missed();
        let id = visit.appointment.id;
        for caller in [
            Caller::patient(UserId::mint()),
            Caller::link_holder(id),
            Caller::staff(UserId::mint(), vec![ClinicId::mint()]),
        ] {
            let mut store = MockAppointmentStore::new();
            let visit = visit.clone();
            store.expect_find().returning(move |_| Ok(Some(visit.clone())));
            store.expect_update().never();
            let refused = corrects(store).run(&caller, wish(id, Status::Booked), None, None).await;
            assert!(matches!(refused, Err(CorrectError::NotFound)), "{caller:?}: {refused:?}");
        }
    }
}
