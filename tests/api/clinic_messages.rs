//! What doctors and front desks write to patients.

use doktolib::texting::Texting;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::app::{App, Who, Wishes, id, with};
use crate::notifications::{hand_out, with_folder};

const SEND: &str = "/api/v1/notifications/send";
const WORDS: &str = "Please come ten minutes early.\nThe entrance is in Mill Lane <b>now</b>.";

fn to(patient: u32) -> Value {
    json!({"patient_id": id('b', patient), "message": WORDS})
}

async fn sent(app: &App, who: Who, body: &Value) -> Answer {
    let answer = app.post_as(who, SEND, body).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer
}

async fn kept(app: &App) -> (i64, i64, i64) {
    (
        app.number("SELECT count(*) FROM notifications.clinic_message").await,
        app.number("SELECT count(*) FROM journal.outbox WHERE topic IN ('mail', 'sms')").await,
        app.number("SELECT count(*) FROM journal.audit_event WHERE action = 'clinic_message.sent'").await,
    )
}

#[actix_web::test]
async fn a_front_desk_writes_by_mail_and_hears_what_became_of_it() {
    let (app, _folder) = with_folder().await;
    let before = kept(&app).await;
    let answer = sent(&app, Who::Staff(1), &to(1)).await;
    let (message, at) = (answer.json(), answer.header("location").unwrap().to_owned());
    assert_eq!((&message["state"], &message["channel"]), (&json!("queued"), &json!("email")));
    assert_eq!((&message["patient_id"], &message["clinic_id"]), (&json!(id('b', 1)), &json!(id('c', 1))));
    assert_eq!(app.get_as(Who::Staff(1), &at).await.json(), message);

    hand_out(&app).await;
    assert_eq!(app.get_as(Who::Staff(1), &at).await.json()["state"], "sent");
    assert_eq!(app.get_as(Who::Doctor(1), &at).await.json()["state"], "sent", "the doctor has a care link");
    let mail = app.get("/dev/mail/latest.txt").await.text();
    for line in ["Please come ten minutes early.", "The entrance is in Mill Lane <b>now</b>.", "writes to you:"] {
        assert!(mail.contains(line), "{mail}");
    }
    let after = kept(&app).await;
    assert_eq!((after.0 - before.0, after.1 - before.1, after.2 - before.2), (1, 1, 1));
    // The words are nowhere but with the message, which forgets them once it is out.
    let told = app.texts("SELECT data::text FROM journal.audit_event WHERE action = 'clinic_message.sent'").await;
    assert!(!told[0].contains("Mill Lane"), "{told:?}");
    assert_eq!(app.number("SELECT count(*) FROM journal.outbox WHERE topic = 'mail' AND sealed IS NOT NULL").await, 0);
    app.audited().await;
}

#[actix_web::test]
async fn by_text_it_reaches_the_phone_in_the_clinics_name() {
    let (app, _folder) = with_folder().await;
    let by_text = with(&to(1), "channel", "sms");
    app.sql(&format!("UPDATE appointments.patient SET phone = NULL WHERE id = '{}'", id('b', 1))).await;
    let number = app.post_as(Who::Staff(1), SEND, &by_text).await;
    assert_eq!(number.problem(), (409, "not-reachable".to_owned()), "no phone number is known");
    let seen = app.get_as(Who::Staff(1), &format!("/api/v1/patients/{}", id('b', 1))).await;
    let change = actix_web::test::TestRequest::patch()
        .uri(&format!("/api/v1/patients/{}", id('b', 1)))
        .insert_header(("if-match", seen.header("etag").unwrap()))
        .set_json(json!({"phone": "+1 212 555 0100"}));
    assert_eq!(app.send_as(Who::Staff(1), change).await.status, 200);
    sent(&app, Who::Staff(1), &by_text).await;
    hand_out(&app).await;
    let text = app.get("/dev/texts/latest.txt").await.text();
    assert!(text.contains("Please come ten minutes early."), "{text}");
    let long = with(&by_text, "message", "x".repeat(350));
    assert_eq!(app.post_as(Who::Staff(1), SEND, &long).await.bad_fields(), ["message:length"]);
    // Where no texts are sent, that is told.
    let silent = Texting { texts: None, ..Texting::into_folder(std::path::PathBuf::new()) };
    let silent = app.beside(Wishes { texting: silent, ..Wishes::default() }).await;
    assert_eq!(silent.post_as(Who::Staff(1), SEND, &by_text).await.problem(), (409, "not-reachable".to_owned()));
}

#[actix_web::test]
async fn the_same_key_sends_once_and_another_wish_under_it_is_refused() {
    let (app, _folder) = with_folder().await;
    let before = kept(&app).await;
    let post = async |body: &Value| {
        let request = actix_web::test::TestRequest::post().uri(SEND).insert_header(("idempotency-key", "k-1"));
        app.send_as(Who::Staff(1), request.set_json(body)).await
    };
    let (first, again) = (post(&to(1)).await, post(&to(1)).await);
    assert_eq!((first.status, again.status), (202, 202));
    assert_eq!(first.json(), again.json());
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    let other = post(&with(&to(1), "message", "Something else")).await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused".to_owned()));
    let after = kept(&app).await;
    assert_eq!((after.0 - before.0, after.1 - before.1, after.2 - before.2), (1, 1, 1));
}

#[actix_web::test]
async fn nobody_writes_to_patients_of_others_or_in_the_name_of_others_and_bad_wishes_send_nothing() {
    let (app, _folder) = with_folder().await;
    let before = app.tables().await;
    for (who, body, fields) in [
        (Who::Staff(2), to(1), vec!["patient_id:unknown"]),
        (Who::Staff(1), to(99), vec!["patient_id:unknown"]),
        (Who::Staff(1), with(&to(1), "clinic_id", id('c', 2)), vec!["clinic_id:unknown"]),
        (Who::Staff(1), json!({}), vec!["message:required", "patient_id:required"]),
        (Who::Staff(1), with(&to(1), "message", ""), vec!["message:length"]),
        (Who::Staff(1), with(&to(1), "message", " \n "), vec!["message:length"]),
        (Who::Staff(1), with(&to(1), "message", "x".repeat(1001)), vec!["message:length"]),
        (Who::Staff(1), with(&to(1), "subject", "Hello"), vec!["subject:unknown"]),
    ] {
        let mut found = app.post_as(who, SEND, &body).await.bad_fields();
        found.sort();
        assert_eq!(found, fields, "{who:?} {body}");
    }
    for who in [Who::Patient(1), Who::Admin] {
        assert_eq!(app.post_as(who, SEND, &to(1)).await.status, 403, "{who:?}");
    }
    // Emergency access opens a record for reading, and for nothing else.
    let glass = format!("/api/v1/patients/{}/emergency-access", id('b', 1));
    let why = json!({"reason": "Unconscious on arrival"});
    assert_eq!(app.post_as(Who::Doctor(4), &glass, &why).await.status, 201);
    assert_eq!(app.post_as(Who::Doctor(4), SEND, &to(1)).await.bad_fields(), ["patient_id:unknown"]);
    assert_eq!(app.tables().await["notifications.clinic_message"], before["notifications.clinic_message"]);

    let at = sent(&app, Who::Staff(1), &to(1)).await.header("location").unwrap().to_owned();
    for (who, status) in [(Who::Staff(2), 404), (Who::Doctor(4), 404), (Who::Admin, 403), (Who::Patient(1), 403)] {
        assert_eq!(app.get_as(who, &at).await.status, status, "{who:?}");
    }
}

#[actix_web::test]
async fn a_patient_is_written_to_ten_times_a_day_and_then_no_more() {
    let (app, _folder) = with_folder().await;
    for _ in 0..10 {
        sent(&app, Who::Staff(1), &to(1)).await;
    }
    let refused = app.post_as(Who::Doctor(1), SEND, &to(1)).await;
    assert_eq!(refused.problem(), (429, "too-many-notifications".to_owned()));
    assert_eq!(refused.header("retry-after"), Some("86400"));
    sent(&app, Who::Staff(1), &to(2)).await;
    app.clock.advance(jiff::SignedDuration::from_hours(24));
    sent(&app, Who::Doctor(1), &to(1)).await;
}

#[actix_web::test]
async fn one_account_writes_sixty_times_an_hour_also_when_it_asks_for_many_at_once() {
    let (app, _folder) = with_folder().await;
    app.sql(&format!(
        "INSERT INTO notifications.clinic_message
         SELECT gen_random_uuid(), '{}', gen_random_uuid(), '{}', 'email', '{}'
           FROM generate_series(1, 57)",
        id('c', 1),
        Who::Staff(1).user(),
        kernel::Clock::now(&*app.clock)
    ))
    .await;
    let (one, two) = (to(1), to(2));
    let answers = futures_util::future::join_all(
        (0..8).map(|n| app.post_as(Who::Staff(1), SEND, if n % 2 == 0 { &one } else { &two })),
    )
    .await;
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [202, 202, 202, 429, 429, 429, 429, 429]);
}
