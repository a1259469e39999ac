use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClinicId, Interval, VisitTypeId};
use serde::Serialize;

/// A visit that could be booked: `starts_at` belongs to it, `ends_at` does not; buffers are not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Slot {
    /// Start of the visit.
    pub starts_at: Timestamp,
    /// End of the visit: the start plus the visit type's duration in real minutes.
    pub ends_at: Timestamp,
    /// What would be booked.
    #[serde(rename = "visit_type_id")]
    pub visit_type: VisitTypeId,
    /// Where.
    #[serde(rename = "clinic_id")]
    pub clinic: ClinicId,
}

impl Slot {
    /// A slot between two seconds of Unix time; `None` beyond the ends of time.
    pub(super) fn between(start: i64, end: i64, visit_type: VisitTypeId, clinic: ClinicId) -> Option<Self> {
        let (starts_at, ends_at) = (Timestamp::from_second(start).ok()?, Timestamp::from_second(end).ok()?);
        Some(Self { starts_at, ends_at, visit_type, clinic })
    }

    /// The visit itself, without buffers.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        Interval { start: self.starts_at, end: self.ends_at }
    }
}

/// A doctor's first free slot and how long that stays true while nothing but time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstFree {
    /// The slot; `None` when nothing is free up to the horizon.
    pub slot: Option<Slot>,
    /// The last instant, itself included, at which the answer is the same; ask again when now is later.
    ///
    /// With a slot this is its start less the minimum notice, when it can be booked for the last time; without one
    /// the last microsecond (the store's finest step) before a clinic's next local midnight, when the horizon
    /// moves on.
    pub valid_until: Timestamp,
    /// The date of the slot on its clinic's calendar.
    pub local_date: Option<Date>,
}
