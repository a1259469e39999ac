use std::sync::Arc;

use kernel::{Caller, ClinicId, Clock, Once, OnceError, PatientId, PortFailure, Recorded};

use super::desk_ports::{DeskError, Known, NewPatient, PatientDesk};
use super::watch_reads::{Grounds, WatchReads};
use crate::domain::{Particulars, Patient, PatientError, PatientEvent, PatientSearch};

/// So many namesakes are named.
const NAMESAKES: usize = 5;

/// What a front desk knows of namesakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Namesakes {
    /// They are to be told of.
    Unseen,
    /// They were looked at: it is somebody else.
    Others,
}

/// Why nobody was taken down.
#[derive(Debug, thiserror::Error)]
pub enum TakeDownError {
    /// It is no clinic of the caller's.
    #[error("not this caller's clinic")]
    OthersClinic,
    /// Something of it cannot be.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// Patients of the same name and date of birth are known.
    #[error("perhaps known already")]
    PerhapsKnown(Vec<PatientId>),
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Takes down a person without an account, by the front desk of a clinic.
pub struct TakeDownPatient {
    /// Where patients are kept.
    pub desk: Arc<dyn PatientDesk>,
    /// Writes down who is shown whom.
    pub watch: WatchReads,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl TakeDownPatient {
    /// Takes them down as somebody new.
    ///
    /// # Errors
    /// See [`TakeDownError`].
    pub async fn run(
        &self,
        caller: &Caller,
        (particulars, clinic): (Particulars, ClinicId),
        namesakes: Namesakes,
        request_id: Option<String>,
        once: Option<Once<Patient>>,
    ) -> Result<Patient, TakeDownError> {
        if !caller.is_staff_of(clinic) {
            return Err(TakeDownError::OthersClinic);
        }
        let now = self.clock.now();
        let patient = Patient::take_down(particulars, now)?;
        if namesakes == Namesakes::Unseen {
            let same = self.namesakes(caller, &patient).await?;
            if !same.is_empty() {
                return Err(TakeDownError::PerhapsKnown(same));
            }
        }
        let event = PatientEvent::TakenDown { patient_id: patient.id, clinic_id: clinic };
        let event = Recorded::new(event, caller.actor(), now).caused_by(request_id);
        let new = NewPatient { patient, clinic, event, once };
        match self.desk.take_down(&new).await {
            Ok(()) => Ok(new.patient),
            Err(DeskError::Once(error)) => Err(error.into()),
            Err(DeskError::Failed(failure)) => Err(failure.into()),
            Err(error @ DeskError::Stale) => Err(PortFailure::new("take down a patient", error).into()),
        }
    }

    /// Patients of the same name and date of birth within the caller's reach. Without a date of birth nobody is
    /// taken for somebody else.
    async fn namesakes(&self, caller: &Caller, patient: &Patient) -> Result<Vec<PatientId>, PortFailure> {
        let Some(birth_date) = patient.birth_date else { return Ok(Vec::new()) };
        let search = PatientSearch {
            name: Some(patient.name.clone()),
            birth_date: Some(birth_date),
            ..PatientSearch::default()
        };
        let Ok(terms) = search.terms() else { return Ok(Vec::new()) };
        let known = Known::AtClinics(caller.clinics().to_vec());
        let found = self.desk.search(&known, &search, &terms, NAMESAKES).await?;
        let same: Vec<PatientId> =
            found.iter().filter(|found| found.same_name_as(patient)).map(|found| found.id).collect();
        let told = same.iter().map(|id| (*id, None)).collect();
        self.watch.told(caller, Grounds::Reach, told, "search").await?;
        Ok(same)
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::desk_ports::MockPatientDesk;
    use super::super::test_data::now;
    use super::super::view_ports::MockAccessLog;
    use super::*;

    fn particulars(name: &str) -> Particulars {
        Particulars { name: name.into(), birth_date: "1980-02-29".parse().ok(), ..Particulars::default() }
    }

    fn take_down(desk: MockPatientDesk) -> TakeDownPatient {
        let mut log = MockAccessLog::new();
        log.expect_record().returning(|_| Ok(()));
        let clock = Arc::new(StoppedClock::at(now()));
        TakeDownPatient { desk: Arc::new(desk), watch: WatchReads { log: Arc::new(log), clock: clock.clone() }, clock }
    }

    #[tokio::test]
    async fn a_namesake_of_the_same_birth_date_is_told_of_until_the_desk_says_it_is_somebody_else() {
        let clinic = ClinicId::mint();
        let desk = || {
            let mut desk = MockPatientDesk::new();
            let known = ["Ada Lovelace", "Ada Lovelace Byron"];
            let known = known.map(|name| Patient::take_down(particulars(name), now()).unwrap());
            desk.expect_search().returning(move |_, _, _, _| Ok(known.to_vec()));
            desk
        };
        let caller = Caller::staff(UserId::mint(), vec![clinic]);
        let ask = (particulars("ada LOVELACE"), clinic);
        let refused = take_down(desk()).run(&caller, ask.clone(), Namesakes::Unseen, None, None).await;
        assert!(matches!(&refused, Err(TakeDownError::PerhapsKnown(same)) if same.len() == 1), "{refused:?}");
        let mut desk = desk();
        desk.expect_take_down().withf(move |new| new.clinic == clinic).times(1).returning(|_| Ok(()));
        take_down(desk).run(&caller, ask, Namesakes::Others, None, None).await.unwrap();
    }

    #[tokio::test]
    async fn a_front_desk_takes_people_down_at_its_own_clinics() {
        let (user, clinic) = (UserId::mint(), ClinicId::mint());
        for caller in [Caller::staff(user, vec![]), Caller::admin(user), Caller::patient(user)] {
            let ask = (particulars("Ada"), clinic);
            let refused = take_down(MockPatientDesk::new()).run(&caller, ask, Namesakes::Others, None, None).await;
            assert!(matches!(refused, Err(TakeDownError::OthersClinic)), "{refused:?}");
        }
    }
}
