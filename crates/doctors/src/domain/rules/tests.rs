use kernel::Interval;
use serde_json::json;

use super::super::sample::{clinic, date, interval, rules_in, visit};
use super::super::{ClinicZone, Holiday, RuleError};

#[test]
fn the_default_visit_type_is_the_marked_one_and_never_just_the_first() {
    let mut rules = rules_in("America/New_York");
    rules.visit_types = vec![visit(2, 45), visit(1, 30)];
    assert_eq!(rules.default_visit_type(), Some(&visit(1, 30)));
    assert_eq!(rules.visit_type(visit(2, 45).id), Some(&visit(2, 45)));
    assert_eq!(rules.visit_type(visit(3, 45).id), None);
    rules.visit_types.pop();
    assert_eq!(rules.default_visit_type(), None);
}

#[test]
fn a_clinic_is_read_with_its_zone_or_refused_by_the_name_of_the_zone() {
    let row = |zone: &str| json!({"id": clinic(1), "time_zone": zone});
    let known: ClinicZone = serde_json::from_value(row("America/New_York")).expect("a known zone");
    assert_eq!((known.id, known.time_zone.iana_name()), (clinic(1), Some("America/New_York")));
    for name in ["America/Atlantis", "", "Etc/Unknown", "../../etc/passwd"] {
        let refused = serde_json::from_value::<ClinicZone>(row(name)).expect_err("an unknown zone");
        assert!(refused.to_string().contains(&format!("\"{name}\" is not a zone")), "{refused}");
        assert_eq!(
            ClinicZone::named(clinic(1), name),
            Err(RuleError::UnknownTimeZone { name: name.to_owned() }),
            "{name}"
        );
    }
}

#[test]
fn holidays_and_time_off_are_read_as_postgresql_writes_them() {
    let holiday: Holiday =
        serde_json::from_value(json!({"clinic_id": clinic(1), "date": "2027-07-04"})).expect("a holiday");
    assert_eq!(holiday, Holiday { clinic: clinic(1), date: date("2027-07-04") });
    let off: Interval = serde_json::from_value(
        json!({"start": "2027-03-01T14:00:00+00:00", "end": "2027-03-02T09:30:00.123456-05:00"}),
    )
    .expect("time off");
    assert_eq!(off, interval("2027-03-01T14:00:00Z", "2027-03-02T14:30:00.123456Z"));
}
