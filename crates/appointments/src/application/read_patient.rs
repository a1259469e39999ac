use std::sync::Arc;

use kernel::{Caller, Clock, PatientId, PortFailure};

use super::patient_ports::PatientStore;
use super::policy::{Policy, Tie};
use super::record_ports::{RecordViews, VisitFigures};
use super::view_ports::Within;
use super::watch_reads::{Grounds, WatchReads};
use crate::domain::{Patient, Relation};

/// What a patient is to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Oneself or somebody one looks after.
    Relative(Relation),
    /// A patient of the doctor.
    CareLink,
    /// A patient of the front desk's clinics.
    Clinic,
    /// Nobody of the doctor's, opened by emergency access.
    Emergency,
}

/// The record of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientRecord {
    /// The person.
    pub patient: Patient,
    /// What the person is to the caller.
    pub standing: Standing,
    /// The visits in figures, as far as the caller reaches.
    pub figures: VisitFigures,
}

/// Why no record is shown.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// There is none, or it is not this caller's.
    #[error("no such patient")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Shows the record of a patient to who looks after them and to those who treat them.
pub struct ReadPatient {
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Their visits in figures.
    pub views: Arc<dyn RecordViews>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReadPatient {
    /// Reads it.
    ///
    /// # Errors
    /// See [`RecordError`].
    pub async fn run(&self, caller: &Caller, id: PatientId) -> Result<PatientRecord, RecordError> {
        let now = self.clock.now();
        let tie = self.policy.tie(caller, id, now).await?.ok_or(RecordError::NotFound)?;
        let (standing, within) = match (tie, caller.user(), caller.profile()) {
            (Tie::Care, Some(user), _) => {
                let relative = self.patients.relative(user, id).await?.ok_or(RecordError::NotFound)?;
                (Standing::Relative(relative.relation), Within::All)
            }
            (Tie::CareLink, _, Some(profile)) => (Standing::CareLink, Within::Calendar(profile)),
            (Tie::Clinic, ..) => (Standing::Clinic, Within::Clinics(caller.clinics().to_vec())),
            (Tie::Emergency, ..) => (Standing::Emergency, Within::All),
            (Tie::Care | Tie::CareLink, ..) => return Err(RecordError::NotFound),
        };
        let patient = self.patients.patient(id).await?.ok_or(RecordError::NotFound)?;
        let figures = self.views.figures(id, &within, now).await?;
        let grounds = if tie == Tie::Emergency { Grounds::Emergency } else { Grounds::Reach };
        self.watch.told(caller, grounds, vec![(id, None)], "record").await?;
        Ok(PatientRecord { patient, standing, figures })
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, DoctorId, StoppedClock, UserId};

    use super::super::patient_ports::{MockPatientStore, MockPatientTies, Relative};
    use super::super::record_ports::MockRecordViews;
    use super::super::test_data::now;
    use super::super::view_ports::MockAccessLog;
    use super::*;

    fn ada() -> Patient {
        Patient::enrol("Ada Example", "ada@example.org", now()).unwrap()
    }

    /// With these ties: looked after, care link, seen at the clinic, in emergency.
    fn reading(tied: [bool; 4], log: MockAccessLog, expected: Option<Within>) -> ReadPatient {
        let mut ties = MockPatientTies::new();
        ties.expect_looks_after().returning(move |_, _| Ok(tied[0]));
        ties.expect_care_link().returning(move |_, _| Ok(tied[1]));
        ties.expect_seen_at().returning(move |_, _| Ok(tied[2]));
        ties.expect_in_emergency().returning(move |_, _, _| Ok(tied[3]));
        let mut patients = MockPatientStore::new();
        patients
            .expect_relative()
            .returning(|_, _| Ok(Some(Relative { patient: ada(), relation: Relation::Child, since: now() })));
        patients.expect_patient().returning(|_| Ok(Some(ada())));
        let mut views = MockRecordViews::new();
        views
            .expect_figures()
            .withf(move |_, within, _| Some(within) == expected.as_ref())
            .returning(|_, _, _| Ok(VisitFigures::default()));
        let clock = Arc::new(StoppedClock::at(now()));
        ReadPatient {
            patients: Arc::new(patients),
            views: Arc::new(views),
            policy: Policy { ties: Arc::new(ties) },
            watch: WatchReads { log: Arc::new(log), clock: clock.clone() },
            clock,
        }
    }

    fn logging(emergency: bool) -> MockAccessLog {
        let mut log = MockAccessLog::new();
        log.expect_record()
            .withf(move |seen| seen.len() == 1 && seen[0].emergency == emergency && seen[0].what == "record")
            .times(1)
            .returning(|_| Ok(()));
        log
    }

    #[tokio::test]
    async fn a_record_is_shown_as_far_as_the_callers_tie_reaches_and_others_reading_is_written_down() {
        let (user, doctor, clinic, id) = (UserId::mint(), DoctorId::mint(), ClinicId::mint(), PatientId::mint());
        let own = Caller::patient(user);
        let record = reading([true, false, false, false], MockAccessLog::new(), Some(Within::All)).run(&own, id).await;
        assert_eq!(record.unwrap().standing, Standing::Relative(Relation::Child));
        let treats = Caller::doctor(user, doctor, vec![clinic]);
        let within = Some(Within::Calendar(doctor));
        let record = reading([false, true, false, true], logging(false), within).run(&treats, id).await;
        assert_eq!(record.unwrap().standing, Standing::CareLink);
        let record = reading([false, false, true, true], logging(true), Some(Within::All)).run(&treats, id).await;
        assert_eq!(record.unwrap().standing, Standing::Emergency);
        let desk = Caller::staff(user, vec![clinic]);
        let within = Some(Within::Clinics(vec![clinic]));
        let record = reading([false, false, true, false], logging(false), within).run(&desk, id).await;
        assert_eq!(record.unwrap().standing, Standing::Clinic);
    }

    #[tokio::test]
    async fn whoever_has_no_tie_is_shown_nothing_and_an_administrator_never_has_one() {
        let (user, id) = (UserId::mint(), PatientId::mint());
        for (caller, tied) in [
            (Caller::patient(user), [false, true, true, true]),
            (Caller::doctor(user, DoctorId::mint(), vec![]), [true, false, true, false]),
            (Caller::staff(user, vec![]), [true, true, false, true]),
            (Caller::admin(user), [true; 4]),
            (Caller::guest(), [true; 4]),
        ] {
            let refused = reading(tied, MockAccessLog::new(), None).run(&caller, id).await;
            assert!(matches!(refused, Err(RecordError::NotFound)), "{caller:?}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_written_down_is_not_shown() {
        let mut log = MockAccessLog::new();
        log.expect_record().returning(|_| Err(PortFailure::new("write", "away")));
        let doctor = DoctorId::mint();
        let caller = Caller::doctor(UserId::mint(), doctor, vec![]);
        let within = Some(Within::Calendar(doctor));
        let refused = reading([false, true, false, false], log, within).run(&caller, PatientId::mint()).await;
        assert!(matches!(refused, Err(RecordError::Failed(_))), "{refused:?}");
    }
}
