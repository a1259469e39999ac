use std::sync::Arc;

use kernel::{AppointmentId, Caller, ClinicId, Clock, Once, OnceError, PortFailure, Recorded};

use super::policy::Policy;
use super::ports::{AppointmentDetails, AppointmentStore, Change, Practices, UpdateError};
use super::watch_reads::WatchReads;
use crate::domain::{CheckInRefusal, Status};

const TRIES: usize = 3;

/// The codes on the posters at the entrances of clinics.
#[cfg_attr(test, mockall::automock)]
pub trait ClinicCodes: Send + Sync {
    /// Is this the code of that clinic?
    fn opens(&self, code: &str, clinic: ClinicId) -> bool;
}

/// A patient's word to be there.
#[derive(Debug, Clone)]
pub struct Presence {
    /// For which visit.
    pub id: AppointmentId,
    /// The code from the poster of the clinic.
    pub clinic_code: String,
    /// Only if it still has one of these versions (`If-Match`).
    pub only_versions: Option<Vec<i32>>,
}

/// Why nobody was checked in.
#[derive(Debug, thiserror::Error)]
pub enum CheckInError {
    /// There is none, or it is not this caller's.
    #[error("no such appointment")]
    NotFound,
    /// It has changed since the caller read it, or others keep changing it.
    #[error("the appointment has changed")]
    VersionChanged,
    /// Somebody else changed it each time that we looked.
    #[error("others keep changing the appointment")]
    Contended,
    /// It is not the code of the clinic where the visit is.
    #[error("another clinic's code, or none")]
    WrongCode,
    /// The visit does not allow it.
    #[error(transparent)]
    Refused(#[from] CheckInRefusal),
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Marks a patient as there who has scanned the poster at the entrance.
pub struct CheckIn {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// Knows the posters.
    pub codes: Arc<dyn ClinicCodes>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl CheckIn {
    /// Checks in. Who is there already is told so again, and nothing is written.
    ///
    /// # Errors
    /// See [`CheckInError`].
    pub async fn run(
        &self,
        caller: &Caller,
        wish: Presence,
        request_id: Option<String>,
        once: Option<Once<AppointmentDetails>>,
    ) -> Result<AppointmentDetails, CheckInError> {
        if !Policy::could_reach(caller, wish.id) {
            return Err(CheckInError::NotFound);
        }
        for _ in 0..TRIES {
            let now = self.clock.now();
            let found = self.store.find(wish.id).await?.ok_or(CheckInError::NotFound)?;
            if !self.policy.reaches(caller, &found.appointment, now).await? {
                return Err(CheckInError::NotFound);
            }
            self.watch.shown(caller, [&found], "appointment").await?;
            if !self.codes.opens(&wish.clinic_code, found.appointment.clinic) {
                return Err(CheckInError::WrongCode);
            }
            if found.appointment.status == Status::Arrived {
                if let Some(once) = &once {
                    self.store.keep_answer(&found, once, now).await??;
                }
                return Ok(found);
            }
            if wish.only_versions.as_ref().is_some_and(|versions| !versions.contains(&found.appointment.version)) {
                return Err(CheckInError::VersionChanged);
            }
            let (arrived, event) = found.appointment.check_in(now)?;
            let change = Change {
                before: found.appointment,
                after: AppointmentDetails { appointment: arrived, patient: found.patient },
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
                    return Err(PortFailure::new("check in", error).into());
                }
            }
        }
        Err(CheckInError::Contended)
    }
}

/// Why there is no poster.
#[derive(Debug, thiserror::Error)]
pub enum PosterError {
    /// There is no such clinic, or the caller does not work there.
    #[error("no such clinic")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Lets a front desk print the poster of its clinic.
pub struct AskForPoster {
    /// Which clinics there are.
    pub practices: Arc<dyn Practices>,
}

impl AskForPoster {
    /// Does the caller get that clinic's poster?
    ///
    /// # Errors
    /// See [`PosterError`].
    pub async fn run(&self, caller: &Caller, clinic: ClinicId) -> Result<(), PosterError> {
        if !(caller.is_admin() || caller.is_staff_of(clinic)) {
            return Err(PosterError::NotFound);
        }
        let called = self.practices.called(&[], &[clinic]).await?;
        if called.clinics.contains_key(&clinic) { Ok(()) } else { Err(PosterError::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use kernel::{StoppedClock, UserId};

    use super::super::ports::{MockAppointmentStore, MockPractices};
    use super::super::test_data::{booked, policy, unwatched};
    use super::super::view_ports::Called;
    use super::*;
    use crate::domain::Room;

    fn check_in(store: MockAppointmentStore, at: Timestamp) -> CheckIn {
        let mut codes = MockClinicCodes::new();
        codes.expect_opens().returning(|code, _| code == "right");
        CheckIn {
            store: Arc::new(store),
            policy: policy(),
            watch: unwatched(),
            codes: Arc::new(codes),
            clock: Arc::new(StoppedClock::at(at)),
        }
    }

    fn wish(id: AppointmentId, code: &str) -> Presence {
        Presence { id, clinic_code: code.to_owned(), only_versions: None }
    }

    #[tokio::test]
    async fn a_patient_at_the_entrance_is_marked_as_there_by_the_own_word() {
        let visit = booked();
        let (id, start) = (visit.appointment.id, visit.appointment.visit.start);
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store
            .expect_update()
            .withf(move |change| {
                change.after.appointment.arrived_at == Some(start)
                    && change.event.actor == Caller::link_holder(id).actor()
            })
            .times(1)
            .returning(|_| Ok(Room::Nothing));
        let arrived =
            check_in(store, start).run(&Caller::link_holder(id), wish(id, "right"), None, None).await.unwrap();
        assert_eq!(arrived.appointment.status, Status::Arrived);
    }

    #[tokio::test]
    async fn nothing_is_written_with_a_wrong_code_at_a_wrong_time_or_twice() {
        let visit = booked();
        let id = visit.appointment.id;
        let start = visit.appointment.visit.start;
        for (code, minutes, status) in
            [("wrong", 0, Status::Booked), ("right", -31, Status::Booked), ("right", 300, Status::Arrived)]
        {
            let mut visit = visit.clone();
            visit.appointment.status = status;
            let mut store = MockAppointmentStore::new();
            store.expect_find().returning(move |_| Ok(Some(visit.clone())));
            store.expect_update().never();
            let at = start + SignedDuration::from_mins(minutes);
            let answer = check_in(store, at).run(&Caller::link_holder(id), wish(id, code), None, None).await;
            match (code, status, answer) {
                ("wrong", _, Err(CheckInError::WrongCode))
                | (_, Status::Arrived, Ok(_))
                | (_, Status::Booked, Err(CheckInError::Refused(CheckInRefusal::TooEarly { .. }))) => {}
                (_, _, other) => panic!("{code} {minutes} {status:?}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn the_poster_is_for_the_front_desk_of_that_clinic_and_administrators() {
        let (user, clinic) = (UserId::mint(), ClinicId::mint());
        let mut practices = MockPractices::new();
        practices
            .expect_called()
            .returning(move |_, _| Ok(Called { clinics: [(clinic, "Harbor".to_owned())].into(), ..Called::default() }));
        let poster = AskForPoster { practices: Arc::new(practices) };
        assert!(poster.run(&Caller::staff(user, vec![clinic]), clinic).await.is_ok());
        assert!(poster.run(&Caller::admin(user), clinic).await.is_ok());
        assert!(poster.run(&Caller::admin(user), ClinicId::mint()).await.is_err());
        for caller in [Caller::staff(user, vec![ClinicId::mint()]), Caller::patient(user), Caller::guest()] {
            assert!(poster.run(&caller, clinic).await.is_err(), "{caller:?}");
        }
    }
}
