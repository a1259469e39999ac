//! How front desks run their webhooks.

use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::app::{App, Who, guest, id};
use crate::at_rest::{in_the_clear, stored};
use crate::webhook_receiver::{Receiver, Says, add, deliver, deliveries, delivery, going, webhooks};

async fn desk(app: &App, request: TestRequest) -> crate::app::Answer {
    app.send_as(Who::Staff(1), request).await
}

fn change(uri: &str, tag: &str, body: &Value) -> TestRequest {
    TestRequest::patch().uri(uri).insert_header(("if-match", tag.to_owned())).set_json(body)
}

#[actix_web::test]
async fn a_webhook_is_added_changed_and_taken_away_and_its_secret_is_told_once() {
    let app = App::start().await;
    let body = json!({"url": "https://clinic.example/hooks?key=7d1a", "event_types": ["appointment.booked"]});
    let key = ("idempotency-key", "a-webhook");
    let added = desk(&app, TestRequest::post().uri(&webhooks(1)).insert_header(key).set_json(&body)).await;
    assert_eq!((added.status, added.header("cache-control")), (201, Some("no-store")), "{}", added.text());
    let uri = added.header("location").unwrap().to_owned();
    let secret = added.json()["secret"].as_str().unwrap().to_owned();
    let again = desk(&app, TestRequest::post().uri(&webhooks(1)).insert_header(key).set_json(&body)).await;
    assert_eq!(again.status, 201);
    assert_ne!(again.json()["id"], added.json()["id"], "an answer with a secret is not kept");

    let shown = app.get_as(Who::Staff(1), &uri).await;
    assert_eq!((shown.header("etag"), &shown.json()["url"]), (Some("\"v1\""), &body["url"]));
    let mut without = added.json();
    without.as_object_mut().unwrap().remove("secret");
    assert_eq!(shown.json(), without);
    let wish = json!({"event_types": ["*"], "url": "https://other.example/"});
    assert_eq!(desk(&app, TestRequest::patch().uri(&uri).set_json(&wish)).await.problem().0, 428);
    assert_eq!(desk(&app, change(&uri, "\"v2\"", &wish)).await.problem().0, 412);
    let changed = desk(&app, change(&uri, "\"v1\"", &wish)).await;
    assert_eq!((changed.status, &changed.json()["event_types"]), (200, &json!(["*"])), "{}", changed.text());
    assert_eq!(desk(&app, change(&uri, "\"v2\"", &wish)).await.header("etag"), Some("\"v2\""), "nothing has changed");
    let rotated = app.post_as(Who::Admin, &format!("{uri}/secret"), &Value::Null).await;
    let new = rotated.json()["secret"].as_str().unwrap().to_owned();
    assert!(new.starts_with("whsec_") && new != secret && rotated.json()["previous_secret_until"].is_string());

    let words = ["7d1a", "clinic.example", "other.example", &secret[6..], &new[6..]];
    assert_eq!(in_the_clear(&stored(&app).await, &words), [""; 0]);
    for turned in [Who::Staff(2), Who::Admin] {
        let other = format!("{}/{}", webhooks(2), added.json()["id"].as_str().unwrap());
        assert_eq!(app.get_as(turned, &other).await.problem().0, 404);
    }
    let stale = TestRequest::delete().uri(&uri).insert_header(("if-match", "\"v1\""));
    assert_eq!(desk(&app, stale).await.problem().0, 412);
    assert_eq!(desk(&app, TestRequest::delete().uri(&uri)).await.status, 204);
    assert_eq!(app.get_as(Who::Staff(1), &uri).await.problem().0, 404);
    assert_eq!(app.get_as(Who::Staff(1), &webhooks(1)).await.list().len(), 1);
    for (action, count) in [("added", 2), ("changed", 1), ("secret_rotated", 1), ("removed", 1)] {
        let query = format!("SELECT count(*) FROM journal.audit_event WHERE action = 'webhook.{action}'");
        assert_eq!(app.number(&query).await, count, "{action}");
    }
    app.audited().await;
}

#[actix_web::test]
async fn bad_addresses_and_types_are_told_at_once_and_an_eleventh_webhook_is_refused() {
    let app = App::start().await;
    let add = async |body: Value| app.post_as(Who::Staff(1), &webhooks(1), &body).await;
    assert_eq!(add(json!({})).await.bad_fields(), ["url:required"]);
    let nonsense = json!({"url": "https://10.0.0.1/", "event_types": ["appointment.eaten"]});
    assert_eq!(add(nonsense).await.bad_fields(), ["event_types:event-type", "url:address"]);
    for url in ["http://192.168.1.1/", "https://a:b@clinic.example/", "ftp://clinic.example/", "clinic", ""] {
        assert_eq!(add(json!({ "url": url })).await.bad_fields(), ["url:address"], "{url}");
    }
    for types in [json!([]), json!(["webhook.test"]), json!([""])] {
        let refused = add(json!({"url": "https://clinic.example/", "event_types": types})).await;
        assert_eq!(refused.bad_fields(), ["event_types:event-type"], "{types}");
    }
    let many = futures_util::future::join_all((0..12).map(|_| add(json!({"url": "https://clinic.example/"})))).await;
    assert_eq!(many.iter().filter(|answer| answer.status == 201).count(), 10);
    let refused = many.iter().find(|answer| answer.status != 201).unwrap();
    assert_eq!(refused.problem(), (409, "too-many-webhooks".to_owned()));
    assert_eq!(
        app.post_as(
            Who::Admin,
            &format!("/api/v1/clinics/{}/webhooks", id('c', 77)),
            &json!({"url": "https://clinic.example/"})
        )
        .await
        .problem()
        .0,
        404
    );
}

#[actix_web::test]
async fn the_types_of_events_are_listed_with_what_they_mean() {
    let app = App::reading().await;
    let types = app.get_as(Who::Staff(2), "/api/v1/webhook-event-types").await.list();
    let names: Vec<&str> = types.iter().map(|one| one["type"].as_str().unwrap()).collect();
    assert_eq!(names.len(), 9);
    assert!(names.contains(&"appointment.rescheduled") && names.contains(&"webhook.test"));
    assert!(types.iter().all(|one| one["about"].as_str().unwrap().ends_with('.')));
}

#[actix_web::test]
async fn a_test_goes_the_way_of_all_messages_and_once_under_one_key() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["appointment.no_show"]).await;
    let test = || TestRequest::post().uri(&format!("{}/test", added.uri)).insert_header(("idempotency-key", "t"));
    let sent = desk(&app, test()).await;
    assert_eq!((sent.status, &sent.json()["state"]), (202, &json!("pending")), "{}", sent.text());
    assert_eq!(desk(&app, test()).await.header("idempotent-replayed"), Some("true"));
    deliver(&app).await;
    let heard = receiver.heard();
    assert_eq!(
        (heard.len(), heard[0].kind().as_str(), heard[0].signed_by(&added.secret)),
        (1, "webhook.test", (1, true))
    );
    let shown = app.get_as(Who::Staff(1), sent.header("location").unwrap()).await.json();
    assert_eq!((&shown["state"], &shown["payload"]), (&json!("delivered"), &heard[0].json()));
    assert_eq!(app.number("SELECT count(*) FROM journal.audit_event WHERE action = 'webhook.tested'").await, 1);
}

#[actix_web::test]
async fn a_message_is_sent_again_under_its_id_and_one_that_waits_at_once() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    app.booked(&guest("Ada", 1, "2027-03-09T09:00:00-05:00")).await;
    deliver(&app).await;
    let replay = async |key: &str| {
        let uri = format!("{}/deliveries/{}/replay", added.uri, delivery(&app, &added).await["id"].as_str().unwrap());
        desk(&app, TestRequest::post().uri(&uri).insert_header(("idempotency-key", key.to_owned()))).await
    };
    let again = replay("one").await;
    assert_eq!((again.status, &again.json()["state"]), (202, &json!("pending")), "{}", again.text());
    assert_eq!(replay("one").await.header("idempotent-replayed"), Some("true"));
    receiver.says(Says::Status(500));
    deliver(&app).await;
    assert_eq!(delivery(&app, &added).await["state"], "pending");
    receiver.says(Says::Status(200));
    assert_eq!(replay("two").await.status, 202);
    deliver(&app).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|one| one.id() == heard[0].id() && one.body == heard[0].body));
    app.clock.advance(jiff::SignedDuration::from_hours(24));
    deliver(&app).await;
    assert_eq!(receiver.heard().len(), 3, "its old turn is over");
    let shown = delivery(&app, &added).await;
    assert_eq!((&shown["state"], &shown["attempts"]), (&json!("delivered"), &json!(3)));
    assert_eq!(app.number("SELECT count(*) FROM journal.audit_event WHERE action = 'webhook.replayed'").await, 2);
}

#[actix_web::test]
async fn deliveries_come_in_pages_and_by_state() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    for number in 0..5 {
        let sent = desk(&app, TestRequest::post().uri(&format!("{}/test", added.uri))).await;
        assert_eq!(sent.status, 202, "{number}");
    }
    assert!(app.application.deliverer.step(&going()).await.unwrap());
    let all = deliveries(&app, &added).await;
    let uri = format!("{}/deliveries", added.uri);
    let mut page = app.get_as(Who::Staff(1), &format!("{uri}?limit=2")).await;
    let mut found = page.list();
    while let Some(link) = page.header("link") {
        let next = link.split(['<', '>']).nth(1).unwrap().to_owned();
        page = app.get_as(Who::Staff(1), &next).await;
        found.extend(page.list());
    }
    assert_eq!((found.len(), &found), (5, &all));
    for (state, count) in [("delivered", 1), ("pending", 4), ("failed", 0)] {
        assert_eq!(app.get_as(Who::Staff(1), &format!("{uri}?state={state}")).await.list().len(), count, "{state}");
    }
    assert_eq!(app.get_as(Who::Staff(1), &format!("{uri}?state=lost&limit=0")).await.bad_fields().len(), 2);
}

#[actix_web::test]
async fn lost_deliveries_are_found_again_and_old_ones_forgotten() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    app.post_as(Who::Staff(1), &format!("{}/secret", added.uri), &Value::Null).await;
    app.post_as(Who::Staff(1), &format!("{}/test", added.uri), &Value::Null).await;
    app.sql("DELETE FROM jobs.job").await;
    let tidy = async || {
        let job = platform::jobs::NewJob::new("upkeep", "webhooks.tidy", &json!({})).unwrap();
        app.application.worker.jobs().add(&job, app.application.clock.now()).await.unwrap();
        while app.application.worker.step_of(&["webhooks.tidy"], &going()).await.unwrap() {}
        app.texts("SELECT said FROM jobs.run WHERE name = 'webhooks.tidy' ORDER BY id DESC LIMIT 1").await.remove(0)
    };
    assert_eq!(tidy().await, "mended 0, forgotten 0");
    app.clock.advance(jiff::SignedDuration::from_mins(6));
    assert_eq!(tidy().await, "mended 1, forgotten 0");
    deliver(&app).await;
    assert_eq!(receiver.heard().len(), 1);
    app.clock.advance(jiff::SignedDuration::from_hours(24));
    assert_eq!(tidy().await, "mended 0, forgotten 1", "the secret that signs no more");
    app.clock.advance(jiff::SignedDuration::from_hours(30 * 24));
    assert_eq!(tidy().await, "mended 0, forgotten 1");
    assert!(deliveries(&app, &added).await.is_empty());
}
