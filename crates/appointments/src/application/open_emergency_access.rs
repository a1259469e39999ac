use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{Caller, ClinicId, Clock, DoctorId, Once, OnceError, PatientId, PortFailure, Recorded};

use super::patient_ports::PatientStore;
use super::policy::{Policy, Tie};
use super::ports::Practices;
use super::record_ports::{Alert, ClinicStaff, EmergencyStore, EmergencyStoreError, KnownAt, NewEmergency, OpenAccess};
use crate::domain::{BadReason, EmergencyAccess};

/// Why no record was opened.
#[derive(Debug, thiserror::Error)]
pub enum EmergencyError {
    /// There is no such patient, or the caller treats nobody.
    #[error("no such patient")]
    NotFound,
    /// The doctor has a care link and needs no emergency.
    #[error("the doctor treats this patient")]
    CareLink,
    /// The reason says nothing.
    #[error(transparent)]
    BadReason(#[from] BadReason),
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Opens a patient's record to a doctor without a care link, for an hour, and tells the clinics.
pub struct OpenEmergencyAccess {
    /// Where accesses are kept.
    pub store: Arc<dyn EmergencyStore>,
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Who has a care link.
    pub policy: Policy,
    /// Who is told.
    pub staff: Arc<dyn ClinicStaff>,
    /// What doctors are called.
    pub practices: Arc<dyn Practices>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl OpenEmergencyAccess {
    /// Opens it. Where it stands open already, that access is given as it is: it is not made longer.
    ///
    /// # Errors
    /// See [`EmergencyError`].
    pub async fn run(
        &self,
        caller: &Caller,
        patient: PatientId,
        reason: &str,
        request_id: Option<String>,
        once: Option<Once<OpenAccess>>,
    ) -> Result<OpenAccess, EmergencyError> {
        let (Some(doctor), Some(user)) = (caller.profile(), caller.user()) else {
            return Err(EmergencyError::NotFound);
        };
        let now = self.clock.now();
        let (access, event) = EmergencyAccess::open(patient, (doctor, user), reason, now)?;
        if self.patients.patient(patient).await?.is_none() {
            return Err(EmergencyError::NotFound);
        }
        if self.policy.tie(caller, patient, now).await? == Some(Tie::CareLink) {
            return Err(EmergencyError::CareLink);
        }
        let alerts = self.alerts(caller, doctor, patient, access.ends_at).await?;
        let event = Recorded::new(event, caller.actor(), now).caused_by(request_id);
        match self.store.open(&NewEmergency { access, event, alerts, once }).await {
            Ok(open) => Ok(open),
            Err(EmergencyStoreError::Once(error)) => Err(error.into()),
            Err(EmergencyStoreError::Failed(failure)) => Err(failure.into()),
        }
    }

    /// Tells the front desks of the clinics that know the patient; where none does, those of the doctor's clinics.
    async fn alerts(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        patient: PatientId,
        ends_at: Timestamp,
    ) -> Result<Vec<Alert>, PortFailure> {
        let known = self.store.known_at(patient).await?;
        let clinics: Vec<ClinicId> = match known.as_slice() {
            [] => caller.clinics().to_vec(),
            known => known.iter().map(|at| at.clinic).collect(),
        };
        let until = until(ends_at, known.first());
        let called = self.practices.called(&[doctor], &[]).await?;
        let doctor = called.doctors.get(&doctor).cloned().unwrap_or_default();
        let staff = self.staff.of(&clinics).await?;
        Ok(staff.into_iter().map(|to| Alert { to, doctor: doctor.clone(), until: until.clone() }).collect())
    }
}

/// Date, time and zone, in an order that every language reads: by the clinic's clock where one is known.
fn until(ends_at: Timestamp, at: Option<&KnownAt>) -> String {
    let named = at.and_then(|at| TimeZone::get(&at.time_zone).ok().map(|zone| (zone, at.time_zone.as_str())));
    let (zone, name) = named.unwrap_or((TimeZone::UTC, "UTC"));
    format!("{} ({name})", ends_at.to_zoned(zone).strftime("%Y-%m-%d %H:%M"))
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::patient_ports::{MockPatientStore, MockPatientTies, Person};
    use super::super::ports::MockPractices;
    use super::super::record_ports::{AccessIs, MockClinicStaff, MockEmergencyStore};
    use super::super::test_data::now;
    use super::super::view_ports::Called;
    use super::*;
    use crate::domain::{Patient, PatientEvent};

    const WHY: &str = "unconscious on arrival";

    fn opening(store: MockEmergencyStore, care_link: bool, at: ClinicId) -> OpenEmergencyAccess {
        let mut ties = MockPatientTies::new();
        ties.expect_care_link().returning(move |_, _| Ok(care_link));
        ties.expect_in_emergency().returning(|_, _, _| Ok(false));
        let mut patients = MockPatientStore::new();
        patients.expect_patient().returning(|_| Ok(Some(Patient::enrol("Ada", "ada@example.org", now()).unwrap())));
        let mut staff = MockClinicStaff::new();
        let nora = Person { name: "Nora".into(), email: "nora@example.com".into(), language: "fr".into() };
        staff.expect_of().withf(move |clinics| clinics == [at]).returning(move |_| Ok(vec![nora.clone()]));
        let mut practices = MockPractices::new();
        practices.expect_called().returning(|doctors, _| {
            Ok(Called {
                doctors: doctors.iter().map(|id| (*id, "Amara Okafor".to_owned())).collect(),
                ..Called::default()
            })
        });
        OpenEmergencyAccess {
            store: Arc::new(store),
            patients: Arc::new(patients),
            policy: Policy { ties: Arc::new(ties) },
            staff: Arc::new(staff),
            practices: Arc::new(practices),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    fn storing(known: Vec<KnownAt>, until: &'static str) -> MockEmergencyStore {
        let mut store = MockEmergencyStore::new();
        store.expect_known_at().returning(move |_| Ok(known.clone()));
        store
            .expect_open()
            .withf(move |new| {
                matches!(new.event.event, PatientEvent::EmergencyOpened { .. })
                    && new.alerts.len() == 1
                    && new.alerts[0].until == until
                    && new.alerts[0].doctor == "Amara Okafor"
            })
            .times(1)
            .returning(|new| Ok(OpenAccess { access: new.access.clone(), is: AccessIs::New }));
        store
    }

    #[tokio::test]
    async fn the_clinics_that_know_the_patient_are_told_by_their_own_clock() {
        let (at, doctor) = (ClinicId::mint(), DoctorId::mint());
        let known = vec![KnownAt { clinic: at, time_zone: "America/New_York".into() }];
        let store = storing(known, "2027-03-01 08:00 (America/New_York)");
        let caller = Caller::doctor(UserId::mint(), doctor, vec![ClinicId::mint()]);
        let open = opening(store, false, at).run(&caller, PatientId::mint(), WHY, None, None).await.unwrap();
        assert_eq!((open.access.doctor, open.access.reason.as_str()), (doctor, WHY));
    }

    #[tokio::test]
    async fn of_a_patient_whom_no_clinic_knows_the_doctors_own_clinics_are_told() {
        let at = ClinicId::mint();
        let caller = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![at]);
        let store = storing(vec![], "2027-03-01 13:00 (UTC)");
        opening(store, false, at).run(&caller, PatientId::mint(), WHY, None, None).await.unwrap();
    }

    #[tokio::test]
    async fn who_treats_the_patient_who_gives_no_reason_and_who_is_no_doctor_opens_nothing() {
        let (user, at, patient) = (UserId::mint(), ClinicId::mint(), PatientId::mint());
        let doctor = Caller::doctor(user, DoctorId::mint(), vec![at]);
        let run = async |caller: &Caller, care_link, why: &str| {
            opening(MockEmergencyStore::new(), care_link, at).run(caller, patient, why, None, None).await.err().unwrap()
        };
        assert!(matches!(run(&doctor, true, WHY).await, EmergencyError::CareLink));
        assert!(matches!(run(&doctor, false, "urgent").await, EmergencyError::BadReason(_)));
        for other in [Caller::staff(user, vec![at]), Caller::admin(user), Caller::patient(user)] {
            assert!(matches!(run(&other, false, WHY).await, EmergencyError::NotFound), "{other:?}");
        }
    }
}
