//! Why a time cannot be booked.

use jiff::Timestamp;

use super::refusal::Refusal;
use super::resource::Taken;
use super::rules::Rules;
use super::slot::Slot;
use super::visit_type::VisitType;

/// What stands in the way of a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// A rule of the doctor's time.
    Rule(Refusal),
    /// The time of the visit is taken, at least a part of it.
    Busy,
    /// The visit itself would fit; the minutes that are kept free before or after it would not.
    Buffer,
    /// The doctor is free; every room or device that the visit could take is taken, at least for a part of the time.
    Resource,
}

impl Obstacle {
    /// The word in the API: the rule that refuses, `busy`, `buffer` or `resource`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Rule(refusal) => refusal.rule(),
            Self::Busy => "busy",
            Self::Buffer => "buffer",
            Self::Resource => "resource",
        }
    }
}

impl Rules {
    /// The slot that a visit of `visit_type` at `starts_at` would take, when nothing stands in its way; `busy` is what
    /// is taken around it, in any order. Rules are asked first, by [`Rules::check`] as a booking asks them.
    ///
    /// # Errors
    /// The first obstacle.
    pub fn explain<'a>(
        &self,
        visit_type: &VisitType,
        starts_at: Timestamp,
        busy: impl Into<Taken<'a>>,
        now: Timestamp,
    ) -> Result<Slot, Obstacle> {
        let slot = self.check(visit_type, starts_at, now).map_err(Obstacle::Rule)?;
        let (blocked, busy) = (self.blocked_by(&slot), busy.into());
        if busy.doctor.iter().any(|taken| taken.overlaps(&slot.interval())) {
            Err(Obstacle::Busy)
        } else if busy.doctor.iter().any(|taken| taken.overlaps(&blocked)) {
            Err(Obstacle::Buffer)
        } else if self.resource_free(visit_type, slot.clinic, blocked, busy).is_err() {
            Err(Obstacle::Resource)
        } else {
            Ok(slot)
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Interval;

    use super::super::sample::{instant, interval, rules_in};
    use super::*;

    #[test]
    fn a_taken_time_and_a_taken_buffer_are_told_apart_and_rules_come_first() {
        let now = instant("2027-04-01T00:00:00Z");
        let rules = rules_in("UTC").daily("09:00-12:00").with_visit(|visit| visit.buffer_after = 10);
        let at = |start: &str, busy: &[Interval]| rules.explain(rules.offered(), instant(start), busy, now);
        let nine = "2027-04-02T09:00:00Z";
        assert!(at(nine, &[]).is_ok());
        assert_eq!(at(nine, &[interval("2027-04-02T09:29:00Z", "2027-04-02T10:00:00Z")]), Err(Obstacle::Busy));
        assert_eq!(at(nine, &[interval("2027-04-02T09:30:00Z", "2027-04-02T10:00:00Z")]), Err(Obstacle::Buffer));
        assert!(at(nine, &[interval("2027-04-02T09:40:00Z", "2027-04-02T10:00:00Z")]).is_ok());
        let noon = at("2027-04-02T12:00:00Z", &[interval("2027-04-02T09:00:00Z", "2027-04-02T13:00:00Z")]);
        assert_eq!(noon, Err(Obstacle::Rule(Refusal::OutsideHours)));
    }
}
