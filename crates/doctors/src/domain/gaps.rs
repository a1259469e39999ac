//! Times for those who stand at the front desk: they need no slot, only a stretch that nobody else has.

use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, Interval};

use super::resource::Taken;
use super::rules::Rules;
use super::slot::Slot;
use super::visit_type::VisitType;

/// How far a front desk reaches for time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Into the doctor's hours at the clinic, less time off; not on a holiday.
    OpenHours,
    /// Until the clinic's next midnight, whatever the hours say.
    Today,
}

impl Rules {
    /// The earliest stretch of the clinic's day, from `now` on, into which a visit fits, buffers included, without
    /// touching what is taken of the doctor's time, and for which a room or device is free where it needs one. Grid, notice and the hours of single visit types do
    /// not matter: somebody is there and waits. It starts on a whole minute, the present one at the earliest.
    ///
    /// `None` where the doctor does not work at that clinic, or nothing is left of the day.
    #[must_use]
    pub fn gap<'a>(
        &self,
        visit_type: &VisitType,
        clinic: ClinicId,
        busy: impl Into<Taken<'a>>,
        now: Timestamp,
        reach: Reach,
    ) -> Option<Slot> {
        let taken = busy.into();
        let zone = self.time_zone(clinic).filter(|_| self.active)?;
        let minute = Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(60)).ok()?;
        let today = zone.to_datetime(minute).date();
        let midnight = today.tomorrow().ok()?.to_zoned(zone.clone()).ok()?.timestamp();
        let length = SignedDuration::from_mins(i64::from(visit_type.duration_minutes));
        let spans = match reach {
            Reach::OpenHours => self.open_hours(clinic, today),
            // What begins before midnight may end after it.
            Reach::Today => vec![Interval::new(minute, midnight.checked_add(length).ok()?)?],
        };
        let (before, after) = (visit_type.buffer_before, visit_type.buffer_after);
        let buffer = SignedDuration::from_mins(i64::from(before));
        spans.iter().find_map(|span| {
            let mut start = span.start.max(minute);
            loop {
                let found = visit(start, length).filter(|found| found.end <= span.end && start < midnight)?;
                let Some(obstacle) = self.until(visit_type, clinic, found.widened(before, after), taken) else {
                    let (starts_at, ends_at) = (found.start, found.end);
                    return Some(Slot { starts_at, ends_at, visit_type: visit_type.id, clinic });
                };
                start = whole_minute(obstacle?.checked_add(buffer).ok()?)?;
            }
        })
    }

    /// Nothing where the stretch is free; else until when something stands in its way, or never mind when.
    fn until(
        &self,
        visit_type: &VisitType,
        clinic: ClinicId,
        wanted: Interval,
        taken: Taken<'_>,
    ) -> Option<Option<Timestamp>> {
        if let Some(busy) = taken.doctor.iter().find(|busy| busy.overlaps(&wanted)) {
            return Some(Some(busy.end));
        }
        self.resource_free(visit_type, clinic, wanted, taken).err()?;
        let rooms = self.resources_for(visit_type);
        let in_the_way = taken.resources.iter().filter(|(id, busy)| rooms.contains(id) && busy.overlaps(&wanted));
        Some(in_the_way.map(|(_, busy)| busy.end).min())
    }
}

fn visit(start: Timestamp, length: SignedDuration) -> Option<Interval> {
    Interval::new(start, start.checked_add(length).ok()?)
}

/// The same instant, or the next whole minute.
fn whole_minute(at: Timestamp) -> Option<Timestamp> {
    let beyond = at.as_second() + i64::from(at.subsec_nanosecond() > 0);
    Timestamp::from_second(beyond + (-beyond).rem_euclid(60)).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Weekday;
    use proptest::prelude::*;

    use super::super::sample::{clinic, rules_in, visit as kind, weekly};
    use super::*;

    /// A Monday in March; the clocks of New York show five hours less.
    fn at(time: &str) -> Timestamp {
        format!("2027-03-01T{time}-05:00").parse().unwrap()
    }

    fn taken(from: &str, to: &str) -> Interval {
        Interval::new(at(from), at(to)).unwrap()
    }

    fn monday() -> Rules {
        let hours = vec![weekly(1, Weekday::Monday, "09:00-12:00"), weekly(1, Weekday::Monday, "13:00-17:00")];
        Rules { weekly_hours: hours, minimum_notice_minutes: 600, ..rules_in("America/New_York") }
    }

    fn found(busy: &[Interval], now: &str, reach: Reach) -> Option<String> {
        let slot = monday().gap(&kind(1, 30), clinic(1), busy, at(now), reach)?;
        Some(
            slot.starts_at
                .to_zoned(jiff::tz::TimeZone::get("America/New_York").unwrap())
                .strftime("%d %H:%M")
                .to_string(),
        )
    }

    #[test]
    fn who_is_there_is_seen_at_once_or_as_soon_as_the_doctor_is_free() {
        let open = Reach::OpenHours;
        assert_eq!(found(&[], "10:07:42", open).unwrap(), "01 10:07");
        assert_eq!(found(&[], "08:10:00", open).unwrap(), "01 09:00", "the doors open");
        assert_eq!(found(&[taken("10:00:00", "10:30:00")], "10:07:42", open).unwrap(), "01 10:30");
        let full = [taken("10:30:00", "11:00:00"), taken("10:00:00", "10:30:00"), taken("11:15:00", "11:45:30")];
        assert_eq!(found(&full, "10:07:42", open).unwrap(), "01 13:00", "a quarter of an hour is too short");
    }

    #[test]
    fn beyond_the_hours_the_day_ends_at_midnight() {
        assert_eq!(found(&[], "16:45:00", Reach::OpenHours), None);
        assert_eq!(found(&[], "16:45:00", Reach::Today).unwrap(), "01 16:45");
        assert_eq!(found(&[], "23:50:00", Reach::Today).unwrap(), "01 23:50");
        assert_eq!(found(&[taken("23:00:00", "23:59:30")], "23:50:00", Reach::Today), None);
        assert_eq!(found(&[], "12:10:00", Reach::OpenHours).unwrap(), "01 13:00");
        assert_eq!(found(&[], "12:10:00", Reach::Today).unwrap(), "01 12:10");
    }

    #[test]
    fn nobody_is_seen_where_the_doctor_does_not_work() {
        assert_eq!(monday().gap(&kind(1, 30), clinic(2), &[], at("10:00:00"), Reach::Today), None);
        let inactive = Rules { active: false, ..monday() };
        assert_eq!(inactive.gap(&kind(1, 30), clinic(1), &[], at("10:00:00"), Reach::Today), None);
    }

    proptest! {
        #[test]
        fn what_is_found_touches_nothing_and_nothing_earlier_would_do(
            seconds in 0i64..86_400,
            before in 0u16..20,
            after in 0u16..20,
            busy in prop::collection::vec((0i64..1440, 1i64..120), 0..12),
        ) {
            let midnight = at("00:00:00");
            let now = midnight + SignedDuration::from_secs(seconds);
            let minute = |count: i64| midnight + SignedDuration::from_mins(count);
            let busy: Vec<_> =
                busy.into_iter().map(|(from, length)| Interval::new(minute(from), minute(from + length)).unwrap()).collect();
            let wanted = VisitType { buffer_before: before, buffer_after: after, ..kind(1, 30) };
            let fits = |start: Timestamp| {
                let visit = visit(start, SignedDuration::from_mins(30)).unwrap();
                let blocked = visit.widened(before, after);
                let open = [("09:00:00", "12:00:00"), ("13:00:00", "17:00:00")];
                open.iter().any(|(from, to)| at(from) <= visit.start && visit.end <= at(to))
                    && busy.iter().all(|taken| taken.end <= blocked.start || blocked.end <= taken.start)
            };
            let first = (seconds / 60..1440).map(minute).find(|start| fits(*start));
            let found = monday().gap(&wanted, clinic(1), &busy, now, Reach::OpenHours);
            prop_assert_eq!(found.map(|slot| slot.starts_at), first);
        }
    }
}
