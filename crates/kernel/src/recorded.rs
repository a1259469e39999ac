use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::{Actor, EventId};

/// Something that has happened to an aggregate.
///
/// Its serialised form goes into the audit trail and the outbox: ids, times and reasons' codes, never
/// names, addresses or medical words.
pub trait DomainEvent: Serialize + Send + Sync {
    /// Past participle with the aggregate in front, e.g. `appointment.booked`.
    fn name(&self) -> &'static str;

    /// The id of the aggregate it happened to.
    fn subject(&self) -> Uuid;

    /// The clinic whose audit chain keeps it, or `None` for the installation's own chain.
    fn clinic(&self) -> Option<Uuid>;
}

/// An event with who did it, when, and in answer to which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded<E> {
    /// Its own id; receivers of the message tell duplicates by it.
    pub id: EventId,
    /// What happened.
    pub event: E,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// The request that caused it, for finding the way back from the audit trail to the logs.
    pub request_id: Option<String>,
}

impl<E: DomainEvent> Recorded<E> {
    /// Records `event`.
    #[must_use]
    pub fn new(event: E, actor: Actor, at: Timestamp) -> Self {
        Self { id: EventId::mint(), event, actor, at, request_id: None }
    }

    /// The same with the id of the request that caused it.
    #[must_use]
    pub fn caused_by(mut self, request_id: Option<String>) -> Self {
        self.request_id = request_id;
        self
    }
}
