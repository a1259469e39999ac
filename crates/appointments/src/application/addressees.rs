use std::sync::Arc;

use kernel::{Actor, Caller, PortFailure};

use super::patient_ports::{Accounts, PatientStore};
use crate::domain::Patient;

/// The language of letters to people who have not said theirs.
const UNSAID: &str = "en";

/// Where a letter about a patient goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Addressee {
    /// The address.
    pub email: String,
    /// BCP 47 tag.
    pub language: String,
}

/// Finds out where letters about patients go.
#[derive(Clone)]
pub struct Addressees {
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Who users are.
    pub accounts: Arc<dyn Accounts>,
}

impl Addressees {
    /// The patient's own address; where there is none, that of who looks after them; nobody's when that is unknown
    /// as well.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn of(&self, caller: &Caller, patient: &Patient) -> Result<Option<Addressee>, PortFailure> {
        if let Some(email) = &patient.email {
            return Ok(Some(Addressee { email: email.clone(), language: UNSAID.to_owned() }));
        }
        let user = match caller.actor() {
            Actor::Patient(user) => Some(user),
            _ => self.patients.caretakers(patient.id).await?.first().copied(),
        };
        let Some(user) = user else { return Ok(None) };
        let person = self.accounts.person(user).await?;
        Ok(person.map(|person| Addressee { email: person.email, language: person.language }))
    }

    /// The same for letters that nobody has asked for: in the language of the account that has this address, where
    /// there is one.
    ///
    /// # Errors
    /// When it cannot be found out.
    pub async fn in_their_language(&self, patient: &Patient) -> Result<Option<Addressee>, PortFailure> {
        let Some(email) = &patient.email else { return self.of(&Caller::system(), patient).await };
        let mut language = UNSAID.to_owned();
        for user in self.patients.caretakers(patient.id).await? {
            let person = self.accounts.person(user).await?;
            if let Some(person) = person.filter(|person| person.email.eq_ignore_ascii_case(email)) {
                language = person.language;
                break;
            }
        }
        Ok(Some(Addressee { email: email.clone(), language }))
    }
}
