use super::super::sample::{WEEK, clinic, date, instant, open, rules_in, visit, weekly, zone};
use super::super::{ClinicZone, Refusal, Rules};

/// Monday to Sunday 9 to 12 in New York; the first of March 2027 is a Monday on winter time.
fn mornings() -> Rules {
    rules_in("America/New_York").daily("09:00-12:00")
}

fn asked(rules: &Rules, starts_at: &str) -> Result<String, Refusal> {
    let now = instant("2027-03-01T08:00:00-05:00");
    let slot = rules.check(rules.offered(), instant(starts_at), now)?;
    assert_eq!(slot.starts_at, instant(starts_at));
    Ok(rules.shown(&[slot]))
}

#[test]
fn each_rule_refuses_in_its_own_name() {
    let mut rules = mornings()
        .with_override("2027-03-02", Vec::new())
        .with_override("2027-03-03", vec![open(1, "15:00-16:00")])
        .with_holiday(1, "2027-03-04")
        .with_time_off("2027-03-05T10:15:00-05:00", "2027-03-05T10:20:00-05:00");
    rules.minimum_notice_minutes = 60;
    rules.horizon_days = 10;
    rules.visit_types.push(visit(2, 30));
    rules.weekly_hours.push(weekly(1, WEEK[5], "18:00-19:00").only_for(vec![visit(2, 30).id]));
    rules.breaks.push(weekly(1, WEEK[6], "10:00-10:30").into());
    let cases = [
        ("2027-03-01T09:00:00-05:00", Ok("09:00")),
        ("2027-03-01T11:30:00-05:00", Ok("11:30")),
        ("2027-03-01T07:59:59-05:00", Err(("in-the-past", "present"))),
        ("2027-03-01T08:30:00-05:00", Err(("too-soon", "minimum-notice"))),
        ("2027-03-01T11:45:00-05:00", Err(("outside-availability", "weekly-hours"))),
        ("2027-03-01T13:00:00-05:00", Err(("outside-availability", "weekly-hours"))),
        ("2027-03-01T09:15:00-05:00", Err(("outside-availability", "grid"))),
        ("2027-03-01T09:30:00.5-05:00", Err(("outside-availability", "grid"))),
        ("2027-03-02T09:00:00-05:00", Err(("outside-availability", "override"))),
        ("2027-03-03T09:00:00-05:00", Err(("outside-availability", "override"))),
        ("2027-03-03T15:30:00-05:00", Ok("15:30")),
        ("2027-03-04T09:00:00-05:00", Err(("outside-availability", "clinic-holiday"))),
        ("2027-03-05T10:00:00-05:00", Err(("outside-availability", "time-off"))),
        ("2027-03-05T10:30:00-05:00", Ok("10:30")),
        ("2027-03-06T18:00:00-05:00", Err(("outside-availability", "visit-type"))),
        ("2027-03-07T10:00:00-05:00", Err(("outside-availability", "break"))),
        ("2027-03-07T09:45:00-05:00", Err(("outside-availability", "break"))),
        ("2027-03-07T10:30:00-05:00", Ok("10:30")),
        ("2027-03-11T09:00:00-05:00", Ok("09:00")),
        ("2027-03-12T09:00:00-05:00", Err(("too-far-ahead", "horizon"))),
    ];
    for (starts_at, expected) in cases {
        let answer = asked(&rules, starts_at);
        let answer = answer.as_deref().map_err(|refusal| (refusal.code(), refusal.rule()));
        assert_eq!(answer, expected, "{starts_at}");
    }
    rules.active = false;
    assert_eq!(asked(&rules, "2027-03-01T09:00:00-05:00"), Err(Refusal::Inactive));
}

#[test]
fn a_visit_may_start_at_once_where_no_notice_is_asked_for() {
    let now = instant("2027-03-01T09:00:00-05:00");
    assert!(mornings().check(mornings().offered(), now, now).is_ok());
}

#[test]
fn the_second_showing_of_a_time_that_happens_twice_is_not_offered() {
    let rules = rules_in("America/New_York").daily("00:00-04:00");
    let cases = [
        ("2027-11-07T01:30:00-04:00", Ok("01:30")),
        ("2027-11-07T01:30:00-05:00", Err(Refusal::OffTheGrid)),
        ("2027-11-07T02:00:00-05:00", Ok("02:00")),
        ("2027-03-14T01:30:00-05:00", Ok("01:30")),
        ("2027-03-14T03:00:00-04:00", Ok("03:00")),
    ];
    for (starts_at, expected) in cases {
        assert_eq!(asked(&rules, starts_at).as_deref().map_err(|refusal| *refusal), expected, "{starts_at}");
    }
}

#[test]
fn of_two_clinics_the_refusal_that_got_furthest_is_given() {
    let mut rules = mornings().with_holiday(2, "2027-03-01");
    rules.clinics.push(ClinicZone { id: clinic(2), time_zone: zone("America/New_York") });
    rules.weekly_hours.push(weekly(2, WEEK[0], "14:00-15:00"));
    assert_eq!(asked(&rules, "2027-03-01T14:00:00-05:00"), Err(Refusal::Holiday));
    assert_eq!(asked(&rules, "2027-03-01T16:00:00-05:00"), Err(Refusal::OutsideHours));
    rules.clinics.clear();
    assert_eq!(asked(&rules, "2027-03-01T09:00:00-05:00"), Err(Refusal::OutsideHours));
}

#[test]
fn of_two_clinics_that_would_do_the_lower_id_gets_the_visit() {
    let mut rules = mornings();
    rules.clinics.insert(0, ClinicZone { id: clinic(2), time_zone: zone("America/New_York") });
    rules.weekly_hours.push(weekly(2, WEEK[0], "09:00-12:00"));
    let now = instant("2027-03-01T08:00:00-05:00");
    let slot = rules.check(rules.offered(), instant("2027-03-01T09:00:00-05:00"), now).expect("a free start");
    assert_eq!(slot.clinic, clinic(1));
    rules.weekly_hours.retain(|hours| hours.clinic == clinic(2));
    let slot = rules.check(rules.offered(), slot.starts_at, now).expect("a start free at the other clinic");
    assert_eq!(slot.clinic, clinic(2));
    assert_eq!(rules.clock_at(&slot).date(), date("2027-03-01"));
}
