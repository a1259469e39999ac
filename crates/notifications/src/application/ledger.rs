use async_trait::async_trait;
use jiff::Timestamp;
use kernel::PortFailure;
use uuid::Uuid;

use crate::domain::{Channel, DeliveryState};

/// What the ledger says of a message: no address, no words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Of the message in the outbox.
    pub id: Uuid,
    /// By what way.
    pub channel: Channel,
    /// Name of the template.
    pub template: String,
    /// The record it is about.
    pub subject: Uuid,
    /// When the change it tells of was made.
    pub created_at: Timestamp,
    /// What became of it.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When the state was last heard of.
    pub changed_at: Timestamp,
}

/// A message that is about to be handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trying {
    /// Of the message in the outbox.
    pub id: Uuid,
    /// By what way.
    pub channel: Channel,
    /// Name of the template.
    pub template: &'static str,
    /// The record it is about.
    pub subject: Uuid,
    /// When the change it tells of was made.
    pub created_at: Timestamp,
}

/// What is known of earlier tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// Somebody else is answerable for it already: it must not be handed over again.
    pub was_handed_over: bool,
    /// A try began, and nobody wrote down how it ended: it may have been handed over.
    pub in_doubt: bool,
}

/// How a try ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// Handed over; what the other side calls it, where it says so.
    HandedOver(Option<String>),
    /// It is tried again; why, in fixed words.
    PutOff(String),
    /// It is not; why, in fixed words.
    GivenUp(String),
}

/// What a provider tells of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Of our message.
    pub id: Uuid,
    /// What the provider calls it.
    pub provider_id: String,
    /// What became of it.
    pub state: DeliveryState,
    /// The provider's number of a trouble.
    pub trouble: Option<String>,
}

/// Keeps what became of every message. Each writing method is one statement, and does the same when it is repeated.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Writes down that a try begins, unless the message was handed over before.
    async fn begin(&self, trying: &Trying, at: Timestamp) -> Result<Before, PortFailure>;

    /// Writes down how it ended.
    async fn end(&self, id: Uuid, ended: &Ended, at: Timestamp) -> Result<(), PortFailure>;

    /// Takes over what a provider tells, if the state only goes forward by it; did it?
    async fn told(&self, told: &Told, at: Timestamp) -> Result<bool, PortFailure>;

    /// What is known of the messages about these records, and of those that `ids` name: the oldest first, at most 200.
    /// What still waits is among it.
    async fn about(&self, subjects: &[Uuid], ids: &[Uuid]) -> Result<Vec<LedgerEntry>, PortFailure>;
}
