//! Who runs doctors, clinics and hours, and who hears that there is nothing.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{Answer, App, Who, doctor, id, visit_type};

/// An operation on doctor 1 or clinic 1 that works for whoever may do it.
struct Call {
    name: &'static str,
    request: fn() -> TestRequest,
    /// Those who may, of [`CALLERS`].
    may: &'static [Who],
    /// Roles that never may.
    never: &'static [Who],
    works: u16,
}

const OWN: Who = Who::Doctor(1);
const COLLEAGUE: Who = Who::Doctor(2);
const DESK: Who = Who::Staff(1);
const OTHER_DESK: Who = Who::Staff(2);
const PATIENT: Who = Who::Patient(1);
const CALLERS: [Who; 6] = [OWN, COLLEAGUE, DESK, OTHER_DESK, Who::Admin, PATIENT];
const TEAM: &[Who] = &[OWN, DESK, Who::Admin];
const FRONT: &[Who] = &[DESK, Who::Admin];
const DOCTORS: &[Who] = &[OWN, COLLEAGUE, PATIENT];

fn of_doctor(part: &str) -> String {
    format!("/api/v1/doctors/{}{part}", doctor(1))
}

fn of_clinic(part: &str) -> String {
    format!("/api/v1/clinics/{}{part}", id('c', 1))
}

fn sent(request: TestRequest, body: Value) -> TestRequest {
    request.insert_header(("if-match", "*")).set_json(body)
}

fn new_doctor() -> Value {
    json!({"clinic_id": id('c', 1), "specialty": "cardiology", "first_name": "Noor", "last_name": "Example",
           "consultation_price": 100, "years_experience": 2, "languages": ["en"]})
}

const CALLS: &[Call] = &[
    Call {
        name: "createDoctor",
        request: || sent(TestRequest::post().uri("/api/v1/doctors"), new_doctor()),
        may: FRONT,
        never: DOCTORS,
        works: 201,
    },
    Call {
        name: "changeDoctor",
        request: || sent(TestRequest::patch().uri(&of_doctor("")), json!({"bio": "New words"})),
        may: TEAM,
        never: &[PATIENT],
        works: 200,
    },
    Call {
        name: "deactivateDoctor",
        request: || TestRequest::delete().uri(&of_doctor("?on_conflict=keep")),
        may: FRONT,
        never: DOCTORS,
        works: 204,
    },
    Call {
        name: "createClinic",
        request: || {
            sent(TestRequest::post().uri("/api/v1/clinics"), json!({"name": "N", "address": "A", "city": "boston"}))
        },
        may: &[Who::Admin],
        never: &[OWN, COLLEAGUE, DESK, OTHER_DESK, PATIENT],
        works: 201,
    },
    Call {
        name: "changeClinic",
        request: || sent(TestRequest::patch().uri(&of_clinic("")), json!({"name": "Harbour"})),
        may: FRONT,
        never: DOCTORS,
        works: 200,
    },
    Call {
        name: "addVisitType",
        request: || {
            let body = json!({"name": "Check", "mode": "video", "duration_minutes": 20, "price": {"amount": 100}});
            sent(TestRequest::post().uri(&of_doctor("/visit-types")), body)
        },
        may: TEAM,
        never: &[PATIENT],
        works: 201,
    },
    Call {
        name: "changeVisitType",
        request: || {
            let uri = of_doctor(&format!("/visit-types/{}", visit_type(1, 2)));
            sent(TestRequest::patch().uri(&uri), json!({"name": "Second look"}))
        },
        may: TEAM,
        never: &[PATIENT],
        works: 200,
    },
    Call {
        name: "retireVisitType",
        request: || TestRequest::delete().uri(&of_doctor(&format!("/visit-types/{}", visit_type(1, 2)))),
        may: TEAM,
        never: &[PATIENT],
        works: 204,
    },
    Call {
        name: "replaceWeeklyHours",
        request: || sent(TestRequest::put().uri(&of_doctor("/weekly-hours?on_conflict=keep")), json!({"hours": []})),
        may: TEAM,
        never: &[PATIENT],
        works: 200,
    },
    Call {
        name: "replaceBreaks",
        request: || sent(TestRequest::put().uri(&of_doctor("/breaks")), json!({"breaks": []})),
        may: TEAM,
        never: &[PATIENT],
        works: 200,
    },
    Call {
        name: "listOverrides",
        request: || TestRequest::get().uri(&of_doctor("/overrides")),
        may: TEAM,
        never: &[PATIENT],
        works: 200,
    },
    Call {
        name: "setOverride",
        request: || sent(TestRequest::put().uri(&of_doctor("/overrides/2027-03-09")), json!({"hours": []})),
        may: TEAM,
        never: &[PATIENT],
        works: 200,
    },
    Call {
        name: "removeOverride",
        request: || TestRequest::delete().uri(&of_doctor("/overrides/2027-03-09")),
        may: TEAM,
        never: &[PATIENT],
        works: 204,
    },
    Call {
        name: "listTimeOff",
        request: || TestRequest::get().uri(&of_doctor("/time-off")),
        may: TEAM,
        never: &[PATIENT],
        works: 200,
    },
    Call {
        name: "addTimeOff",
        request: || {
            let body = json!({"starts_at": "2027-03-09T00:00:00-05:00", "ends_at": "2027-03-10T00:00:00-05:00"});
            sent(TestRequest::post().uri(&of_doctor("/time-off")), body)
        },
        may: TEAM,
        never: &[PATIENT],
        works: 201,
    },
    Call {
        name: "removeTimeOff",
        request: || TestRequest::delete().uri(&of_doctor(&format!("/time-off/{}", id('f', 1)))),
        may: TEAM,
        never: &[PATIENT],
        works: 204,
    },
    Call {
        name: "addHoliday",
        request: || {
            let body = json!({"date": "2027-07-05", "name": "Independence Day"});
            sent(TestRequest::post().uri(&of_clinic("/holidays")), body)
        },
        may: FRONT,
        never: DOCTORS,
        works: 201,
    },
    Call {
        name: "removeHoliday",
        request: || TestRequest::delete().uri(&of_clinic("/holidays/2027-05-31")),
        may: FRONT,
        never: DOCTORS,
        works: 204,
    },
];

/// What the calls leave behind when all of them work.
const TRACES: [&str; 15] = [
    "breaks.replaced",
    "clinic.changed",
    "clinic.created",
    "doctor.changed",
    "doctor.created",
    "doctor.deactivated",
    "holiday.added",
    "holiday.removed",
    "override.removed",
    "override.set",
    "time_off.added",
    "visit_type.changed",
    "visit_type.created",
    "visit_type.deactivated",
    "weekly_hours.replaced",
];

async fn tried(app: &App, call: &Call, who: Who) -> Answer {
    app.send_as(who, (call.request)()).await
}

#[actix_web::test]
async fn everybody_runs_what_the_table_of_roles_says_and_nothing_else_is_touched() {
    let app = App::start().await;
    for call in CALLS {
        let before = app.tables().await;
        assert_eq!(app.send((call.request)()).await.problem(), (401, "not-signed-in".to_owned()), "{}", call.name);
        for who in CALLERS.into_iter().filter(|who| !call.may.contains(who)) {
            let refused = tried(&app, call, who).await.problem();
            if call.never.contains(&who) {
                assert_eq!(refused, (403, "forbidden".to_owned()), "{} by {who:?}", call.name);
            } else if call.name == "createDoctor" {
                // There is no record yet: the clinic is what does not exist for a stranger.
                assert_eq!(refused, (422, "invalid".to_owned()), "{who:?}");
            } else {
                assert_eq!(refused, (404, "not-found".to_owned()), "{} by {who:?}", call.name);
            }
        }
        assert_eq!(app.tables().await, before, "{}", call.name);
    }
}

#[actix_web::test]
async fn whoever_may_is_let_do_it() {
    for who in [OWN, DESK, Who::Admin] {
        let app = App::start().await;
        // Who is taken off the list is not changed after that; so this comes last.
        let (last, others): (Vec<_>, Vec<_>) = CALLS.iter().partition(|call| call.name == "deactivateDoctor");
        for call in others.into_iter().chain(last).filter(|call| call.may.contains(&who)) {
            let answer = tried(&app, call, who).await;
            assert_eq!(answer.status, call.works, "{} by {who:?}: {}", call.name, answer.text());
        }
        app.audited().await;
        if who == Who::Admin {
            for table in ["action AS name FROM journal.audit_event", "topic AS name FROM journal.outbox"] {
                let told = app.texts(&format!("SELECT DISTINCT {table} ORDER BY name")).await;
                let told: Vec<&str> =
                    told.iter().map(String::as_str).filter(|name| !name.starts_with("audit.")).collect();
                // There was no time off to remove; `practice_hours.rs` looks for what that leaves.
                assert_eq!(told, TRACES, "{table}");
            }
        }
    }
}

#[actix_web::test]
async fn what_does_not_exist_is_answered_like_what_is_not_yours() {
    let app = App::start().await;
    let nobody = id('d', 99);
    for part in ["", "/weekly-hours", "/breaks", "/overrides/2027-03-09"] {
        let of = |doctor: &str| format!("/api/v1/doctors/{doctor}{part}");
        let body = match part {
            "" => json!({"bio": "x"}),
            "/breaks" => json!({"breaks": []}),
            _ => json!({"hours": []}),
        };
        let send = async |doctor: &str| {
            let request = if part.is_empty() { TestRequest::patch() } else { TestRequest::put() };
            let answer = app.send_as(OTHER_DESK, sent(request.uri(&of(doctor)), body.clone())).await;
            let mut told = answer.json();
            told.as_object_mut().unwrap().remove("request_id");
            (answer.status, told)
        };
        assert_eq!(send(&nobody).await, send(&doctor(1)).await, "{part}");
    }
}

#[actix_web::test]
async fn fields_that_are_not_ones_own_are_refused_by_name_and_roles_are_unknown_fields() {
    let app = App::start().await;
    let patch = |uri: &str, body: Value| sent(TestRequest::patch().uri(uri), body);
    let refused = app.send_as(OWN, patch(&of_doctor(""), json!({"specialty": "dermatology", "active": false}))).await;
    assert_eq!(refused.problem(), (403, "forbidden".to_owned()));
    assert_eq!(refused.fields(), ["active:forbidden", "specialty:forbidden"]);
    for (field, value) in [("rating", json!(5)), ("role", json!("admin")), ("version", json!(9)), ("id", json!("x"))] {
        let refused = app.send_as(Who::Admin, patch(&of_doctor(""), json!({ field: value }))).await;
        assert_eq!(refused.bad_fields(), [format!("{field}:unknown")]);
    }
    let elsewhere = json!({"clinic_id": id('c', 2)});
    for who in [OWN, DESK] {
        let refused = app.send_as(who, patch(&of_doctor(""), elsewhere.clone())).await;
        assert_eq!(refused.bad_fields(), ["clinic_id:unknown"], "{who:?}");
    }
    let moved = app.send_as(Who::Admin, patch(&of_doctor("?on_conflict=keep"), elsewhere)).await;
    assert_eq!((moved.status, &moved.json()["clinic_id"]), (200, &json!(id('c', 2))), "{}", moved.text());
    assert_eq!(app.get(&of_doctor("")).await.json()["city"], "Los Angeles");

    let refused = app.send_as(DESK, patch(&of_clinic(""), json!({"time_zone": "America/Chicago"}))).await;
    assert_eq!((refused.status, refused.fields()), (403, vec!["time_zone:forbidden".to_owned()]));
}
