use jiff::Timestamp;
use kernel::{DoctorId, DomainEvent, UserId};
use serde::Serialize;
use uuid::Uuid;

/// The most calendars elsewhere of one doctor.
pub const MOST_EXTERNAL: usize = 10;

kernel::ids! {
    /// A doctor's calendar elsewhere.
    ExternalId,
}

/// A doctor's calendar elsewhere, whose busy times block slots here.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalCalendar {
    /// Which one.
    pub id: ExternalId,
    /// Whose time it blocks.
    pub doctor: DoctorId,
    /// Where it is read; often a secret.
    pub address: String,
    /// IANA zone of times that name none.
    pub time_zone: String,
    /// Who has added it.
    pub added_by: UserId,
    /// When.
    pub created_at: Timestamp,
    /// How reading it goes.
    pub state: ReadState,
}

impl std::fmt::Debug for ExternalCalendar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExternalCalendar").field("id", &self.id).field("state", &self.state).finish_non_exhaustive()
    }
}

/// How reading a calendar goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadState {
    /// Of the text that was read last, for asking whether it has changed.
    pub etag: Option<String>,
    /// When its text was last seen, and not only found unchanged.
    pub whole_read_at: Option<Timestamp>,
    /// When it was last read well.
    pub read_at: Option<Timestamp>,
    /// The first failure since then: until it is read again, what it said last holds.
    pub stale_since: Option<Timestamp>,
    /// A code for the last failure.
    pub trouble: Option<String>,
    /// How many busy times it has.
    pub busy: u32,
    /// How many of its events are not understood, and block nothing.
    pub not_understood: u32,
}

/// The host of an address, which may be shown; the rest often is a secret.
#[must_use]
pub fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').map_or(authority, |(_, host)| host)
}

/// What happened to calendars elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum ExternalEvent {
    /// Its busy times block slots.
    Added {
        /// Which one.
        calendar_id: ExternalId,
        /// Whose time it blocks.
        doctor_id: DoctorId,
    },
    /// They do not any more.
    Removed {
        /// Which one.
        calendar_id: ExternalId,
        /// Whose time it blocked.
        doctor_id: DoctorId,
    },
}

impl DomainEvent for ExternalEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Added { .. } => "external_calendar.added",
            Self::Removed { .. } => "external_calendar.removed",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Added { calendar_id, .. } | Self::Removed { calendar_id, .. } => calendar_id.as_uuid(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}
