use jiff::{SignedDuration, ToSpan};
use kernel::VisitTypeId;
use uuid::Uuid;

use super::super::sample::{WEEK, clinic, date, instant, interval, open, rules_in, visit, weekly, zone};
use super::super::{ClinicZone, Rules};

fn new_york() -> Rules {
    rules_in("America/New_York")
}

#[test]
fn starts_lie_on_the_grid_from_the_opening_and_visits_end_by_closing() {
    // (hours, duration, grid, starts)
    let cases = [
        ("09:00-11:00", 30, 30, "09:00 09:30 10:00 10:30"),
        ("09:10-11:00", 30, 30, "09:10 09:40 10:10"),
        ("09:00-10:00", 60, 60, "09:00"),
        ("09:00-09:59", 60, 60, ""),
        ("09:00-11:00", 60, 30, "09:00 09:30 10:00"),
        ("09:00-10:30", 20, 45, "09:00 09:45"),
        ("09:00-12:00 13:00-14:00", 45, 45, "09:00 09:45 10:30 11:15 13:00"),
        ("22:30-24:00", 30, 30, "22:30 23:00 23:30"),
        ("00:00-24:00", 240, 240, "00:00 04:00 08:00 12:00 16:00 20:00"),
        ("09:00-10:00 10:00-11:00", 40, 40, "09:00 09:40 10:20"),
        ("09:00-10:00 09:20-10:30", 30, 30, "09:00 09:30 10:00"),
        ("10:00-11:00 09:00-12:00 09:00-12:00", 60, 60, "09:00 10:00 11:00"),
    ];
    for (hours, duration, grid, starts) in cases {
        let rules = new_york().daily(hours).with_visit(|visit| {
            visit.duration_minutes = duration;
            visit.grid_minutes = grid;
        });
        let slots = rules.on("2027-03-01");
        assert_eq!(rules.shown(&slots), starts, "{hours}, {duration} minutes every {grid}");
        assert!(slots.iter().all(|slot| slot.interval().length() == SignedDuration::from_mins(duration.into())));
    }
}

#[test]
fn hours_hold_on_their_weekday_within_their_validity() {
    let mut rules = new_york();
    let monday = weekly(1, WEEK[0], "09:00-10:00").valid(Some(date("2027-03-08")), Some(date("2027-03-15")));
    rules.weekly_hours = vec![monday.expect("valid from before until")];
    let cases = [
        ("2027-03-01", ""),
        ("2027-03-08", "09:00 09:30"),
        ("2027-03-09", ""),
        ("2027-03-15", "09:00 09:30"),
        ("2027-03-22", ""),
    ];
    for (day, starts) in cases {
        assert_eq!(rules.shown(&rules.on(day)), starts, "{day}");
    }
}

#[test]
fn the_leap_day_and_the_turn_of_the_year_are_days_like_others() {
    let rules = new_york().daily("09:00-10:00");
    let days = |from: &str, to: &str| -> Vec<String> {
        rules.between(from, to, &[]).iter().map(|slot| rules.clock_at(slot).to_string()).collect()
    };
    assert_eq!(
        days("2028-02-28", "2028-03-01"),
        [
            "2028-02-28T09:00:00",
            "2028-02-28T09:30:00",
            "2028-02-29T09:00:00",
            "2028-02-29T09:30:00",
            "2028-03-01T09:00:00",
            "2028-03-01T09:30:00"
        ]
    );
    assert_eq!(
        days("2027-12-31", "2028-01-01"),
        ["2027-12-31T09:00:00", "2027-12-31T09:30:00", "2028-01-01T09:00:00", "2028-01-01T09:30:00"]
    );
    assert_eq!(days("2027-03-01", "2027-02-28"), [""; 0], "a range that ends before it starts holds nothing");
}

#[test]
fn an_override_replaces_all_weekly_hours_of_its_date() {
    let rules = new_york()
        .daily("09:00-12:00")
        .with_override("2027-03-02", vec![open(1, "15:00-16:00"), open(1, "18:00-18:30")])
        .with_override("2027-03-03", Vec::new())
        .with_override("2027-03-04", vec![open(9, "15:00-16:00")]);
    assert_eq!(rules.shown(&rules.on("2027-03-01")), "09:00 09:30 10:00 10:30 11:00 11:30");
    assert_eq!(rules.shown(&rules.on("2027-03-02")), "15:00 15:30 18:00");
    assert_eq!(rules.shown(&rules.on("2027-03-03")), "", "no hours at all close the date");
    assert_eq!(rules.shown(&rules.on("2027-03-04")), "", "hours at an unknown clinic are no hours");
}

#[test]
fn time_off_takes_every_visit_it_touches_and_may_span_days() {
    let rules = new_york()
        .daily("09:00-11:00")
        // 10:15 on the first of March until 09:30 on the third, New York time.
        .with_time_off("2027-03-01T15:15:00Z", "2027-03-03T14:30:00Z");
    assert_eq!(rules.shown(&rules.between("2027-03-01", "2027-03-03", &[])), "09:00 09:30 09:30 10:00 10:30");
}

#[test]
fn time_off_touches_the_visit_and_not_its_buffers() {
    let rules = new_york()
        .daily("09:00-11:00")
        .with_time_off("2027-03-01T15:00:00Z", "2027-03-01T15:30:00Z")
        .with_visit(|visit| (visit.buffer_before, visit.buffer_after) = (15, 15));
    assert_eq!(rules.shown(&rules.on("2027-03-01")), "09:00 09:30 10:30");
}

#[test]
fn a_holiday_closes_its_clinic_alone_from_midnight_to_midnight() {
    let mut rules = new_york().daily("00:00-01:00 23:00-24:00").with_holiday(1, "2027-03-01");
    rules.clinics.push(ClinicZone { id: clinic(2), time_zone: zone("America/New_York") });
    rules.weekly_hours.push(weekly(2, WEEK[0], "12:00-12:30"));
    let slots = rules.between("2027-02-28", "2027-03-02", &[]);
    assert_eq!(rules.shown(&slots), "00:00 00:30 23:00 23:30 12:00 00:00 00:30 23:00 23:30");
    assert_eq!(slots[4].clinic, clinic(2));
}

#[test]
fn hours_kept_for_some_visit_types_are_closed_for_others() {
    let other = VisitTypeId::from_uuid(Uuid::from_u128(2));
    let mut rules = new_york();
    rules.visit_types.push(visit(2, 30));
    rules.weekly_hours = vec![
        weekly(1, WEEK[0], "09:00-10:00"),
        weekly(1, WEEK[0], "10:00-11:00").only_for(vec![other]),
        weekly(1, WEEK[0], "11:00-12:00").only_for(Vec::new()),
    ];
    assert_eq!(rules.shown(&rules.on("2027-03-01")), "09:00 09:30");
    rules.visit_types.reverse();
    assert_eq!(rules.shown(&rules.on("2027-03-01")), "09:00 09:30 10:00 10:30");
}

#[test]
fn busy_time_takes_the_slots_whose_buffers_reach_into_it() {
    // (before, after, busy of 09:30-10:00 local, free)
    let cases = [(0, 0, "09:00 10:00 10:30"), (0, 1, "10:00 10:30"), (1, 0, "09:00 10:30"), (30, 30, "10:30")];
    let busy = [interval("2027-03-01T14:30:00Z", "2027-03-01T15:00:00Z")];
    for (before, after, free) in cases {
        let rules = new_york()
            .daily("09:00-11:00")
            .with_visit(|visit| (visit.buffer_before, visit.buffer_after) = (before, after));
        let slots = rules.between("2027-03-01", "2027-03-01", &busy);
        assert_eq!(rules.shown(&slots), free, "buffers {before} and {after}");
    }
}

#[test]
fn busy_time_counts_in_any_order_to_the_nanosecond() {
    let rules = new_york().daily("09:00-12:00");
    let busy = [
        interval("2027-03-01T16:29:59.999999Z", "2027-03-01T16:30:00.000001Z"),
        interval("2027-03-01T14:10:00Z", "2027-03-01T14:15:00Z"),
        interval("2027-03-01T14:00:00Z", "2027-03-01T14:30:00Z"),
        interval("2027-02-01T14:00:00Z", "2027-02-01T15:00:00Z"),
    ];
    assert_eq!(rules.shown(&rules.between("2027-03-01", "2027-03-01", &busy)), "09:30 10:00 10:30");
}

#[test]
fn notice_lets_a_start_through_exactly_at_its_end() {
    let mut rules = new_york().daily("09:00-10:30");
    rules.minimum_notice_minutes = 60;
    // (now in New York, starts)
    let cases = [
        ("2027-03-01T08:00:00-05:00", "09:00 09:30 10:00"),
        ("2027-03-01T08:00:00.000001-05:00", "09:30 10:00"),
        ("2027-03-01T09:00:00-05:00", "10:00"),
        ("2027-03-01T09:00:01-05:00", ""),
    ];
    for (now, starts) in cases {
        let day = date("2027-03-01");
        let slots = rules.free_slots(rules.offered(), &[], instant(now), day, day);
        assert_eq!(rules.shown(&slots), starts, "{now}");
    }
}

#[test]
fn the_horizon_counts_local_dates_of_the_clinic() {
    let mut rules = new_york().daily("23:00-23:30");
    rules.horizon_days = 2;
    let last = |now: &str| {
        let slots = rules.free_slots(rules.offered(), &[], instant(now), date("2027-01-01"), date("2027-12-31"));
        slots.last().map(|slot| rules.clock_at(slot).date())
    };
    assert_eq!(last("2027-02-28T04:59:59Z"), Some(date("2027-03-01")), "still the 27th in New York");
    assert_eq!(last("2027-02-28T05:00:00Z"), Some(date("2027-03-02")), "the 28th has begun");
}

#[test]
fn an_inactive_doctor_is_never_free() {
    let mut rules = new_york().daily("09:00-17:00");
    rules.active = false;
    let now = instant("2027-03-01T00:00:00Z");
    assert_eq!(rules.on("2027-03-01"), []);
    assert_eq!(rules.next_free(rules.offered(), &[], now, now, 5), []);
    assert_eq!(rules.first_free(rules.offered(), &[], now).slot, None);
}

#[test]
fn next_free_starts_at_or_after_the_instant_asked_for() {
    let rules = new_york().daily("09:00-10:00");
    let now = instant("2027-03-01T00:00:00Z");
    let next = |after: &str, count| {
        let slots = rules.next_free(rules.offered(), &[], now, instant(after), count);
        slots.iter().map(|slot| rules.clock_at(slot).to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(next("2027-03-05T14:00:00Z", 2), "2027-03-05T09:00:00 2027-03-05T09:30:00");
    assert_eq!(next("2027-03-05T14:00:01Z", 2), "2027-03-05T09:30:00 2027-03-06T09:00:00");
    assert_eq!(next("2020-01-01T00:00:00Z", 1), "2027-03-01T09:00:00", "never before now");
    assert_eq!(next("2029-01-01T00:00:00Z", 1), "", "never after the horizon");
    assert_eq!(next("2027-03-05T14:00:00Z", 0), "");
}

#[test]
fn slots_of_several_clinics_come_in_the_order_of_their_starts() {
    let mut rules = new_york().daily("09:00-10:00");
    rules.clinics.insert(0, ClinicZone { id: clinic(2), time_zone: zone("Pacific/Kiritimati") });
    rules.weekly_hours.extend(WEEK.map(|weekday| weekly(2, weekday, "09:00-10:00")));
    let now = instant("2027-03-01T00:00:00Z");
    let listed = rules.free_slots(rules.offered(), &[], now, date("2027-03-01"), date("2027-03-09"));
    assert!(listed.is_sorted_by_key(|slot| (slot.starts_at, slot.clinic)));
    for count in 1..20 {
        assert_eq!(rules.next_free(rules.offered(), &[], now, now, count), listed[..count]);
    }
}

#[test]
fn the_same_start_at_two_clinics_is_listed_by_clinic() {
    let mut rules = new_york();
    for number in [2, 1] {
        rules.weekly_hours.push(weekly(number, WEEK[0], "09:00-09:30"));
    }
    rules.clinics.insert(0, ClinicZone { id: clinic(2), time_zone: zone("America/New_York") });
    let clinics: Vec<_> = rules.on("2027-03-01").iter().map(|slot| slot.clinic).collect();
    assert_eq!(clinics, [clinic(1), clinic(2)]);
}

#[test]
fn the_first_free_slot_is_right_until_its_notice_begins() {
    let mut rules = new_york().daily("09:00-10:00");
    rules.minimum_notice_minutes = 90;
    let first = rules.first_free(rules.offered(), &[], instant("2027-03-01T05:00:00Z"));
    assert_eq!(first.slot.map(|slot| slot.starts_at), Some(instant("2027-03-01T14:00:00Z")));
    assert_eq!(first.valid_until, instant("2027-03-01T12:30:00Z"));
    assert_eq!(first.local_date, Some(date("2027-03-01")));
    assert_eq!(rules.first_free(rules.offered(), &[], first.valid_until), first);
    let later = first.valid_until + 1.microsecond();
    assert_ne!(rules.first_free(rules.offered(), &[], later).slot, first.slot);
}

#[test]
fn no_free_slot_is_right_until_the_next_local_midnight() {
    let mut rules = new_york();
    rules.horizon_days = 1;
    rules.weekly_hours = vec![weekly(1, WEEK[0], "09:00-10:00")];
    let none = rules.first_free(rules.offered(), &[], instant("2027-03-02T12:00:00Z"));
    assert_eq!((none.slot, none.local_date), (None, None));
    assert_eq!(none.valid_until, instant("2027-03-03T04:59:59.999999Z"));
    let saturday = instant("2027-03-07T04:59:59.999999Z");
    assert_eq!(rules.first_free(rules.offered(), &[], saturday).valid_until, saturday);
    let sunday = rules.first_free(rules.offered(), &[], saturday + 1.microsecond());
    assert_eq!(sunday.local_date, Some(date("2027-03-08")), "the horizon has reached Monday");
}

#[test]
fn a_horizon_that_moves_on_earlier_elsewhere_limits_the_first_free_slot() {
    let mut rules = new_york();
    rules.horizon_days = 1;
    rules.clinics.push(ClinicZone { id: clinic(2), time_zone: zone("Asia/Tokyo") });
    // Tuesday 20:00 in New York is Wednesday 10:00 in Tokyo.
    rules.weekly_hours = vec![weekly(1, WEEK[1], "20:00-20:30"), weekly(2, WEEK[2], "09:00-09:30")];
    let monday = rules.first_free(rules.offered(), &[], instant("2027-03-01T14:00:00Z"));
    assert_eq!(monday.slot.map(|slot| slot.clinic), Some(clinic(1)));
    assert_eq!(monday.valid_until, instant("2027-03-01T14:59:59.999999Z"), "Tokyo's Tuesday begins then");
    let later = rules.first_free(rules.offered(), &[], monday.valid_until + 1.microsecond());
    assert_eq!(later.slot.map(|slot| slot.clinic), Some(clinic(2)));
}

#[test]
fn the_bookable_span_holds_every_slot_with_its_buffers() {
    let mut rules = new_york().daily("00:00-24:00").with_visit(|visit| {
        (visit.buffer_before, visit.buffer_after) = (20, 45);
    });
    rules.horizon_days = 3;
    let now = instant("2027-03-12T12:00:00Z");
    let span = rules.bookable_span(now);
    assert_eq!(span.start, instant("2027-03-12T11:40:00Z"));
    assert_eq!(span.end, instant("2027-03-16T04:45:00Z"), "midnight in New York, on summer time by then");
}

#[test]
fn a_doctor_without_a_clinic_is_never_free_and_nothing_breaks() {
    let mut rules = new_york().daily("09:00-17:00");
    rules.clinics.clear();
    let now = instant("2027-03-01T12:00:00Z");
    assert_eq!(rules.on("2027-03-01"), []);
    assert_eq!(rules.first_free(rules.offered(), &[], now).valid_until, instant("2027-03-01T23:59:59.999999Z"));
    assert!(rules.bookable_span(now).length() > SignedDuration::ZERO);
}

#[test]
fn the_ends_of_time_hold_no_slots_and_break_nothing() {
    let mut rules = new_york().daily("00:00-24:00");
    rules.minimum_notice_minutes = u32::MAX;
    for now in [jiff::Timestamp::MIN, jiff::Timestamp::MAX] {
        let _ = rules.bookable_span(now);
        assert_eq!(rules.first_free(rules.offered(), &[], now).slot, None, "{now}");
        let whole = (jiff::civil::Date::MIN, jiff::civil::Date::MAX);
        assert_eq!(rules.free_slots(rules.offered(), &[], now, whole.0, whole.1), [], "{now}");
    }
}
