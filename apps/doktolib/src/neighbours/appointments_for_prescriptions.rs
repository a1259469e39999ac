use std::sync::Arc;

use appointments::application::{
    Addressees as VisitAddressees, AppointmentStore, Grounds, PatientStore, Policy, Tie, WatchReads,
};
use appointments::domain::Status;
use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, Caller, ClinicId, PatientId, PortFailure, UserId};
use prescriptions::application::{Addressee, Addressees, Ground, Held, Readers, Visit, Visits};
use prescriptions::domain::Treated;

/// Visits, who reads of patients, and where letters about them go.
#[derive(Clone)]
pub struct AppointmentsForPrescriptions {
    pub(crate) store: Arc<dyn AppointmentStore>,
    pub(crate) patients: Arc<dyn PatientStore>,
    pub(crate) policy: Policy,
    pub(crate) watch: WatchReads,
    pub(crate) addressees: VisitAddressees,
}

#[async_trait]
impl Visits for AppointmentsForPrescriptions {
    async fn visit(&self, id: AppointmentId) -> Result<Option<Visit>, PortFailure> {
        let Some(found) = self.store.find(id).await? else { return Ok(None) };
        let held = match found.appointment.status {
            Status::Arrived | Status::Completed => Held::Yes,
            Status::Booked | Status::Cancelled | Status::NoShow => Held::No,
        };
        Ok(Some(Visit {
            id,
            doctor: found.appointment.doctor,
            patient: found.appointment.patient,
            clinic: found.appointment.clinic,
            time_zone: found.appointment.time_zone,
            held,
            treated: Treated { name: found.patient.name, birth_date: found.patient.birth_date },
        }))
    }
}

#[async_trait]
impl Readers for AppointmentsForPrescriptions {
    async fn ground(&self, caller: &Caller, patient: PatientId, now: Timestamp) -> Result<Option<Ground>, PortFailure> {
        Ok(match self.policy.tie(caller, patient, now).await? {
            Some(Tie::Care | Tie::CareLink) => Some(Ground::Reach),
            Some(Tie::Emergency) => Some(Ground::Emergency),
            Some(Tie::Clinic) | None => None,
        })
    }

    async fn told(
        &self,
        caller: &Caller,
        ground: Ground,
        of: Vec<(PatientId, ClinicId)>,
        what: &'static str,
    ) -> Result<(), PortFailure> {
        let grounds = match ground {
            Ground::Reach => Grounds::Reach,
            Ground::Emergency => Grounds::Emergency,
        };
        let of = of.into_iter().map(|(patient, clinic)| (patient, Some(clinic))).collect();
        self.watch.told(caller, grounds, of, what).await
    }

    async fn looked_after(&self, user: UserId) -> Result<Vec<PatientId>, PortFailure> {
        let all = self.patients.relatives(user).await?;
        Ok(all.into_iter().map(|relative| relative.patient.id).collect())
    }
}

#[async_trait]
impl Addressees for AppointmentsForPrescriptions {
    async fn of(&self, patient: PatientId) -> Result<Option<Addressee>, PortFailure> {
        let Some(patient) = self.patients.patient(patient).await? else { return Ok(None) };
        let to = self.addressees.in_their_language(&patient).await?;
        Ok(to.map(|to| Addressee { email: to.email, language: to.language }))
    }
}
