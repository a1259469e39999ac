//! What holds for all rules, whatever they are.

use jiff::civil::{Date, Weekday};
use jiff::{SignedDuration, Timestamp, ToSpan};
use kernel::Interval;
use proptest::prelude::*;

use super::sample::{WEEK, clinic, rules_in, visit, zone};
use super::{ClinicZone, DayOverride, Holiday, MinuteOfDay, OpenHours, Rules, VisitType, WeeklyHours};

const ZONES: [&str; 8] = [
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "America/Havana",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
];

/// Sundays in New York on which the clocks change, and days without anything special.
const DAYS: [Date; 6] = [
    jiff::civil::date(2027, 3, 13),
    jiff::civil::date(2027, 11, 6),
    jiff::civil::date(2027, 4, 3),
    jiff::civil::date(2027, 9, 4),
    jiff::civil::date(2028, 2, 28),
    jiff::civil::date(2026, 12, 30),
];

/// A doctor, what is busy, and when it is asked.
#[derive(Debug, Clone)]
struct Case {
    rules: Rules,
    busy: Vec<Interval>,
    now: Timestamp,
}

impl Case {
    fn visit(&self) -> &VisitType {
        self.rules.offered()
    }

    fn days(&self) -> (Date, Date) {
        let today = self.now.in_tz("UTC").expect("a zone").date();
        (today.saturating_sub(3.days()), today.saturating_add(12.days()))
    }

    fn blocked(&self, slot: Interval) -> Interval {
        slot.widened(self.visit().buffer_before, self.visit().buffer_after)
    }
}

fn minutes() -> impl Strategy<Value = (MinuteOfDay, MinuteOfDay)> {
    (0..1440_u16, 5..1440_u16).prop_map(|(from, length)| {
        let minute = |minute: u16| MinuteOfDay::new(minute.min(1440)).expect("a minute");
        (minute(from), minute(from + length))
    })
}

fn visit_types() -> impl Strategy<Value = VisitType> {
    (5..=120_u16, any::<bool>(), 5..=120_u16, 0..=40_u16, 0..=40_u16).prop_map(
        |(duration, own, grid, before, after)| VisitType {
            grid_minutes: if own { grid } else { duration },
            buffer_before: before,
            buffer_after: after,
            ..visit(1, duration)
        },
    )
}

fn weekly_hours(day: Date) -> impl Strategy<Value = WeeklyHours> {
    (prop::sample::select(WEEK.to_vec()), minutes(), 1..=2_u128, 0..6_u8).prop_map(
        move |(weekday, (from, to), place, kind): (Weekday, _, _, _)| {
            let hours = WeeklyHours::new(clinic(place), weekday, from, to).expect("hours");
            match kind {
                0 => hours.only_for(vec![visit(2, 30).id]),
                1 => hours.only_for(vec![visit(1, 30).id]),
                2 => hours.valid(Some(day), None).expect("valid"),
                3 => hours.valid(None, Some(day)).expect("valid"),
                _ => hours,
            }
        },
    )
}

fn stretches(around: Timestamp, at_most: usize) -> impl Strategy<Value = Vec<Interval>> {
    prop::collection::vec((-3000..15000_i64, 1..600_i64, 0..3_i64), 0..at_most).prop_map(move |stretches| {
        let stretch = |(from, length, nanos)| {
            let start = around + SignedDuration::from_mins(from) + SignedDuration::from_nanos(nanos);
            Interval::new(start, start + SignedDuration::from_mins(length)).expect("a stretch")
        };
        stretches.into_iter().map(stretch).collect()
    })
}

fn cases() -> impl Strategy<Value = Case> {
    let zones = prop::sample::select(ZONES.to_vec());
    (zones.clone(), zones, prop::sample::select(DAYS.to_vec()), 0..2880_i64).prop_flat_map(
        |(first, second, day, minute)| {
            let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).expect("a day").timestamp();
            let now = midnight + SignedDuration::from_mins(minute);
            let date = (0..9_i8).prop_map(move |days| day.saturating_add(i64::from(days).days()));
            let hours = (minutes(), 1..=2_u128)
                .prop_map(|((from, to), place)| OpenHours::new(clinic(place), from, to).expect("hours"));
            let overrides = (date.clone(), prop::collection::vec(hours, 0..3))
                .prop_map(|(date, hours)| DayOverride { date, hours });
            let holidays = (date, 1..=2_u128).prop_map(|(date, place)| Holiday { clinic: clinic(place), date });
            (
                visit_types(),
                (prop::collection::vec(weekly_hours(day), 0..14), prop::collection::vec(weekly_hours(day), 0..4)),
                prop::collection::vec(overrides, 0..3),
                prop::collection::vec(holidays, 0..3),
                stretches(midnight, 4),
                stretches(midnight, 25),
                (0..3000_u32, 1..12_u32, any::<bool>()),
            )
                .prop_map(
                    move |(
                        offered,
                        (weekly_hours, breaks),
                        overrides,
                        holidays,
                        time_off,
                        busy,
                        (notice, horizon, two),
                    )| {
                        let mut rules = Rules {
                            visit_types: vec![offered, visit(2, 30)],
                            weekly_hours,
                            breaks: breaks.into_iter().map(Into::into).collect(),
                            overrides,
                            holidays,
                            time_off,
                            minimum_notice_minutes: notice,
                            horizon_days: horizon,
                            edition: 1,
                            ..rules_in(first)
                        };
                        if two {
                            rules.clinics.push(ClinicZone { id: clinic(2), time_zone: zone(second) });
                        }
                        Case { rules, busy, now }
                    },
                )
        },
    )
}

proptest! {
    #[test]
    fn slots_are_in_order_without_doubles_and_of_the_right_length(case in cases()) {
        let (from, to) = case.days();
        let slots = case.rules.free_slots(case.visit(), &case.busy, case.now, from, to);
        prop_assert!(slots.windows(2).all(|pair| (pair[0].starts_at, pair[0].clinic) < (pair[1].starts_at, pair[1].clinic)));
        let length = SignedDuration::from_mins(case.visit().duration_minutes.into());
        prop_assert!(slots.iter().all(|slot| slot.interval().length() == length));
        for place in &case.rules.clinics {
            let there: Vec<_> = slots.iter().filter(|slot| slot.clinic == place.id).collect();
            if case.visit().grid_minutes >= case.visit().duration_minutes {
                prop_assert!(there.windows(2).all(|pair| pair[0].ends_at <= pair[1].starts_at));
            }
        }
    }

    #[test]
    fn a_free_slot_leaves_alone_what_is_busy_off_or_closed(case in cases()) {
        let (from, to) = case.days();
        let earliest = case.now + SignedDuration::from_mins(case.rules.minimum_notice_minutes.into());
        for slot in case.rules.free_slots(case.visit(), &case.busy, case.now, from, to) {
            let (visit, local) = (slot.interval(), case.rules.clock_at(&slot));
            prop_assert!(!case.busy.iter().any(|busy| busy.overlaps(&case.blocked(visit))));
            prop_assert!(!case.rules.time_off.iter().any(|off| off.overlaps(&visit)));
            prop_assert!(!case.rules.holidays.iter().any(|holiday| (holiday.clinic, holiday.date) == (slot.clinic, local.date())));
            prop_assert!(slot.starts_at >= earliest);
            prop_assert!(from <= local.date() && local.date() <= to);
            let today = case.rules.time_zone(slot.clinic).expect("a zone").to_datetime(case.now).date();
            prop_assert!(local.date() <= today.saturating_add(i64::from(case.rules.horizon_days).days()));
        }
    }

    #[test]
    fn a_free_slot_of_the_week_keeps_clear_of_breaks(case in cases()) {
        let (from, to) = case.days();
        for slot in case.rules.free_slots(case.visit(), &[], case.now, from, to) {
            let local = case.rules.clock_at(&slot);
            let minute = i32::from(local.hour()) * 60 + i32::from(local.minute());
            let dated = case.rules.overrides.iter().any(|special| special.date == local.date());
            let in_a_break = case.rules.breaks.iter().any(|pause| {
                pause.clinic == slot.clinic
                    && pause.holds_on(local.date(), local.weekday())
                    && (i32::from(pause.from.get())..i32::from(pause.to.get())).contains(&minute)
            });
            prop_assert!(dated || !in_a_break);
        }
    }

    #[test]
    fn busy_time_only_takes_away_what_it_overlaps(case in cases()) {
        let (from, to) = case.days();
        let mut idle = case.rules.free_slots(case.visit(), &[], case.now, from, to);
        idle.retain(|slot| !case.busy.iter().any(|busy| busy.overlaps(&case.blocked(slot.interval()))));
        prop_assert_eq!(case.rules.free_slots(case.visit(), &case.busy, case.now, from, to), idle);
    }

    #[test]
    fn check_accepts_what_is_listed_when_nothing_is_busy_and_nothing_else(case in cases(), shift in 0..5_i64) {
        let (from, to) = case.days();
        let listed = case.rules.free_slots(case.visit(), &[], case.now, from, to);
        for slot in &listed {
            let accepted = case.rules.check(case.visit(), slot.starts_at, case.now);
            prop_assert!(accepted.is_ok_and(|accepted| listed.contains(&accepted)), "{:?}", accepted);
        }
        let start = case.now + SignedDuration::from_mins(shift);
        for step in 0..600 {
            let asked = start + SignedDuration::from_mins(step * 5);
            let accepted = case.rules.check(case.visit(), asked, case.now).is_ok();
            prop_assert_eq!(accepted, listed.iter().any(|slot| slot.starts_at == asked), "{}", asked);
        }
    }

    #[test]
    fn a_time_is_explained_as_free_exactly_when_it_is_listed(case in cases(), shift in 0..5_i64) {
        let (from, to) = case.days();
        let listed = case.rules.free_slots(case.visit(), &case.busy, case.now, from, to);
        let steps = (0..600).map(|step| case.now + SignedDuration::from_mins(shift + step * 5));
        for asked in steps.chain(listed.iter().map(|slot| slot.starts_at)) {
            let explained = case.rules.explain(case.visit(), asked, &case.busy, case.now);
            prop_assert_eq!(explained.is_ok(), listed.iter().any(|slot| slot.starts_at == asked), "{}", asked);
        }
    }

    #[test]
    fn next_free_is_the_beginning_of_what_is_listed(case in cases(), count in 0..40_usize, later in 0..5000_i64) {
        let (from, to) = case.days();
        let after = case.now + SignedDuration::from_mins(later);
        let mut listed = case.rules.free_slots(case.visit(), &case.busy, case.now, from, to.saturating_add(9.days()));
        listed.retain(|slot| slot.starts_at >= after);
        listed.truncate(count);
        prop_assert_eq!(case.rules.next_free(case.visit(), &case.busy, case.now, after, count), listed);
    }

    #[test]
    fn the_first_free_slot_stays_right_up_to_its_last_instant(case in cases(), share in 0.0..1.0_f64) {
        let first = case.rules.first_free(case.visit(), &case.busy, case.now);
        prop_assert_eq!(first.slot, case.rules.next_free(case.visit(), &case.busy, case.now, case.now, 1).first().copied());
        prop_assert_eq!(first.local_date, first.slot.map(|slot| case.rules.clock_at(&slot).date()));
        prop_assert!(first.valid_until >= case.now);
        #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any instant in between will do")]
        let part = (first.valid_until.duration_since(case.now).as_micros() as f64 * share) as i64;
        for now in [case.now + SignedDuration::from_micros(part), first.valid_until] {
            prop_assert_eq!(case.rules.first_free(case.visit(), &case.busy, now).slot, first.slot, "at {}", now);
        }
    }

    #[test]
    fn what_is_busy_outside_the_bookable_span_does_not_matter(case in cases()) {
        let (from, to) = case.days();
        let span = case.rules.bookable_span(case.now);
        let inside: Vec<_> = case.busy.iter().copied().filter(|busy| busy.overlaps(&span)).collect();
        let slots = case.rules.free_slots(case.visit(), &case.busy, case.now, from, to);
        prop_assert!(slots.iter().all(|slot| span.contains(&case.blocked(slot.interval()))));
        prop_assert_eq!(case.rules.free_slots(case.visit(), &inside, case.now, from, to), slots);
    }
}
