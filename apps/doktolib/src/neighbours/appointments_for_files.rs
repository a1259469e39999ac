use std::sync::Arc;

use appointments::application::{Grounds, PatientStore, Policy, Tie as PatientTie, WatchReads};
use async_trait::async_trait;
use files::application::{Patients, Tie, TieKind};
use jiff::Timestamp;
use kernel::{Actor, Caller, ClinicId, PatientId, PortFailure, UserId};

/// Who may deal with whose papers.
pub struct AppointmentsForFiles {
    pub(crate) policy: Policy,
    pub(crate) watch: WatchReads,
    pub(crate) patients: Arc<dyn PatientStore>,
}

impl AppointmentsForFiles {
    /// The first of the caller's clinics at which the patient is known to a front desk; a doctor's first.
    async fn clinic(
        &self,
        caller: &Caller,
        patient: PatientId,
        at: Timestamp,
    ) -> Result<Option<ClinicId>, PortFailure> {
        if let Actor::Staff(user) = caller.actor() {
            for clinic in caller.clinics() {
                let there = Caller::staff(user, vec![*clinic]);
                if self.policy.tie(&there, patient, at).await?.is_some() {
                    return Ok(Some(*clinic));
                }
            }
        }
        Ok(caller.clinics().first().copied())
    }
}

#[async_trait]
impl Patients for AppointmentsForFiles {
    async fn own(&self, user: UserId) -> Result<Option<PatientId>, PortFailure> {
        Ok(self.patients.own(user).await?.map(|patient| patient.id))
    }

    async fn tie(&self, caller: &Caller, patient: PatientId, at: Timestamp) -> Result<Option<Tie>, PortFailure> {
        let kind = match self.policy.tie(caller, patient, at).await? {
            None => return Ok(None),
            Some(PatientTie::Care) => return Ok(Some(Tie { kind: TieKind::Care, clinic: None })),
            Some(PatientTie::CareLink) => TieKind::Treats,
            Some(PatientTie::Emergency) => TieKind::Emergency,
            Some(PatientTie::Clinic) => TieKind::Desk,
        };
        Ok(Some(Tie { kind, clinic: self.clinic(caller, patient, at).await? }))
    }

    async fn told(&self, caller: &Caller, tie: Tie, patient: PatientId, what: &'static str) -> Result<(), PortFailure> {
        let grounds = match tie.kind {
            TieKind::Emergency => Grounds::Emergency,
            TieKind::Care | TieKind::Treats | TieKind::Desk => Grounds::Reach,
        };
        self.watch.told(caller, grounds, vec![(patient, tie.clinic)], what).await
    }
}
