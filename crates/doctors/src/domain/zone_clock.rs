use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds of a day without a transition.
pub(super) const DAY: i64 = 86_400;

/// A stretch in which a zone keeps one offset. Instants are seconds of Unix time, `end` is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) start: i64,
    pub(super) end: i64,
    /// Seconds east of UTC.
    pub(super) offset: i64,
}

/// A zone's clock that remembers the stretch it was last asked about: nearly all days of a calendar lie in one.
///
/// Local times are counted in seconds as if the clock ran on UTC, so a local midnight is a multiple of [`DAY`].
pub(super) struct ZoneClock<'a> {
    zone: &'a TimeZone,
    known: Stretch,
}

impl<'a> ZoneClock<'a> {
    /// A clock that will be asked about `instant` and what follows.
    pub(super) fn new(zone: &'a TimeZone, instant: i64) -> Self {
        Self { zone, known: stretch_from(zone, instant.saturating_sub(2 * DAY)) }
    }

    /// What the clock shows at `instant`.
    pub(super) fn local(&self, instant: i64) -> i64 {
        if (self.known.start..self.known.end).contains(&instant) {
            instant + self.known.offset
        } else {
            instant.saturating_add(offset_at(self.zone, instant))
        }
    }

    /// The local midnight at or before what the clock shows at `instant`.
    pub(super) fn midnight(&self, instant: i64) -> i64 {
        self.local(instant).div_euclid(DAY) * DAY
    }

    /// The one offset of the day that starts at this local midnight, and of the days before and after it.
    ///
    /// The neighbours count because a clock set back at midnight shows a date's times on both sides of the jump.
    pub(super) fn steady_offset(&mut self, midnight: i64) -> Option<i64> {
        self.known_offset(midnight).or_else(|| {
            self.known = stretch_from(self.zone, midnight - self.known.offset - 2 * DAY);
            self.known_offset(midnight)
        })
    }

    fn known_offset(&self, midnight: i64) -> Option<i64> {
        let start = midnight - self.known.offset;
        (self.known.start <= start - DAY && start + 2 * DAY < self.known.end).then_some(self.known.offset)
    }

    /// The stretches, in order and without gaps, in which the clock could show a time of that day.
    pub(super) fn stretches(&self, midnight: i64) -> Vec<Stretch> {
        // No offset reaches 26 hours (jiff's limit, beyond any real one), so two days around are enough.
        let (first, last) = (midnight - 2 * DAY, midnight + 3 * DAY);
        let mut stretches = vec![Stretch { start: first, end: last, offset: offset_at(self.zone, first) }];
        for change in self.zone.following(instant_at(first)) {
            let at = change.timestamp().as_second();
            if at >= last {
                break;
            }
            if let Some(before) = stretches.last_mut() {
                before.end = at;
            }
            stretches.push(Stretch { start: at, end: last, offset: i64::from(change.offset().seconds()) });
        }
        stretches
    }

    /// The first instant at which the clock shows this local midnight or anything after it.
    pub(super) fn day_starts(&mut self, midnight: i64) -> i64 {
        if let Some(offset) = self.steady_offset(midnight) {
            return midnight - offset;
        }
        self.stretches(midnight)
            .iter()
            .find(|stretch| midnight - stretch.offset < stretch.end)
            .map_or(midnight, |stretch| stretch.start.max(midnight - stretch.offset))
    }
}

fn stretch_from(zone: &TimeZone, start: i64) -> Stretch {
    let end = zone.following(instant_at(start)).next();
    Stretch {
        start,
        end: end.map_or(i64::MAX, |change| change.timestamp().as_second()),
        offset: offset_at(zone, start),
    }
}

fn offset_at(zone: &TimeZone, instant: i64) -> i64 {
    i64::from(zone.to_offset(instant_at(instant)).seconds())
}

/// The instant at this second of Unix time; saturates at the ends of time.
pub(super) fn instant_at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(if second < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// The last whole second at or before `instant`.
pub(super) fn floor_second(instant: Timestamp) -> i64 {
    instant.as_second() - i64::from(instant.subsec_nanosecond() < 0)
}

/// The first whole second at or after `instant`.
pub(super) fn ceil_second(instant: Timestamp) -> i64 {
    instant.as_second() + i64::from(instant.subsec_nanosecond() > 0)
}
