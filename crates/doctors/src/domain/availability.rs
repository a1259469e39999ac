use std::num::NonZeroUsize;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, Interval};

use super::busy::Busy;
use super::day::{Day, For, Opening, Readings, midnight_of};
use super::resource::{Rooms, Taken};
use super::rules::Rules;
use super::slot::{FirstFree, Slot};
use super::visit_type::VisitType;
use super::zone_clock::{DAY, ZoneClock, ceil_second, floor_second, instant_at};

impl Rules {
    /// All free slots of `visit_type` on the clinics' local dates `from..=to`, as of `now`, by start, then clinic.
    ///
    /// `busy` is what is taken, see [`super::Occupied`]; of a visit that needs a room or device, one must be free for all
    /// of the time it blocks. Dates outside today and the horizon have no slots.
    #[must_use]
    pub fn free_slots<'a>(
        &'a self,
        visit_type: &'a VisitType,
        busy: impl Into<Taken<'a>>,
        now: Timestamp,
        from: Date,
        to: Date,
    ) -> Vec<Slot> {
        let mut search = Search::new(self, visit_type, busy.into(), now, now);
        let (first, last) = (midnight_of(from), midnight_of(to));
        for place in &mut search.places {
            place.first = place.first.max(first);
            place.last = place.last.min(last);
        }
        search.run(NonZeroUsize::MAX)
    }

    /// The first `count` free slots of `visit_type` that start at or after `after`, as of `now`; fewer when the
    /// horizon comes first. For `busy` see [`Rules::free_slots`].
    #[must_use]
    pub fn next_free<'a>(
        &'a self,
        visit_type: &'a VisitType,
        busy: impl Into<Taken<'a>>,
        now: Timestamp,
        after: Timestamp,
        count: usize,
    ) -> Vec<Slot> {
        match NonZeroUsize::new(count) {
            Some(count) => Search::new(self, visit_type, busy.into(), now, after).run(count),
            None => Vec::new(),
        }
    }

    /// The first free slot of `visit_type` as of `now`, and how long it stays the first while only time passes.
    /// For `busy` see [`Rules::free_slots`].
    #[must_use]
    pub fn first_free<'a>(
        &'a self,
        visit_type: &'a VisitType,
        busy: impl Into<Taken<'a>>,
        now: Timestamp,
    ) -> FirstFree {
        let mut search = Search::new(self, visit_type, busy.into(), now, now);
        let slot = search.run(NonZeroUsize::MIN).first().copied();
        let Some(slot) = slot else {
            return FirstFree { slot: None, valid_until: search.horizon_stands_until(now), local_date: None };
        };
        let notice = SignedDuration::from_mins(i64::from(self.minimum_notice_minutes));
        let mut valid_until = slot.starts_at.checked_sub(notice).unwrap_or(Timestamp::MIN);
        let start = floor_second(slot.starts_at);
        // Where midnight comes earlier the horizon moves on earlier, and may bring a slot before this one.
        if search.places.len() > 1
            && search.places.iter_mut().any(|place| place.clock.day_starts(place.horizon + DAY) <= start)
        {
            valid_until = valid_until.min(search.horizon_stands_until(now));
        }
        let place = search.places.iter().find(|place| place.clinic == slot.clinic);
        let local_date = place.map(|place| Day::starting(place.clock.midnight(start)).date);
        FirstFree { slot: Some(slot), valid_until, local_date }
    }

    /// A stretch that covers all time a booking made at `now` could block, buffers included: what is busy outside
    /// of it does not matter.
    #[must_use]
    pub fn bookable_span(&self, now: Timestamp) -> Interval {
        let widest = |buffer: fn(&VisitType) -> u16| self.visit_types.iter().map(buffer).max().unwrap_or(0);
        let (before, after) = (widest(|visit| visit.buffer_before), widest(|visit| visit.buffer_after));
        let second = floor_second(now);
        let days = i64::from(self.horizon_days).saturating_add(1);
        let end = self.clinics.iter().map(|clinic| {
            let mut clock = ZoneClock::new(&clinic.time_zone, second);
            let midnight = clock.midnight(second) + days * DAY;
            clock.day_starts(midnight)
        });
        let end = end.max().unwrap_or(second + days * DAY);
        Interval { start: now, end: instant_at(end) }.widened(before, after)
    }

    /// The first instant at which a visit booked at `now` may start.
    pub(super) fn notice_ends(&self, now: Timestamp) -> Timestamp {
        now.checked_add(SignedDuration::from_mins(i64::from(self.minimum_notice_minutes))).unwrap_or(Timestamp::MAX)
    }
}

/// A clinic during a search. Days are named by their local midnights.
struct Place<'a> {
    clinic: ClinicId,
    clock: ZoneClock<'a>,
    rooms: Rooms<'a>,
    /// First day to look at.
    first: i64,
    /// Last day to look at.
    last: i64,
    /// Last day one may book.
    horizon: i64,
}

/// A walk through the days, from the first on which a slot could be free.
struct Search<'a> {
    rules: &'a Rules,
    visit_type: &'a VisitType,
    busy: Busy<'a>,
    off: Busy<'a>,
    /// Second before which nothing may start.
    earliest: i64,
    places: Vec<Place<'a>>,
}

impl<'a> Search<'a> {
    fn new(rules: &'a Rules, visit_type: &'a VisitType, busy: Taken<'a>, now: Timestamp, after: Timestamp) -> Self {
        let earliest = ceil_second(rules.notice_ends(now).max(after));
        let today = floor_second(now);
        let places = rules.clinics.iter().map(|clinic| {
            let clock = ZoneClock::new(&clinic.time_zone, today);
            let horizon = clock.midnight(today) + i64::from(rules.horizon_days) * DAY;
            let rooms = Rooms::new(rules, visit_type, clinic.id, busy.resources);
            Place { clinic: clinic.id, first: clock.midnight(earliest), last: horizon, horizon, clock, rooms }
        });
        let places = places.collect();
        Self { rules, visit_type, busy: Busy::new(busy.doctor), off: Busy::new(&rules.time_off), earliest, places }
    }

    /// The first `count` slots.
    fn run(&mut self, count: NonZeroUsize) -> Vec<Slot> {
        let count = count.get();
        let mut slots = Vec::new();
        let bounds = (self.places.iter().map(|place| place.first).min(), self.places.iter().map(|p| p.last).max());
        let (Some(first), Some(last)) = bounds else { return slots };
        if !self.rules.active || first > last {
            return slots;
        }
        let mut openings = Vec::new();
        let mut day = Day::starting(first);
        let alone = self.places.len() == 1;
        while day.midnight <= last {
            for at in 0..self.places.len() {
                let room = if alone { count - slots.len() } else { count };
                self.day(at, day, room, &mut openings, &mut slots);
            }
            day = day.next();
            if slots.len() >= count && (alone || self.settled(day, &slots) >= count) {
                break;
            }
        }
        if !alone {
            slots.sort_unstable_by_key(|slot| (slot.starts_at, slot.clinic));
            slots.dedup();
            slots.truncate(count);
        }
        slots
    }

    /// How many of `slots` start before anything that `day` or a later one could bring.
    fn settled(&mut self, day: Day, slots: &[Slot]) -> usize {
        let to_come = self.places.iter_mut().filter(|place| day.midnight <= place.last);
        match to_come.map(|place| place.clock.day_starts(day.midnight)).min() {
            Some(next) => slots.iter().filter(|slot| slot.starts_at.as_second() < next).count(),
            None => slots.len(),
        }
    }

    /// Adds up to `room` slots of one day at one clinic.
    fn day(&mut self, at: usize, day: Day, room: usize, openings: &mut Vec<Opening>, slots: &mut Vec<Slot>) {
        let place = &mut self.places[at];
        if day.midnight < place.first || day.midnight > place.last {
            return;
        }
        let clinic = place.clinic;
        self.rules.openings(clinic, day, For::Type(self.visit_type.id), openings);
        if openings.is_empty() || self.rules.is_holiday(clinic, day.date) {
            return;
        }
        let readings = Readings::of(&mut place.clock, day);
        let (before, after) =
            (i64::from(self.visit_type.buffer_before) * 60, i64::from(self.visit_type.buffer_after) * 60);
        let duration = self.visit_type.duration();
        let full = slots.len().saturating_add(room);
        for opening in openings.iter() {
            readings.each_start(day, *opening, self.visit_type.grid(), duration, |start| {
                let end = start + duration;
                if start >= self.earliest
                    && !self.busy.touches(start - before, end + after)
                    && !self.off.touches(start, end)
                    && place.rooms.first_free(start - before, end + after).is_ok()
                {
                    slots.extend(Slot::between(start, end, self.visit_type.id, clinic));
                }
                slots.len() < full
            });
            if slots.len() >= full {
                return;
            }
        }
    }

    /// The last microsecond before the horizon moves on at one of the clinics; before the next day of UTC when there
    /// is none.
    fn horizon_stands_until(&mut self, now: Timestamp) -> Timestamp {
        let second = floor_second(now);
        let nights = self.places.iter_mut().map(|place| {
            let tomorrow = place.clock.midnight(second) + DAY;
            place.clock.day_starts(tomorrow)
        });
        let night = nights.min().unwrap_or((second.div_euclid(DAY) + 1) * DAY);
        instant_at(night).checked_sub(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MIN)
    }
}

#[cfg(test)]
mod tests;
