use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Actor, Caller, PortFailure};

use super::book_appointment::{BookError, Whom};
use super::patient_ports::PatientStore;
use super::policy::Policy;
use super::ports::{AppointmentStore, PatientIs};
use super::welcome_patient::WelcomePatient;
use crate::domain::{Offer, Patient};

/// Finds out who comes to a visit that is booked.
#[derive(Clone)]
pub struct WhoComes {
    /// Where guests are met again.
    pub store: Arc<dyn AppointmentStore>,
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Who books for whom.
    pub policy: Policy,
    /// Makes a user's own record where there is none yet.
    pub welcome: Arc<WelcomePatient>,
}

/// Who comes, as far as it is known before the store is asked about guests.
pub(super) enum Comer {
    Record(Patient),
    ToldOf(Patient),
}

/// Must somebody without a record be reachable?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reachable {
    /// By mail or by phone.
    Needed,
    /// They are here.
    NotNeeded,
}

impl WhoComes {
    /// Who comes: a record that the caller books for, or somebody who is told of.
    pub(super) async fn comer(
        &self,
        caller: &Caller,
        whom: Whom,
        reachable: Reachable,
        request_id: Option<String>,
        now: Timestamp,
    ) -> Result<Comer, BookError> {
        match (whom, caller.actor()) {
            (Whom::Oneself, Actor::Patient(user)) => Ok(Comer::Record(self.welcome.own(user, request_id).await?)),
            (Whom::Oneself, _) => Err(BookError::Nobody),
            (Whom::Patient(id), _) => {
                if !self.policy.books_for(caller, id).await? {
                    return Err(BookError::UnknownPatient);
                }
                Ok(Comer::Record(self.patients.patient(id).await?.ok_or(BookError::UnknownPatient)?))
            }
            // A patient books for records, never for a name: there is a list of relatives for that.
            (Whom::Person(_), Actor::Patient(_)) => Err(BookError::UnknownPatient),
            (Whom::Person(particulars), _) => {
                let person = Patient::take_down(particulars, now)?;
                if reachable == Reachable::Needed && person.email.is_none() && person.phone.is_none() {
                    return Err(BookError::Unreachable);
                }
                Ok(Comer::ToldOf(Patient { known_by_address: person.email.is_some(), ..person }))
            }
        }
    }

    /// Who comes, and whether they are new; refuses who is new where only known patients are seen.
    pub(super) async fn patient(
        &self,
        caller: &Caller,
        comer: &Comer,
        offer: &Offer,
    ) -> Result<(Patient, PatientIs), BookError> {
        // Those who run the calendar decide for themselves whom they see.
        let open = offer.open_to_new_patients || Policy::is_team(caller);
        let (patient, is, known) = match comer {
            Comer::Record(patient) => {
                let known = open || self.knows(offer, patient).await?;
                (patient.clone(), PatientIs::Known, known)
            }
            Comer::ToldOf(person) if person.email.is_none() => (person.clone(), PatientIs::New, false),
            Comer::ToldOf(person) => match self.store.guest(person, offer.doctor).await? {
                Some(guest) => (guest.patient, PatientIs::Known, guest.known_to_doctor),
                None => (person.clone(), PatientIs::New, false),
            },
        };
        if open || known { Ok((patient, is)) } else { Err(BookError::NotForNewPatients) }
    }

    async fn knows(&self, offer: &Offer, patient: &Patient) -> Result<bool, PortFailure> {
        self.policy.ties.care_link(offer.doctor, patient.id).await
    }
}
