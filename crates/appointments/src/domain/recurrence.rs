//! How often a visit comes again: the part of RFC 5545's recurrence rules that appointments need.

mod reading;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan as _};

/// A series has at most so many visits.
pub const MOST_IN_SERIES: usize = 52;
/// From the first visit of a series to its last: five years, so that 52 monthly ones fit.
pub const LONGEST_SERIES_DAYS: u32 = 1827;

/// Why a text is no rule, or a rule has no dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// No rule of RFC 5545.
    #[error("is not a recurrence rule such as FREQ=WEEKLY;COUNT=10")]
    Unreadable,
    /// There is no frequency, or one that visits do not have.
    #[error("must have FREQ=DAILY, FREQ=WEEKLY or FREQ=MONTHLY")]
    Frequency,
    /// A part of RFC 5545 that is not known here, or not with this frequency.
    #[error("may have FREQ, INTERVAL, COUNT or UNTIL, BYDAY, WKST, and BYMONTHDAY with FREQ=MONTHLY in place of BYDAY")]
    Part,
    /// The same part twice.
    #[error("has a part twice")]
    Twice,
    /// The value of a part cannot be one.
    #[error("has a bad value of {0}")]
    Value(&'static str),
    /// It must end by a count or a date, and not by both.
    #[error("must end by COUNT or by UNTIL, one of the two")]
    End,
    /// More dates than [`MOST_IN_SERIES`].
    #[error("has more than 52 dates")]
    TooMany,
    /// The dates reach further than [`LONGEST_SERIES_DAYS`].
    #[error("reaches further than five years")]
    TooLong,
    /// The first visit is none of the rule's dates.
    #[error("does not name the date of the first visit")]
    StartsElsewhere,
}

/// In which step.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// Every so many days, on these weekdays alone; on all where none is named.
    Daily(Vec<Weekday>),
    /// On these weekdays, by their distance from the day a week begins with; on that of the first where none is named.
    Weekly { days: Vec<Weekday>, begins: Weekday },
    /// On these days of the month, from its end where negative; on that of the first where none is named.
    MonthlyByDate(Vec<i8>),
    /// On these weekdays of the month: on each (`None`), or on the so-manieth, from its end where negative.
    MonthlyByWeekday(Vec<(Option<i8>, Weekday)>),
}

/// When it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// After so many dates.
    Count(usize),
    /// After this date on the clinic's clock.
    Date(Date),
    /// After this instant.
    Instant(Timestamp),
}

/// A rule by which a visit comes again (RFC 5545, section 3.3.10).
///
/// Its dates are those of the clinic's wall clock: 9:00 stays 9:00. A time that the clock skips on some date is no date
/// of the rule and does not count; of one that it shows twice, the earlier is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    text: String,
    step: Step,
    interval: u16,
    end: End,
}

impl Recurrence {
    /// The rule in the words of RFC 5545, in capitals.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The instants of the rule, in order, from a first visit at `first` on; that is the first of them.
    ///
    /// # Errors
    /// When there are too many, they reach too far, or the first visit is none of them.
    pub fn times(&self, first: Timestamp, zone: &TimeZone) -> Result<Vec<Timestamp>, RecurrenceError> {
        let local = zone.to_datetime(first);
        let instants =
            self.dates(local.date()).filter_map(|date| Some((date, instant(date.to_datetime(local.time()), zone)?)));
        let times: Vec<Timestamp> = self.bounded(instants, local.date())?;
        // Of a time that comes twice a day the first visit may be the later: it is taken at its word.
        match times.first() {
            Some(at) if zone.to_datetime(*at) == local => {}
            Some(_) | None => return Err(RecurrenceError::StartsElsewhere),
        }
        Ok([first].into_iter().chain(times.into_iter().skip(1)).collect())
    }

    fn bounded(
        &self,
        instants: impl Iterator<Item = (Date, Timestamp)>,
        first: Date,
    ) -> Result<Vec<Timestamp>, RecurrenceError> {
        let last = first.saturating_add(i64::from(LONGEST_SERIES_DAYS).days());
        let mut times = Vec::new();
        for (date, at) in instants {
            let over = match self.end {
                End::Count(count) => times.len() == count,
                End::Date(until) => date > until,
                End::Instant(until) => at > until,
            };
            if over {
                return Ok(times);
            }
            if date > last {
                return Err(RecurrenceError::TooLong);
            }
            if times.len() == MOST_IN_SERIES {
                return Err(RecurrenceError::TooMany);
            }
            times.push(at);
        }
        // The dates go on until long after the last that is allowed.
        if matches!(self.end, End::Count(count) if count > times.len()) {
            Err(RecurrenceError::TooLong)
        } else {
            Ok(times)
        }
    }

    /// The dates of the rule from `first` on, in order, without regard to its end.
    fn dates(&self, first: Date) -> impl Iterator<Item = Date> {
        // A month without a 31st, a February without a 29th: some steps have no date, so one looks a little further.
        let last = first.saturating_add((i64::from(LONGEST_SERIES_DAYS) + 366).days());
        (0_i32..)
            .map_while(move |number| self.opens(first, number.checked_mul(i32::from(self.interval))?))
            .take_while(move |opens| *opens <= last)
            .flat_map(move |opens| self.within(opens, first))
            .filter(move |date| *date >= first)
    }

    /// The first day of the day, week or month that lies so many steps behind the first one.
    fn opens(&self, first: Date, steps: i32) -> Option<Date> {
        match &self.step {
            Step::Daily(_) => first.checked_add(steps.days()).ok(),
            Step::Weekly { begins, .. } => {
                let since = i32::from(first.weekday().since(*begins));
                first.checked_add((7_i32.checked_mul(steps)? - since).days()).ok()
            }
            Step::MonthlyByDate(_) | Step::MonthlyByWeekday(_) => {
                first.first_of_month().checked_add(steps.months()).ok()
            }
        }
    }

    /// The dates in the day, week or month that begins with `opens`, in order.
    fn within(&self, opens: Date, first: Date) -> Vec<Date> {
        let mut dates: Vec<Date> = match &self.step {
            Step::Daily(days) => {
                let on = days.is_empty() || days.contains(&opens.weekday());
                on.then_some(opens).into_iter().collect()
            }
            Step::Weekly { days, begins } => {
                let own = [first.weekday()];
                let days = if days.is_empty() { &own[..] } else { days };
                let day = |day: &Weekday| opens.checked_add(i32::from(day.since(*begins)).days()).ok();
                days.iter().filter_map(day).collect()
            }
            Step::MonthlyByDate(days) => {
                let own = [first.day()];
                let days = if days.is_empty() { &own[..] } else { days };
                let date = |day: &i8| {
                    let day = if *day > 0 { *day } else { opens.days_in_month() + 1 + *day };
                    Date::new(opens.year(), opens.month(), day).ok()
                };
                days.iter().filter_map(date).collect()
            }
            Step::MonthlyByWeekday(days) => {
                let nth = |nth: i8, day: Weekday| opens.nth_weekday_of_month(nth, day).ok();
                let dates = |(which, day): &(Option<i8>, Weekday)| match which {
                    Some(which) => vec![nth(*which, *day)],
                    None => (1..=5).map(|which| nth(which, *day)).collect(),
                };
                days.iter().flat_map(dates).flatten().collect()
            }
        };
        dates.sort_unstable();
        dates.dedup();
        dates
    }
}

/// The instant at which the clock reads so, the earlier of two; none when it skips that reading.
fn instant(reading: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(reading).offset() {
        AmbiguousOffset::Gap { .. } => None,
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(reading).ok()
        }
    }
}

#[cfg(test)]
mod tests;
