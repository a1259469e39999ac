//! What writing to patients needs from outside.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::SignedDuration;
use kernel::{Caller, ClinicId, EventId, Once, OnceError, PatientId, PortFailure, Recorded};

use crate::domain::{ClinicMessage, ClinicMessageSent};

/// Where a patient is reached.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient {
    /// How the patient is called.
    pub name: String,
    /// E-mail address: the patient's own, or that of who looks after them.
    pub email: Option<String>,
    /// Number in international form.
    pub phone: Option<String>,
    /// BCP 47 tag.
    pub language: String,
    /// What the clinic is called.
    pub clinic: String,
}

/// Patients, whom another slice keeps.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Recipients: Send + Sync {
    /// Where the patient is reached, if the caller may write to them in the name of that clinic: a front desk to who
    /// was or will be there, a doctor to whom there is a care link with.
    async fn of(&self, caller: &Caller, patient: PatientId, clinic: ClinicId)
    -> Result<Option<Recipient>, PortFailure>;
}

/// How a message gets away.
#[derive(Clone)]
pub enum Written {
    /// By mail: to whom, in which language, and what the letter shows.
    Mail {
        /// The address.
        to: String,
        /// BCP 47 tag.
        language: String,
        /// How the patient is called.
        name: String,
        /// What the clinic is called.
        clinic: String,
        /// The words.
        message: String,
    },
    /// By text.
    Text {
        /// The number.
        to: String,
        /// BCP 47 tag.
        language: String,
        /// What the text shows, by name.
        values: BTreeMap<String, String>,
    },
}

/// A message to store and to send.
pub struct NewClinicMessage {
    /// The message.
    pub message: ClinicMessage,
    /// Its words, and where they go.
    pub written: Written,
    /// What happened.
    pub event: Recorded<ClinicMessageSent>,
    /// The client's wish to have it done once.
    pub once: Option<Once<ClinicMessage>>,
}

/// Why a message was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreMessageError {
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The sender, or the patient, has as many as there may be within this time.
    #[error("so many messages were sent within {0:?}")]
    TooMany(SignedDuration),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps who wrote to whom, without the words.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ClinicMessages: Send + Sync {
    /// Stores the message and puts it on its way, unless there are too many: one transaction.
    async fn send(&self, new: &NewClinicMessage) -> Result<(), StoreMessageError>;

    /// One that was sent.
    async fn find(&self, id: EventId) -> Result<Option<ClinicMessage>, PortFailure>;
}
