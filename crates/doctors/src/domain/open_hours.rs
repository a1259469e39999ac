use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use kernel::{ClinicId, Interval};

use super::day::{Day, For, Opening, midnight_of};
use super::rules::Rules;

impl Rules {
    /// When the doctor works at `clinic` on a date of its calendar, in order: what the hours say, less time off;
    /// nothing on a holiday, and nothing where the doctor does not work. Notice and horizon do not matter here.
    #[must_use]
    pub fn open_hours(&self, clinic: ClinicId, date: Date) -> Vec<Interval> {
        let Some(zone) = self.time_zone(clinic) else { return Vec::new() };
        if !self.active || self.is_holiday(clinic, date) {
            return Vec::new();
        }
        let mut openings = Vec::new();
        self.openings(clinic, Day::starting(midnight_of(date)), For::Anything, &mut openings);
        let hours = openings.into_iter().filter_map(|opening| instants(zone, date, opening));
        hours.flat_map(|hours| without(hours, &self.time_off)).collect()
    }
}

fn instants(zone: &TimeZone, date: Date, opening: Opening) -> Option<Interval> {
    Interval::new(instant(zone, date, opening.from)?, instant(zone, date, opening.to)?)
}

/// The instant of a time of the wall clock; one that is skipped is read as if the clocks had not changed yet, of one
/// that comes twice the earlier is taken.
fn instant(zone: &TimeZone, date: Date, seconds: i64) -> Option<Timestamp> {
    const DAY: i64 = 86_400;
    let date = if seconds >= DAY { date.tomorrow().ok()? } else { date };
    let minute = i32::try_from(seconds % DAY / 60).ok()?;
    let time = Time::new(i8::try_from(minute / 60).ok()?, i8::try_from(minute % 60).ok()?, 0, 0).ok()?;
    zone.to_ambiguous_timestamp(date.to_datetime(time)).compatible().ok()
}

/// What is left of a span without others.
fn without(span: Interval, taken: &[Interval]) -> Vec<Interval> {
    let mut left = vec![span];
    for away in taken {
        left = left
            .into_iter()
            .flat_map(|part| {
                let before = Interval::new(part.start, part.end.min(away.start));
                let after = Interval::new(part.start.max(away.end), part.end);
                [before, after].into_iter().flatten()
            })
            .collect();
    }
    left.sort_by_key(|part| part.start);
    left.dedup();
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: &str, to: &str) -> Interval {
        let at = |time: &str| format!("2027-03-01T{time}:00Z").parse().unwrap();
        Interval::new(at(from), at(to)).unwrap()
    }

    #[test]
    fn time_off_is_cut_out_of_the_hours() {
        let day = span("09:00", "17:00");
        assert_eq!(without(day, &[]), [day]);
        let lunch = span("12:00", "13:00");
        assert_eq!(without(day, &[lunch]), [span("09:00", "12:00"), span("13:00", "17:00")]);
        assert_eq!(
            without(day, &[lunch, span("16:00", "18:00"), span("07:00", "08:00")]),
            [span("09:00", "12:00"), span("13:00", "16:00")]
        );
        assert!(without(day, &[span("08:00", "18:00")]).is_empty());
    }

    #[test]
    fn hours_follow_the_wall_clock_and_end_at_midnight_at_the_latest() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let on = |date: &str, from, to| instants(&zone, date.parse().unwrap(), Opening { from, to }).unwrap();
        let winter = on("2027-03-13", 9 * 3600, 17 * 3600);
        assert_eq!(winter.start.to_string(), "2027-03-13T14:00:00Z");
        let summer = on("2027-03-15", 9 * 3600, 86_400);
        assert_eq!(
            (summer.start.to_string(), summer.end.to_string()),
            ("2027-03-15T13:00:00Z".into(), "2027-03-16T04:00:00Z".into())
        );
    }
}
