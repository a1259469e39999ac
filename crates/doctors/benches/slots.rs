//! What it costs to compute free slots: `cargo bench -p doctors --bench slots`.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up fails")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use doctors::domain::{ClinicZone, MinuteOfDay, Rules, VisitMode, VisitType, WeeklyHours};
use jiff::civil::{Weekday, date};
use jiff::tz::TimeZoneDatabase;
use jiff::{Timestamp, ToSpan};
use kernel::{ClinicId, DoctorId, Interval, Money, VisitTypeId};
use uuid::Uuid;

/// Half-hour visits from 8 to 12 and from 13 to 17 on each day in New York: 16 a day.
fn rules() -> Rules {
    let clinic = ClinicId::from_uuid(Uuid::from_u128(1));
    let visit = VisitType {
        id: VisitTypeId::from_uuid(Uuid::from_u128(1)),
        clinic,
        name: "Visit".to_owned(),
        mode: VisitMode::InPerson,
        duration_minutes: 30,
        grid_minutes: 30,
        buffer_before: 0,
        buffer_after: 0,
        price: Money::dollars(150),
        open_to_new_patients: true,
        is_default: true,
        resource_kind: None,
    };
    let minute = |minute| MinuteOfDay::new(minute).expect("a minute of the day");
    let hours = Weekday::Monday.cycle_forward().take(7).flat_map(|weekday| {
        [(480, 720), (780, 1020)]
            .map(|(from, to)| WeeklyHours::new(clinic, weekday, minute(from), minute(to)).expect("hours"))
    });
    let time_zone = TimeZoneDatabase::bundled().get("America/New_York").expect("a zone");
    Rules {
        doctor: DoctorId::from_uuid(Uuid::from_u128(1)),
        active: true,
        home_clinic: clinic,
        clinics: vec![ClinicZone { id: clinic, time_zone }],
        visit_types: vec![visit],
        weekly_hours: hours.collect(),
        breaks: Vec::new(),
        overrides: Vec::new(),
        time_off: Vec::new(),
        holidays: Vec::new(),
        resources: Vec::new(),
        minimum_notice_minutes: 60,
        horizon_days: 90,
        edition: 1,
    }
}

fn slots(criterion: &mut Criterion) {
    let rules = rules();
    let visit = &rules.visit_types[0];
    let now: Timestamp = "2027-05-03T04:00:00Z".parse().expect("an instant");
    let today = date(2027, 5, 3);
    let list = |days: i64, busy: &[Interval], now| {
        rules.free_slots(visit, busy, now, today, today.saturating_add((days - 1).days()))
    };
    assert_eq!((list(14, &[], now).len(), list(31, &[], now).len()), (224, 496));

    // Every second visit is taken, in order, as the store gives them.
    let every_slot: Vec<Interval> = list(91, &[], now).iter().map(|slot| slot.interval()).collect();
    let half: Vec<Interval> = every_slot.iter().copied().step_by(2).collect();
    // All is taken up to the afternoon of the fourteenth day.
    let two_weeks = &every_slot[..14 * 16 - 4];
    let all_but_the_last = &every_slot[..every_slot.len() - 1];
    let disordered: Vec<Interval> = half.iter().rev().copied().collect();
    // The clocks go forward on 14 March.
    let winter: Timestamp = "2027-03-08T05:00:00Z".parse().expect("an instant");

    let mut group = criterion.benchmark_group("free_slots");
    group.bench_function("14 days, nothing busy", |bench| bench.iter(|| list(14, black_box(&[]), now)));
    group.bench_function("14 days, half busy", |bench| bench.iter(|| list(14, black_box(&half), now)));
    group.bench_function("14 days, half busy, out of order", |bench| {
        bench.iter(|| list(14, black_box(&disordered), now));
    });
    group.bench_function("14 days with a change of the clocks", |bench| {
        let first = date(2027, 3, 8);
        let last = date(2027, 3, 21);
        bench.iter(|| rules.free_slots(visit, black_box(&[]), winter, first, last));
    });
    group.bench_function("31 days, nothing busy", |bench| bench.iter(|| list(31, black_box(&[]), now)));
    group.bench_function("31 days, half busy", |bench| bench.iter(|| list(31, black_box(&half), now)));
    group.finish();

    let mut group = criterion.benchmark_group("first_free");
    for (name, busy) in [
        ("nothing busy", &[][..]),
        ("half busy", &half),
        ("two weeks taken", two_weeks),
        ("91 days taken but for the last slot", all_but_the_last),
        ("91 days taken", &every_slot),
    ] {
        group.bench_function(name, |bench| bench.iter(|| rules.first_free(visit, black_box(busy), now)));
    }
    group.bench_function("nothing busy, on the eve of a change of the clocks", |bench| {
        let eve: Timestamp = "2027-03-13T23:00:00Z".parse().expect("an instant");
        bench.iter(|| rules.first_free(visit, black_box(&[]), eve));
    });
    group.finish();

    criterion.bench_function("check", |bench| {
        let start = every_slot[10 * 16 + 9].start;
        bench.iter(|| rules.check(visit, black_box(start), now));
    });
}

criterion_group!(benches, slots);
criterion_main!(benches);
