use jiff::Timestamp;
use kernel::{DoctorId, DomainEvent, UserId};
use serde::Serialize;
use uuid::Uuid;

/// The most feeds of one owner.
pub const MOST_FEEDS: usize = 20;

kernel::ids! {
    /// A list of visits that calendar programs subscribe to.
    FeedId,
}

/// Whose visits a feed shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A patient's, and those of whom the patient looks after.
    User(UserId),
    /// Those in a doctor's calendar.
    Doctor(DoctorId),
}

impl Owner {
    /// The bare id.
    #[must_use]
    pub const fn as_uuid(self) -> Uuid {
        match self {
            Self::User(user) => user.as_uuid(),
            Self::Doctor(doctor) => doctor.as_uuid(),
        }
    }
}

/// How much of a visit a feed tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Details {
    /// With whom and where: for the patient.
    Full,
    /// That there is one: for the doctor, unless wished otherwise.
    Busy,
    /// The patient's initials as well.
    Initials,
}

impl Details {
    /// The word in API and database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Busy => "busy",
            Self::Initials => "initials",
        }
    }

    /// The details of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Full, Self::Busy, Self::Initials].into_iter().find(|details| details.word() == word)
    }
}

/// A feed, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Which one.
    pub id: FeedId,
    /// Whose visits it shows.
    pub owner: Owner,
    /// How much of them.
    pub details: Details,
    /// BCP 47 tag of its language.
    pub language: String,
    /// Who has opened it.
    pub opened_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// When a program last asked for it, to the hour.
    pub last_used_at: Option<Timestamp>,
}

/// What happened to feeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum FeedEvent {
    /// There is an address more.
    Opened {
        /// Which one.
        feed_id: FeedId,
        /// The doctor whose calendar it shows.
        #[serde(skip_serializing_if = "Option::is_none")]
        doctor_id: Option<DoctorId>,
        /// How much it tells.
        details: &'static str,
    },
    /// The address leads nowhere any more.
    Closed {
        /// Which one.
        feed_id: FeedId,
    },
}

impl DomainEvent for FeedEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "calendar_feed.opened",
            Self::Closed { .. } => "calendar_feed.closed",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Opened { feed_id, .. } | Self::Closed { feed_id } => feed_id.as_uuid(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}
