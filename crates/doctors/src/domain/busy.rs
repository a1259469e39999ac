use std::borrow::Cow;

use kernel::Interval;

use super::zone_clock::{ceil_second, floor_second};

/// Blocked time in order, and where the last question was asked: questions mostly come in order too.
pub(super) struct Busy<'a> {
    blocked: Cow<'a, [Interval]>,
    next: usize,
}

impl<'a> Busy<'a> {
    /// From stretches in any order, overlapping or not. What is in order already is not copied.
    pub(super) fn new(blocked: &'a [Interval]) -> Self {
        let in_order = blocked.windows(2).all(|pair| pair[0].end <= pair[1].start);
        let blocked = if in_order { Cow::Borrowed(blocked) } else { Cow::Owned(merged(blocked)) };
        Self { blocked, next: 0 }
    }

    /// The same from stretches of one's own.
    pub(super) fn of(blocked: Vec<Interval>) -> Self {
        let in_order = blocked.windows(2).all(|pair| pair[0].end <= pair[1].start);
        Self { blocked: Cow::Owned(if in_order { blocked } else { merged(&blocked) }), next: 0 }
    }

    /// Does anything lie between these two seconds of Unix time?
    pub(super) fn touches(&mut self, start: i64, end: i64) -> bool {
        let passed = |blocked: &Interval| ceil_second(blocked.end) <= start;
        if self.next > 0 && !passed(&self.blocked[self.next - 1]) {
            self.next = 0;
        }
        if self.next == 0 {
            self.next = self.blocked.partition_point(passed);
        }
        while self.blocked.get(self.next).is_some_and(passed) {
            self.next += 1;
        }
        self.blocked.get(self.next).is_some_and(|blocked| floor_second(blocked.start) < end)
    }
}

fn merged(blocked: &[Interval]) -> Vec<Interval> {
    let mut sorted = blocked.to_vec();
    sorted.sort_unstable();
    sorted.dedup_by(|later, kept| {
        let joins = later.start <= kept.end;
        if joins {
            kept.end = kept.end.max(later.end);
        }
        joins
    });
    sorted
}
