use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{ClinicId, Once, OnceError, PortFailure, Recorded};
use uuid::Uuid;

use crate::domain::{
    Delivery, DeliveryId, DeliveryState, Endpoint, EndpointEvent, EndpointId, Happening, Secret, SigningKeys, Tried,
    Try, Verdict,
};

/// Why an endpoint was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The clinic has as many as one may.
    #[error("too many webhooks")]
    TooMany,
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Was a change stored?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// Yes.
    Yes,
    /// No: it is another version by now, or gone.
    Stale,
}

/// Keeps endpoints. A writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Endpoints: Send + Sync {
    /// Adds one.
    async fn add(&self, new: &Endpoint, added: &Recorded<EndpointEvent>) -> Result<(), AddError>;

    /// Those of a clinic, the oldest first.
    async fn of(&self, clinic: ClinicId) -> Result<Vec<Endpoint>, PortFailure>;

    /// One of a clinic's.
    async fn find(&self, clinic: ClinicId, id: EndpointId) -> Result<Option<Endpoint>, PortFailure>;

    /// Stores it over the version before. What is on its way to one that is disabled is given up.
    async fn change(&self, changed: &Endpoint, event: &Recorded<EndpointEvent>) -> Result<Stored, PortFailure>;

    /// Takes it away with all its deliveries.
    async fn remove(&self, seen: &Endpoint, removed: &Recorded<EndpointEvent>) -> Result<Stored, PortFailure>;
}

/// Which deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Of which endpoint.
    pub endpoint: EndpointId,
    /// In this state alone.
    pub state: Option<DeliveryState>,
    /// Older than this one.
    pub before: Option<DeliveryId>,
    /// At most so many.
    pub limit: u32,
}

/// Why a message was not sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// Endpoint or delivery are gone.
    #[error("no such delivery")]
    NotFound,
    /// Nothing is sent to the endpoint.
    #[error("the webhook is disabled")]
    Disabled,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps messages on their way. A writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Those of these clinics that have an enabled endpoint.
    async fn listening(&self, clinics: &[ClinicId]) -> Result<Vec<ClinicId>, PortFailure>;

    /// Makes one delivery for each enabled endpoint of the clinic that wants such events and has none of this one yet;
    /// gives how many. Each is tried at once.
    async fn tell(&self, happening: &Happening, now: Timestamp) -> Result<usize, PortFailure>;

    /// The newest first.
    async fn page(&self, page: Page) -> Result<Vec<Delivery>, PortFailure>;

    /// One of an endpoint's, with its tries, the oldest first.
    async fn find(&self, endpoint: EndpointId, id: DeliveryId) -> Result<Option<(Delivery, Vec<Try>)>, PortFailure>;

    /// Sends a message to one endpoint, whatever that wants.
    async fn send(
        &self,
        new: DeliveryId,
        endpoint: EndpointId,
        happening: &Happening,
        event: &Recorded<EndpointEvent>,
        once: Option<Once<Delivery>>,
    ) -> Result<Delivery, SendError>;

    /// Lets a message be tried again at once, with all its tries before it.
    async fn replay(
        &self,
        endpoint: EndpointId,
        id: DeliveryId,
        event: &Recorded<EndpointEvent>,
        once: Option<Once<Delivery>>,
    ) -> Result<Delivery, SendError>;
}

/// A delivery that is to be tried now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// Where to.
    pub url: String,
    /// What signs.
    pub keys: SigningKeys,
    /// `webhook-id`.
    pub event_id: Uuid,
    /// What is posted.
    pub payload: String,
    /// Which try it is, from 1 since it was made or sent again by hand.
    pub count: u32,
}

/// May a try begin?
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Yes.
    Due(Due),
    /// Not yet: as many as may are on their way to the endpoint. It is let in when one of them ends.
    Parked,
    /// No: it was done before, or the endpoint is gone or disabled.
    Over,
}

/// A try that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Of which delivery.
    pub id: DeliveryId,
    /// Which try, from 1 since the delivery was made.
    pub attempt: u32,
    /// When it began.
    pub begun_at: Timestamp,
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub tried: Tried,
    /// What follows.
    pub verdict: Verdict,
}

/// Keeps account of tries. A writing method is one transaction.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Tries: Send + Sync {
    /// Begins a try, unless too many are on their way to the same endpoint.
    async fn begin(&self, id: DeliveryId, attempt: u32, now: Timestamp) -> Result<Begun, PortFailure>;

    /// Takes down how it ended, has the next one done, disables the endpoint where that is due, and lets in who waits.
    async fn ended(&self, ended: &Ended) -> Result<(), PortFailure>;
}

/// A message to be posted.
#[derive(Clone, PartialEq, Eq)]
pub struct Posting {
    /// Where to.
    pub url: String,
    /// Each signs.
    pub secrets: Vec<Secret>,
    /// `webhook-id`.
    pub event_id: Uuid,
    /// `webhook-timestamp`.
    pub at: Timestamp,
    /// The body.
    pub payload: String,
}

/// Whoever messages are posted to, wherever that is on the public internet.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Receivers: Send + Sync {
    /// Is this an address that may be asked at all? Asks nobody.
    fn allows(&self, url: &str) -> bool;

    /// Posts it, once.
    async fn post(&self, posting: &Posting) -> Tried;
}

/// Makes secrets.
#[cfg_attr(test, mockall::automock)]
pub trait Secrets: Send + Sync {
    /// A new one.
    fn mint(&self) -> Secret;
}

/// Knows which clinics there are. Another slice does.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Clinics: Send + Sync {
    /// Is there such a clinic?
    async fn exists(&self, clinic: ClinicId) -> Result<bool, PortFailure>;
}
