use std::sync::Arc;

use kernel::{Caller, Clock, PatientId, PortFailure, Recorded};

use super::change_relative::Correction;
use super::desk_ports::{DeskError, PatientDesk};
use super::patient_ports::PatientStore;
use super::policy::{Policy, Tie};
use super::watch_reads::{Grounds, WatchReads};
use crate::domain::{Particulars, Patient, PatientError, PatientEvent};

/// Why nothing was corrected.
#[derive(Debug, thiserror::Error)]
pub enum CorrectPatientError {
    /// There is none of that id at the caller's clinics.
    #[error("no such patient")]
    NotFound,
    /// It has changed since the caller read it.
    #[error("the record has changed")]
    VersionChanged,
    /// The address is that of somebody with an account, who changes it there.
    #[error("the address is the account's")]
    AccountsAddress,
    /// Something of it cannot be.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Corrects what a front desk's clinics know of a patient.
pub struct CorrectPatient {
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Where corrections are kept.
    pub desk: Arc<dyn PatientDesk>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown whom.
    pub watch: WatchReads,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl CorrectPatient {
    /// Corrects one of these versions (any, where none is named), or changes nothing.
    ///
    /// # Errors
    /// See [`CorrectPatientError`].
    pub async fn run(
        &self,
        caller: &Caller,
        id: PatientId,
        correction: Correction,
        only_versions: Option<Vec<i32>>,
        request_id: Option<String>,
    ) -> Result<Patient, CorrectPatientError> {
        let (now, user) = (self.clock.now(), caller.user().ok_or(CorrectPatientError::NotFound)?);
        if self.policy.tie(caller, id, now).await? != Some(Tie::Clinic) {
            return Err(CorrectPatientError::NotFound);
        }
        let before = self.patients.patient(id).await?.ok_or(CorrectPatientError::NotFound)?;
        if only_versions.is_some_and(|versions| !versions.contains(&before.version)) {
            return Err(CorrectPatientError::VersionChanged);
        }
        let particulars = Particulars {
            name: correction.name.unwrap_or_else(|| before.name.clone()),
            email: correction.email.unwrap_or_else(|| before.email.clone()),
            phone: correction.phone.unwrap_or_else(|| before.phone.clone()),
            birth_date: correction.birth_date.unwrap_or(before.birth_date),
        };
        let after = before.corrected(particulars, now)?;
        // Whoever could write another address there would get the letters about somebody's visits.
        if after.email_key() != before.email_key() && self.desk.has_account(id).await? {
            return Err(CorrectPatientError::AccountsAddress);
        }
        self.watch.told(caller, Grounds::Reach, vec![(id, None)], "record").await?;
        let event = PatientEvent::PatientCorrected { user_id: user, patient_id: id };
        let event = Recorded::new(event, caller.actor(), now).caused_by(request_id);
        match self.desk.correct(&after, &event).await {
            Ok(()) => Ok(after),
            Err(DeskError::Stale) => Err(CorrectPatientError::VersionChanged),
            Err(DeskError::Failed(failure)) => Err(failure.into()),
            Err(error @ DeskError::Once(_)) => Err(PortFailure::new("correct a patient", error).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, StoppedClock, UserId};

    use super::super::desk_ports::MockPatientDesk;
    use super::super::patient_ports::{MockPatientStore, MockPatientTies};
    use super::super::test_data::now;
    use super::super::view_ports::MockAccessLog;
    use super::*;

    async fn corrected(
        seen: bool,
        account: bool,
        correction: Correction,
        version: i32,
    ) -> Result<Patient, CorrectPatientError> {
        let mut ties = MockPatientTies::new();
        ties.expect_seen_at().returning(move |_, _| Ok(seen));
        let mut patients = MockPatientStore::new();
        patients.expect_patient().returning(|_| Ok(Some(Patient::enrol("Ada", "ada@example.org", now()).unwrap())));
        let mut desk = MockPatientDesk::new();
        desk.expect_has_account().returning(move |_| Ok(account));
        desk.expect_correct().returning(|_, _| Ok(()));
        let mut log = MockAccessLog::new();
        log.expect_record().returning(|_| Ok(()));
        let clock = Arc::new(StoppedClock::at(now()));
        let correct = CorrectPatient {
            patients: Arc::new(patients),
            desk: Arc::new(desk),
            policy: Policy { ties: Arc::new(ties) },
            watch: WatchReads { log: Arc::new(log), clock: clock.clone() },
            clock,
        };
        let caller = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
        correct.run(&caller, PatientId::mint(), correction, Some(vec![version]), None).await
    }

    fn address(email: &str) -> Correction {
        Correction { email: Some(Some(email.into())), ..Correction::default() }
    }

    #[tokio::test]
    async fn a_front_desk_corrects_whom_its_clinics_know_in_the_version_it_has_read() {
        let phone = Correction { phone: Some(Some("2125550100".into())), ..Correction::default() };
        let after = corrected(true, true, phone.clone(), 1).await.unwrap();
        assert_eq!((after.phone.as_deref(), after.version, after.name.as_str()), (Some("2125550100"), 2, "Ada"));
        assert!(matches!(corrected(false, false, phone.clone(), 1).await, Err(CorrectPatientError::NotFound)));
        assert!(matches!(corrected(true, false, phone, 7).await, Err(CorrectPatientError::VersionChanged)));
    }

    #[tokio::test]
    async fn the_address_of_who_has_an_account_is_not_the_front_desks_to_change() {
        let refused = corrected(true, true, address("eve@example.org"), 1).await;
        assert!(matches!(refused, Err(CorrectPatientError::AccountsAddress)), "{refused:?}");
        assert!(corrected(true, false, address("eve@example.org"), 1).await.is_ok());
        assert!(corrected(true, true, address("ADA@example.org"), 1).await.is_ok(), "the same in other letters");
    }
}
