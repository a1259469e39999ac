use jiff::Timestamp;
use uuid::Uuid;

use super::EndpointId;

kernel::ids! {
    /// A message on its way to one endpoint.
    DeliveryId,
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It is to be tried.
    Pending,
    /// It got through.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A message on its way to one endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which one.
    pub id: DeliveryId,
    /// To which endpoint.
    pub endpoint: EndpointId,
    /// About what: `webhook-id`.
    pub event_id: Uuid,
    /// Of which type.
    pub event_type: String,
    /// What is posted: JSON.
    pub payload: String,
    /// Where it stands.
    pub state: DeliveryState,
    /// Tries so far.
    pub attempts: u32,
    /// When it is tried next.
    pub next_at: Option<Timestamp>,
    /// Of the last try, where somebody answered.
    pub response_status: Option<u16>,
    /// How long the last try took, in milliseconds.
    pub duration_ms: Option<u32>,
    /// What was wrong with the last try, in fixed words.
    pub error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it got through, or was given up.
    pub done_at: Option<Timestamp>,
}

/// One try of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Try {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub begun_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u32,
    /// What was answered.
    pub response_status: Option<u16>,
    /// What was wrong, in fixed words.
    pub error: Option<String>,
}
