//! Which booked visits lie inside the rules.

use jiff::tz::TimeZone;
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, VisitTypeId};

use super::busy::Busy;
use super::day::{Day, For, Readings};
use super::rules::Rules;
use super::zone_clock::{ZoneClock, ceil_second, floor_second};

/// A visit that is to take place, as far as hours are concerned: nothing about the patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BookedVisit {
    /// Which one.
    pub id: AppointmentId,
    /// With whom.
    pub doctor: DoctorId,
    /// Where.
    pub clinic: ClinicId,
    /// What.
    pub visit_type: VisitTypeId,
    /// When, without buffers.
    pub visit: Interval,
}

/// A booked visit that a change of rules leaves outside of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AffectedVisit {
    /// The visit.
    pub visit: BookedVisit,
    /// The zone of its clinic, to write its times in.
    pub time_zone: TimeZone,
}

impl Rules {
    /// Does the visit lie wholly inside open hours: the doctor is active, offers the visit type, is at that clinic
    /// for it, there is no holiday and no time off? Grid, notice and horizon do not matter once it is booked.
    #[must_use]
    pub fn covers(&self, visit: &BookedVisit) -> bool {
        let Some(zone) = self.time_zone(visit.clinic) else { return false };
        if !self.active || self.visit_type(visit.visit_type).is_none() {
            return false;
        }
        let (start, end) = (floor_second(visit.visit.start), ceil_second(visit.visit.end));
        let mut clock = ZoneClock::new(zone, start);
        let day = Day::starting(clock.midnight(start));
        let readings = Readings::of(&mut clock, day);
        let mut openings = Vec::new();
        self.openings(visit.clinic, day, For::Type(visit.visit_type), &mut openings);
        openings.iter().any(|opening| readings.is_open(day, *opening, start, end))
            && !self.is_holiday(visit.clinic, day.date)
            && !Busy::new(&self.time_off).touches(start, end)
    }

    /// The visits that these rules cover and `after` does not any more, by start.
    #[must_use]
    pub fn affected_by(&self, after: &Self, visits: &[BookedVisit]) -> Vec<AffectedVisit> {
        let mut affected: Vec<AffectedVisit> = visits
            .iter()
            .filter(|visit| visit.doctor == self.doctor && self.covers(visit) && !after.covers(visit))
            .map(|visit| AffectedVisit {
                visit: *visit,
                time_zone: self.time_zone(visit.clinic).cloned().unwrap_or(TimeZone::UTC),
            })
            .collect();
        affected.sort_by_key(|affected| (affected.visit.visit.start, affected.visit.id));
        affected
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, Weekday};
    use kernel::Interval;

    use super::super::sample::{clinic, rules_in, visit, zone};
    use super::super::{ClinicZone, DayOverride, Holiday, MinuteOfDay, OpenHours, WeeklyHours};
    use super::*;

    fn minute(minute: u16) -> MinuteOfDay {
        MinuteOfDay::new(minute).unwrap()
    }

    /// Tuesdays from nine to five.
    fn rules() -> Rules {
        let hours = WeeklyHours::new(clinic(1), Weekday::Tuesday, minute(540), minute(1020)).unwrap();
        Rules { weekly_hours: vec![hours], ..rules_in("America/New_York") }
    }

    fn at(rules: &Rules, start: &str, end: &str) -> BookedVisit {
        BookedVisit {
            id: AppointmentId::mint(),
            doctor: rules.doctor,
            clinic: clinic(1),
            visit_type: visit(1, 30).id,
            visit: Interval::new(start.parse().unwrap(), end.parse().unwrap()).unwrap(),
        }
    }

    #[test]
    fn a_visit_is_covered_from_the_first_to_the_last_minute_of_the_hours_and_no_further() {
        let rules = rules();
        for (start, end, covered) in [
            ("2027-03-09T09:00:00-05:00", "2027-03-09T09:30:00-05:00", true),
            ("2027-03-09T16:30:00-05:00", "2027-03-09T17:00:00-05:00", true),
            ("2027-03-09T08:59:00-05:00", "2027-03-09T09:29:00-05:00", false),
            ("2027-03-09T16:40:00-05:00", "2027-03-09T17:10:00-05:00", false),
            // The clocks change in between; nine o'clock stays nine o'clock.
            ("2027-03-16T09:00:00-04:00", "2027-03-16T09:30:00-04:00", true),
            ("2027-03-16T08:00:00-04:00", "2027-03-16T08:30:00-04:00", false),
        ] {
            assert_eq!(rules.covers(&at(&rules, start, end)), covered, "{start}");
        }
    }

    #[test]
    fn each_rule_alone_takes_a_visit_out_of_the_hours() {
        let before = rules();
        let visit = at(&before, "2027-03-09T10:00:00-05:00", "2027-03-09T10:30:00-05:00");
        let date: Date = "2027-03-09".parse().unwrap();
        let off = Interval::new(visit.visit.start, visit.visit.end).unwrap();
        let elsewhere = WeeklyHours::new(clinic(2), Weekday::Tuesday, minute(540), minute(1020)).unwrap();
        let both = [1, 2].map(|n| ClinicZone { id: clinic(n), time_zone: zone("America/New_York") });
        let changes: [(&str, Rules); 8] = [
            ("inactive", Rules { active: false, ..before.clone() }),
            ("closed", Rules { overrides: vec![DayOverride { date, hours: Vec::new() }], ..before.clone() }),
            ("time off", Rules { time_off: vec![off], ..before.clone() }),
            ("holiday", Rules { holidays: vec![Holiday { clinic: clinic(1), date }], ..before.clone() }),
            ("no visit type", Rules { visit_types: Vec::new(), ..before.clone() }),
            ("no clinic", Rules { clinics: Vec::new(), ..before.clone() }),
            ("another clinic", Rules { weekly_hours: vec![elsewhere], clinics: both.into(), ..before.clone() }),
            ("another zone", rules_elsewhere(&before)),
        ];
        for (name, after) in changes {
            let affected = before.affected_by(&after, &[visit]);
            assert_eq!(affected.len(), 1, "{name}");
            assert!(after.affected_by(&before, &[visit]).is_empty(), "{name} the other way round");
        }
        let longer = OpenHours::new(clinic(1), minute(480), minute(1200)).unwrap();
        let after = Rules { overrides: vec![DayOverride { date, hours: vec![longer] }], ..before.clone() };
        assert!(before.affected_by(&after, &[visit]).is_empty());
    }

    fn rules_elsewhere(rules: &Rules) -> Rules {
        let west = ClinicZone { id: clinic(1), time_zone: zone("America/Los_Angeles") };
        Rules { clinics: vec![west], ..rules.clone() }
    }
}
