//! Slots around every change of every clock in 2026–2030, against a slow oracle and against the published vectors.
//!
//! The oracle knows nothing of offsets: it walks through real time minute by minute and reads the clinic's clock.

#![expect(clippy::expect_used, reason = "a test that cannot be set up fails")]

#[path = "time_zones/oracle.rs"]
mod oracle;
#[path = "time_zones/vectors.rs"]
mod vectors;

use std::collections::BTreeSet;
use std::thread;

use doctors::domain::{ClinicZone, MinuteOfDay, Rules, Slot, VisitMode, VisitType, WeeklyHours};
use jiff::civil::{Date, Weekday, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp, ToSpan};
use kernel::{ClinicId, DoctorId, Money, VisitTypeId};
use oracle::{Change, Readings, changes, starts};
use uuid::Uuid;

/// Hours of a day in minutes after midnight, and what is booked in them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Plan {
    hours: Vec<(u16, u16)>,
    duration: u16,
    grid: u16,
}

impl Plan {
    fn new(hours: &[(u16, u16)], duration: u16, grid: u16) -> Self {
        Self { hours: hours.to_vec(), duration, grid }
    }

    /// Plans that meet a change of the clock in every way there is.
    fn around(change: &Change) -> Vec<Self> {
        let (first, last) = change.readings();
        let minute = |minute: i32| u16::try_from(minute.clamp(0, 1440)).expect("a minute of the day");
        let hours = |from: i32, to: i32| (minute(from), minute(to.max(from + 30)));
        let middle = (first + last) / 2;
        vec![
            Self::new(&[(0, 1440)], 120, 120),
            Self::new(&[(0, 1440)], 15, 15),
            Self::new(&[hours(middle.min(1400), middle + 240)], 30, 30), // opens within the change
            Self::new(&[hours(middle - 240, middle)], 30, 30),           // closes within it
            Self::new(&[hours(first - 100, last + 200)], 45, 45),        // a start soon before and soon after
            Self::new(&[hours(first - 50, last + 120)], 60, 20),         // visits that run through it
            Self::new(&[hours(first - 90, middle), hours(middle - 20, last + 90)], 25, 25),
            Self::new(&[hours(first - 240, first), hours(last, last + 240)], 50, 50),
        ]
    }

    fn rules(&self, zone: &TimeZone) -> Rules {
        let clinic = ClinicId::from_uuid(Uuid::from_u128(1));
        let visit = VisitType {
            id: VisitTypeId::from_uuid(Uuid::from_u128(1)),
            clinic,
            name: "Visit".to_owned(),
            mode: VisitMode::InPerson,
            duration_minutes: self.duration,
            grid_minutes: self.grid,
            buffer_before: 0,
            buffer_after: 0,
            price: Money::dollars(100),
            open_to_new_patients: true,
            is_default: true,
            resource_kind: None,
        };
        let minute = |minute| MinuteOfDay::new(minute).expect("a minute of the day");
        let daily = self.hours.iter().filter(|(from, to)| from < to).flat_map(|(from, to)| {
            Weekday::Monday
                .cycle_forward()
                .take(7)
                .map(|weekday| WeeklyHours::new(clinic, weekday, minute(*from), minute(*to)).expect("hours"))
        });
        Rules {
            doctor: DoctorId::from_uuid(Uuid::from_u128(1)),
            active: true,
            home_clinic: clinic,
            clinics: vec![ClinicZone { id: clinic, time_zone: zone.clone() }],
            visit_types: vec![visit.validated().expect("a visit type")],
            weekly_hours: daily.collect(),
            breaks: Vec::new(),
            overrides: Vec::new(),
            time_off: Vec::new(),
            holidays: Vec::new(),
            resources: Vec::new(),
            minimum_notice_minutes: 0,
            horizon_days: 30,
            edition: 1,
        }
    }

    /// What the doctors' rules offer from one date to another.
    fn slots(&self, zone: &TimeZone, from: Date, to: Date) -> Vec<Slot> {
        let rules = self.rules(zone);
        let now = from.saturating_sub(5.days()).to_zoned(TimeZone::UTC).expect("a day").timestamp();
        rules.free_slots(&rules.visit_types[0], &[], now, from, to)
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).expect("a zone of the bundled database")
}

/// Runs `examine` on every zone of the bundled database, on all cores.
fn in_every_zone(examine: impl Fn(&str, &TimeZone) + Sync) {
    let database = TimeZoneDatabase::bundled();
    let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    assert!(names.len() > 550, "only {} zones", names.len());
    let threads = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        for part in 0..threads {
            let (names, examine) = (&names, &examine);
            scope.spawn(move || {
                for name in names.iter().skip(part).step_by(threads) {
                    examine(name, &zone(name));
                }
            });
        }
    });
}

#[test]
fn around_every_change_of_every_zone_slots_are_those_of_the_oracle() {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    in_every_zone(|name, zone| {
        for change in changes(zone, 2026..=2030) {
            seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let readings = Readings::around(zone, change.at);
            for day in change.days() {
                for plan in Plan::around(&change) {
                    let found: Vec<Timestamp> = plan.slots(zone, day, day).iter().map(|slot| slot.starts_at).collect();
                    assert_eq!(found, starts(&readings, day, &plan), "{name} {day} {plan:?}");
                }
            }
        }
    });
    assert!(seen.into_inner() > 1500, "the database has lost its changes");
}

#[test]
fn around_every_change_of_every_zone_slots_are_real_ordered_apart_and_of_the_right_length() {
    in_every_zone(|name, zone| {
        for change in changes(zone, 2026..=2030) {
            let [first, .., last] = change.days();
            for plan in Plan::around(&change) {
                let slots = plan.slots(zone, first, last);
                let length = SignedDuration::from_mins(plan.duration.into());
                let grid = SignedDuration::from_mins(plan.grid.into());
                let mut shown = BTreeSet::new();
                for slot in &slots {
                    assert_eq!(slot.ends_at.duration_since(slot.starts_at), length, "{name} {slot:?}");
                    let local = zone.to_datetime(slot.starts_at);
                    assert!(shown.insert(local), "{name}: {local} is offered twice");
                    let earliest = zone.to_ambiguous_timestamp(local).compatible().expect("an instant");
                    assert_eq!(slot.starts_at, earliest, "{name}: {local} is not offered at its first showing");
                    let minute = u16::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute()));
                    let minute = minute.expect("a minute of the day");
                    assert!(plan.hours.iter().any(|(from, to)| (*from..*to).contains(&minute)), "{name} {local}");
                }
                for pair in slots.windows(2) {
                    let apart = pair[1].starts_at.duration_since(pair[0].starts_at);
                    assert!(apart > SignedDuration::ZERO, "{name} {pair:?}");
                    assert!(plan.grid < plan.duration || pair[0].ends_at <= pair[1].starts_at, "{name} {pair:?}");
                    assert!(plan.hours.len() > 1 || pair_of_two_days(zone, pair) || apart >= grid, "{name} {pair:?}");
                }
            }
        }
    });
}

fn pair_of_two_days(zone: &TimeZone, pair: &[Slot]) -> bool {
    zone.to_datetime(pair[0].starts_at).date() != zone.to_datetime(pair[1].starts_at).date()
}

#[test]
fn nine_oclock_stays_nine_oclock_in_every_zone() {
    let nine_to_ten = Plan::new(&[(540, 600)], 30, 30);
    in_every_zone(|name, zone| {
        for change in changes(zone, 2026..=2030) {
            let [first, .., last] = change.days();
            let shown: Vec<_> =
                nine_to_ten.slots(zone, first, last).iter().map(|s| zone.to_datetime(s.starts_at)).collect();
            let expected: Vec<_> =
                change.days().iter().flat_map(|day| [day.at(9, 0, 0, 0), day.at(9, 30, 0, 0)]).collect();
            assert_eq!(shown, expected, "{name} around {}", change.at);
        }
    });
}

/// Starts as offsets of the zone show them, e.g. `01:30-05`.
fn offered(name: &str, day: Date, hours: &[(u16, u16)], duration: u16) -> Vec<String> {
    let zone = zone(name);
    let slots = Plan::new(hours, duration, duration).slots(&zone, day, day);
    slots.iter().map(|slot| slot.starts_at.to_zoned(zone.clone()).strftime("%H:%M%:::z").to_string()).collect()
}

#[test]
fn a_time_that_does_not_exist_gives_no_slot() {
    // New York, 2:00 to 3:00 on 14 March 2027.
    let spring = |hours: &[(u16, u16)], duration| offered("America/New_York", date(2027, 3, 14), hours, duration);
    assert_eq!(spring(&[(60, 240)], 30), ["01:00-05", "01:30-05", "03:00-04", "03:30-04"]);
    assert_eq!(spring(&[(150, 240)], 30), ["03:00-04", "03:30-04"], "opens in the gap");
    assert_eq!(spring(&[(60, 150)], 30), ["01:00-05", "01:30-05"], "closes in the gap");
    assert_eq!(spring(&[(60, 150)], 40), ["01:00-05"], "01:40 would end after the jump");
    assert_eq!(spring(&[(120, 180)], 30), [""; 0], "lies in the gap");
    assert_eq!(spring(&[(60, 285)], 45), ["01:00-05", "01:45-05", "04:00-04"], "03:15 is too close to 01:45");
    // Half an hour on Lord Howe: 2:00 to 2:30 on 4 October 2026.
    let lord_howe = offered("Australia/Lord_Howe", date(2026, 10, 4), &[(60, 210)], 30);
    assert_eq!(lord_howe, ["01:00+10:30", "01:30+10:30", "02:30+11", "03:00+11"]);
    // Two hours at Troll: 1:00 to 3:00 on 28 March 2027.
    let troll = offered("Antarctica/Troll", date(2027, 3, 28), &[(0, 270)], 60);
    assert_eq!(troll, ["00:00+00", "03:00+02"]);
    // Midnight itself in Santiago: 0:00 to 1:00 on 5 September 2027; and the day before closes at that jump.
    assert_eq!(offered("America/Santiago", date(2027, 9, 5), &[(0, 120)], 30), ["01:00-03", "01:30-03"]);
    assert_eq!(offered("America/Santiago", date(2027, 9, 4), &[(1380, 1440)], 30), ["23:00-04", "23:30-04"]);
}

#[test]
fn a_time_that_happens_twice_gives_one_slot_the_earlier() {
    // New York, 1:00 to 2:00 on 7 November 2027.
    let autumn = |hours: &[(u16, u16)], duration| offered("America/New_York", date(2027, 11, 7), hours, duration);
    assert_eq!(autumn(&[(60, 180)], 30), ["01:00-04", "01:30-04", "02:00-05", "02:30-05"]);
    assert_eq!(autumn(&[(0, 90)], 30), ["00:00-04", "00:30-04", "01:00-04"], "closes at the first 01:30");
    assert_eq!(autumn(&[(90, 150)], 30), ["01:30-04", "02:00-05"], "opens at the first 01:30");
    assert_eq!(autumn(&[(105, 195)], 30), ["02:15-05", "02:45-05"], "a visit at 01:45 would last until 01:15");
    assert_eq!(autumn(&[(60, 150)], 90), ["01:00-04"], "01:00 to the second 01:30 in 90 real minutes");
    let lord_howe = offered("Australia/Lord_Howe", date(2027, 4, 4), &[(60, 180)], 30);
    assert_eq!(lord_howe, ["01:00+11", "01:30+11", "02:00+10:30", "02:30+10:30"]);
    let troll = offered("Antarctica/Troll", date(2027, 10, 31), &[(0, 240)], 60);
    assert_eq!(troll, ["00:00+02", "01:00+02", "02:00+02", "03:00+00"]);
    // The last hour of the day in Santiago, 3 April 2027; midnight is the one after the second 23:59.
    assert_eq!(offered("America/Santiago", date(2027, 4, 3), &[(1380, 1440)], 60), ["23:00-03"]);
    assert_eq!(offered("America/Santiago", date(2027, 4, 3), &[(1380, 1440)], 120), ["23:00-03"]);
    // Around Ramadan in Casablanca, 2026: the clocks go back on 15 February and forth on 22 March.
    let back = offered("Africa/Casablanca", date(2026, 2, 15), &[(60, 240)], 60);
    assert_eq!(back, ["01:00+01", "02:00+01", "03:00+00"]);
    let forth = offered("Africa/Casablanca", date(2026, 3, 22), &[(60, 300)], 60);
    assert_eq!(forth, ["01:00+00", "03:00+01", "04:00+01"]);
}
