use kernel::Money;
use serde_json::{Value, json};

use super::super::sample::{clinic, visit};
use super::super::{RuleError, VisitMode, VisitType};

fn row() -> Value {
    json!({
        "id": visit(1, 30).id, "clinic_id": clinic(1), "name": "First visit", "mode": "in_person",
        "duration_minutes": 30, "grid_minutes": 15, "buffer_before": 5, "buffer_after": 10,
        "price_cents": 15000, "open_to_new_patients": false, "is_default": true, "resource_kind": null,
    })
}

#[test]
fn a_visit_type_is_read_from_the_agenda() {
    let read: VisitType = serde_json::from_value(row()).expect("a visit type");
    let expected = VisitType {
        name: "First visit".to_owned(),
        grid_minutes: 15,
        buffer_before: 5,
        buffer_after: 10,
        price: Money::dollars(150),
        open_to_new_patients: false,
        ..visit(1, 30)
    };
    assert_eq!(read, expected);
    let mut video = row();
    video["mode"] = json!("video");
    assert_eq!(serde_json::from_value::<VisitType>(video).expect("a visit type").mode, VisitMode::Video);
}

#[test]
fn a_visit_type_beyond_its_limits_is_refused_by_what_is_wrong() {
    type Change = fn(&mut VisitType);
    let cases: [(Change, Option<RuleError>); 12] = [
        (|visit| visit.duration_minutes = 5, None),
        (|visit| visit.duration_minutes = 240, None),
        (|visit| visit.duration_minutes = 4, Some(RuleError::DurationOutOfRange { minutes: 4 })),
        (|visit| visit.duration_minutes = 241, Some(RuleError::DurationOutOfRange { minutes: 241 })),
        (|visit| visit.grid_minutes = 0, Some(RuleError::GridOutOfRange { minutes: 0 })),
        (|visit| visit.grid_minutes = 241, Some(RuleError::GridOutOfRange { minutes: 241 })),
        (|visit| visit.buffer_before = 121, Some(RuleError::BufferOutOfRange { minutes: 121 })),
        (|visit| visit.buffer_after = 121, Some(RuleError::BufferOutOfRange { minutes: 121 })),
        (|visit| visit.price = Money::cents(-1), Some(RuleError::NegativePrice { cents: -1 })),
        (|visit| visit.name = String::new(), Some(RuleError::NameLength { characters: 0 })),
        (|visit| visit.name = "é".repeat(121), Some(RuleError::NameLength { characters: 121 })),
        (|visit| visit.name = "é".repeat(120), None),
    ];
    for (at, (change, expected)) in cases.into_iter().enumerate() {
        let mut changed = visit(1, 30);
        change(&mut changed);
        assert_eq!(changed.validated().err(), expected, "case {at}");
    }
    let mut wrong = row();
    wrong["duration_minutes"] = json!(3);
    let refused = serde_json::from_value::<VisitType>(wrong).expect_err("too short").to_string();
    assert!(refused.contains("a visit of 3 minutes"), "{refused}");
}
