use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::agenda::{Agenda, Window, instant, minutes};
use super::dice::Dice;
use super::offer::Offer;

/// Which side of the present day a visit lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    Past,
    Today,
    Future,
}

/// A time for a visit, free when it was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) period: Period,
    /// Index of the offer.
    pub(super) offer: usize,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
    pub(super) blocked_from: Timestamp,
    pub(super) blocked_until: Timestamp,
}

/// Finds free times in one doctor's agenda. Places never overlap, buffers included, whatever becomes of
/// the visits there.
pub(super) struct Placing<'a> {
    pub(super) zone: &'a TimeZone,
    pub(super) agenda: &'a Agenda,
    pub(super) offers: &'a [Offer],
    pub(super) today: Date,
}

/// An open day with what is taken on it.
struct Day<'a> {
    date: Date,
    windows: &'a [Window],
    taken: Vec<(Timestamp, Timestamp)>,
}

/// How many of a hundred visits lie in the past and on the present day; the others are to come.
const PAST_PERCENT: u32 = 30;
const TODAY_PERCENT: u32 = 10;

impl Placing<'_> {
    /// `wanted` places: 30 % in the past, 10 % today, 60 % to come. What does not fit into one period goes
    /// into another; fewer where all are full.
    pub(super) fn places(&self, dice: &mut Dice, wanted: u32) -> Result<Vec<Place>, jiff::Error> {
        let past = wanted * PAST_PERCENT / 100;
        let today = Self::today_share(wanted);
        let future = wanted - past - today;
        // Some 60 days ahead and 90 back, as long as that is room enough.
        let ahead = i64::from(future / 4).clamp(60, 90);
        let back = i64::from(past / 4).clamp(90, 365);
        let mut places = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
        let mut open = past + today + future;
        for (period, days, share) in [
            (Period::Today, self.days(0..=0)?, today),
            (Period::Future, self.days(1..=ahead)?, future + today),
            (Period::Past, self.days(-back..=-1)?, wanted),
        ] {
            // What the periods before have left over, but never at the cost of the past's own share.
            let reserved = if period == Period::Past { 0 } else { past };
            let count = share.min(open.saturating_sub(reserved));
            let found = self.fill(dice, period, days, usize::try_from(count).unwrap_or(0));
            open -= u32::try_from(found.len()).unwrap_or(open);
            places.extend(found);
        }
        Ok(places)
    }

    /// How many of `wanted` visits are meant for the present day.
    pub(super) const fn today_share(wanted: u32) -> u32 {
        (wanted * TODAY_PERCENT + 50) / 100
    }

    fn days(&self, offsets: std::ops::RangeInclusive<i64>) -> Result<Vec<Day<'_>>, jiff::Error> {
        let mut days = Vec::new();
        for offset in offsets {
            let date = self.today.checked_add(offset.days())?;
            let windows = self.agenda.on(date);
            if !windows.is_empty() {
                days.push(Day { date, windows, taken: Vec::new() });
            }
        }
        Ok(days)
    }

    fn fill(&self, dice: &mut Dice, period: Period, mut days: Vec<Day<'_>>, wanted: usize) -> Vec<Place> {
        let mut places = Vec::with_capacity(wanted);
        if days.is_empty() {
            return places;
        }
        // Throwing darts is quick while there is room …
        for _ in 0..wanted * 4 {
            if places.len() == wanted {
                return places;
            }
            let index = dice.index(days.len());
            let day = &mut days[index];
            let window = day.windows[dice.index(day.windows.len())];
            let offer = window.only.unwrap_or_else(|| self.any_offer(dice));
            let count = self.positions(window, offer);
            let position = dice.between(0, i64::from(count) - 1);
            if count > 0
                && let Some(place) = self.take(day, period, window, offer, position)
            {
                places.push(place);
            }
        }
        // … and what is left is found by walking through every slot.
        dice.shuffle(&mut days);
        for day in &mut days {
            for window in day.windows {
                for offer in (0..self.offers.len()).filter(|offer| window.only.is_none_or(|only| only == *offer)) {
                    for position in 0..i64::from(self.positions(*window, offer)) {
                        if places.len() == wanted {
                            return places;
                        }
                        places.extend(self.take(day, period, *window, offer, position));
                    }
                }
            }
        }
        places
    }

    /// The default offer more often than the others.
    fn any_offer(&self, dice: &mut Dice) -> usize {
        if dice.chance(45) { 0 } else { dice.index(self.offers.len()) }
    }

    /// How many slots of the offer lie in the window.
    fn positions(&self, window: Window, offer: usize) -> i16 {
        let Offer { duration, grid, .. } = self.offers[offer];
        let room = window.to - window.from - duration;
        if room < 0 { 0 } else { room / grid + 1 }
    }

    fn take(&self, day: &mut Day<'_>, period: Period, window: Window, offer: usize, position: i64) -> Option<Place> {
        let Offer { duration, grid, before, after, .. } = self.offers[offer];
        let minute = window.from + i16::try_from(position).ok()? * grid;
        let starts_at = instant(self.zone, day.date, minute)?;
        let ends_at = starts_at + minutes(duration.into());
        let blocked_from = starts_at - minutes(before.into());
        let blocked_until = ends_at + minutes(after.into());
        if day.taken.iter().any(|(from, until)| *from < blocked_until && blocked_from < *until) {
            return None;
        }
        day.taken.push((blocked_from, blocked_until));
        Some(Place { period, offer, starts_at, ends_at, blocked_from, blocked_until })
    }
}
