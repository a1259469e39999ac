use jiff::civil::{Date, Weekday};
use jiff::tz::Offset;
use kernel::{ClinicId, VisitTypeId};

use super::rules::Rules;
use super::zone_clock::{DAY, Stretch, ZoneClock, instant_at};

/// A date of some calendar.
#[derive(Debug, Clone, Copy)]
pub(super) struct Day {
    pub(super) date: Date,
    pub(super) weekday: Weekday,
    /// Its midnight as a local time, see [`ZoneClock`].
    pub(super) midnight: i64,
}

impl Day {
    /// The day that starts at this local midnight.
    pub(super) fn starting(midnight: i64) -> Self {
        let date = Offset::UTC.to_datetime(instant_at(midnight)).date();
        Self { date, weekday: date.weekday(), midnight }
    }

    /// The next one.
    pub(super) fn next(self) -> Self {
        let date = self.date.tomorrow().unwrap_or(Date::MAX);
        Self { date, weekday: self.weekday.next(), midnight: self.midnight + DAY }
    }
}

/// The local midnight at which `date` starts.
pub(super) fn midnight_of(date: Date) -> i64 {
    Offset::UTC
        .to_timestamp(date.to_datetime(jiff::civil::Time::midnight()))
        .map_or_else(|_| if date.year() < 0 { i64::MIN / 4 } else { i64::MAX / 4 }, |instant| instant.as_second())
}

/// An opening in seconds after local midnight; `to` is excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Opening {
    pub(super) from: i64,
    pub(super) to: i64,
}

/// For whom openings are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum For {
    /// Those open for this visit type.
    Type(VisitTypeId),
    /// Those open for any visit type at all.
    Anything,
}

impl Rules {
    /// Puts the openings at `clinic` on `day` into `openings`, in order; what overlaps or touches is one opening.
    ///
    /// Breaks are cut out of those of the week. Holidays are not looked at.
    pub(super) fn openings(&self, clinic: ClinicId, day: Day, wanted: For, openings: &mut Vec<Opening>) {
        let of_the_week = self.openings_without_breaks(clinic, day, wanted, openings);
        for pause in self.breaks.iter().filter(|_| of_the_week) {
            if pause.clinic == clinic && pause.holds_on(day.date, day.weekday) {
                let (from, to) = (pause.from.seconds(), pause.to.seconds());
                let parts = openings.iter().flat_map(|opening| {
                    [
                        Opening { from: opening.from, to: opening.to.min(from) },
                        Opening { from: opening.from.max(to), to: opening.to },
                    ]
                });
                *openings = parts.filter(|part| part.from < part.to).collect();
            }
        }
    }

    /// The same as if there were no breaks; are they those of the week?
    pub(super) fn openings_without_breaks(
        &self,
        clinic: ClinicId,
        day: Day,
        wanted: For,
        openings: &mut Vec<Opening>,
    ) -> bool {
        openings.clear();
        let mut of_the_week = false;
        if let Some(special) = self.overrides.iter().find(|special| special.date == day.date) {
            let there = special.hours.iter().filter(|hours| hours.clinic == clinic);
            openings.extend(there.map(|hours| Opening { from: hours.from.seconds(), to: hours.to.seconds() }));
        } else {
            of_the_week = true;
            let there = self.weekly_hours.iter().filter(|hours| {
                hours.hold_on(day.date, day.weekday)
                    && hours.clinic == clinic
                    && match wanted {
                        For::Type(visit_type) => hours.admit(visit_type),
                        For::Anything => true,
                    }
            });
            openings.extend(there.map(|hours| Opening { from: hours.from.seconds(), to: hours.to.seconds() }));
        }
        openings.sort_unstable();
        openings.dedup_by(|later, kept| {
            let joins = later.from <= kept.to;
            if joins {
                kept.to = kept.to.max(later.to);
            }
            joins
        });
        of_the_week
    }

    /// Is `clinic` closed on `date` for a holiday?
    pub(super) fn is_holiday(&self, clinic: ClinicId, date: Date) -> bool {
        self.holidays.iter().any(|holiday| holiday.date == date && holiday.clinic == clinic)
    }
}

/// How the local times of one day become instants.
#[derive(Debug)]
pub(super) enum Readings {
    /// All through the same offset.
    Steady(i64),
    /// Through several, in order.
    Changing(Vec<Stretch>),
}

impl Readings {
    pub(super) fn of(clock: &mut ZoneClock<'_>, day: Day) -> Self {
        match clock.steady_offset(day.midnight) {
            Some(offset) => Self::Steady(offset),
            None => Self::Changing(clock.stretches(day.midnight)),
        }
    }

    /// Calls `found` with each instant at which a visit may start in `opening`, in order, until it answers `false`.
    ///
    /// A visit may start where the clock shows, for the first time, a time on the grid that counts from the opening,
    /// when the clock shows a time of the opening for as long as the visit lasts, and at least a grid step of real
    /// time after the start before it. So a closing time that does not exist is the jump itself, and of one that
    /// happens twice the earlier counts.
    pub(super) fn each_start(
        &self,
        day: Day,
        opening: Opening,
        grid: i64,
        duration: i64,
        mut found: impl FnMut(i64) -> bool,
    ) {
        match self {
            Self::Steady(offset) => {
                let (from, to) = (day.midnight + opening.from - offset, day.midnight + opening.to - offset);
                let mut start = from;
                while start + duration <= to && found(start) {
                    start += grid;
                }
            }
            Self::Changing(stretches) => {
                let runs = open_runs(stretches, day, opening);
                let mut earliest = i64::MIN;
                for local in (opening.from..opening.to).step_by(usize::try_from(grid).unwrap_or(60)) {
                    let Some(start) = first_showing(stretches, day.midnight + local) else { continue };
                    let fits = runs.iter().any(|(from, to)| *from <= start && start + duration <= *to);
                    if fits && start >= earliest {
                        if !found(start) {
                            return;
                        }
                        earliest = start + grid;
                    }
                }
            }
        }
    }

    /// Does the clock show times of `opening` from `start` up to `end`?
    pub(super) fn is_open(&self, day: Day, opening: Opening, start: i64, end: i64) -> bool {
        match self {
            Self::Steady(offset) => {
                let (from, to) = (day.midnight + opening.from - offset, day.midnight + opening.to - offset);
                from <= start && end <= to
            }
            Self::Changing(stretches) => {
                open_runs(stretches, day, opening).iter().any(|(from, to)| *from <= start && end <= *to)
            }
        }
    }
}

/// The runs of instants at which the clock shows a time of the opening: one, unless a jump back leaves it.
fn open_runs(stretches: &[Stretch], day: Day, opening: Opening) -> Vec<(i64, i64)> {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for stretch in stretches {
        let from = stretch.start.max(day.midnight + opening.from - stretch.offset);
        let to = stretch.end.min(day.midnight + opening.to - stretch.offset);
        match runs.last_mut() {
            _ if from >= to => {}
            Some(before) if before.1 == from => before.1 = to,
            _ => runs.push((from, to)),
        }
    }
    runs
}

/// The first instant at which the clock shows `local`; `None` when it never does.
fn first_showing(stretches: &[Stretch], local: i64) -> Option<i64> {
    stretches
        .iter()
        .map(|stretch| (stretch, local - stretch.offset))
        .find(|(stretch, instant)| (stretch.start..stretch.end).contains(instant))
        .map(|(_, instant)| instant)
}

#[cfg(test)]
mod tests;
