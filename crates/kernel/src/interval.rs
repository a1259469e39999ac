use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A half-open stretch of time: `start` belongs to it, `end` does not.
///
/// 9:00–9:30 and 9:30–10:00 do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Interval {
    /// First instant inside.
    pub start: Timestamp,
    /// First instant after it; always later than `start`.
    pub end: Timestamp,
}

impl Interval {
    /// `None` when `end` is not after `start`.
    #[must_use]
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    /// Do the two share an instant?
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        self.start < other.end && other.start < self.end
    }

    /// Does `other` lie wholly inside?
    #[must_use]
    pub fn contains(&self, other: &Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Its length in real time.
    #[must_use]
    pub fn length(&self) -> SignedDuration {
        self.end.duration_since(self.start)
    }

    /// Wider by `before` and `after` minutes; saturates at the ends of time.
    #[must_use]
    pub fn widened(&self, before_minutes: u16, after_minutes: u16) -> Self {
        let before = SignedDuration::from_mins(i64::from(before_minutes));
        let after = SignedDuration::from_mins(i64::from(after_minutes));
        Self {
            start: self.start.checked_sub(before).unwrap_or(Timestamp::MIN),
            end: self.end.checked_add(after).unwrap_or(Timestamp::MAX),
        }
    }
}
