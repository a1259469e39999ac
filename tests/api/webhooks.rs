//! What clinics' own systems hear, and what becomes of it when they do not listen.

use actix_web::test::TestRequest;
use futures_util::future::join_all;
use jiff::SignedDuration;
use kernel::Clock as _;
use platform::outgoing::Reach;
use serde_json::{Value, json};

use crate::app::{App, Who, Wishes, ada, doctor, guest, id};
use crate::webhook_receiver::{Receiver, Says, add, deliver, deliveries, delivery, going, hand_out};

const NINE: &str = "2027-03-09T09:00:00-05:00";
const TEN: &str = "2027-03-09T10:00:00-05:00";

fn later(app: &App, seconds: i64) {
    app.clock.advance(SignedDuration::from_secs(seconds));
}

/// Nine, half past nine, ten, … on Tuesday, with doctor 1.
async fn book(app: &App, count: usize) {
    for number in 0..count {
        // Nobody works between twelve and one.
        let minute = 9 * 60 + 30 * number + if number < 6 { 0 } else { 60 };
        let start = format!("2027-03-09T{:02}:{:02}:00-05:00", minute / 60, minute % 60);
        app.booked(&guest(&format!("Guest {number}"), 1, &start)).await;
    }
}

async fn audited(app: &App, action: &str) -> i64 {
    app.number(&format!("SELECT count(*) FROM journal.audit_event WHERE action = '{action}'")).await
}

#[actix_web::test]
async fn a_booking_is_posted_once_signed_and_tells_of_nobody() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    let booked = app.booked(&ada(1, NINE)).await.json();
    deliver(&app).await;
    deliver(&app).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 1);
    let message = &heard[0];
    assert_eq!(message.signed_by(&added.secret), (1, true));
    assert_eq!(message.headers["content-type"], "application/json");
    assert_eq!(message.headers["webhook-timestamp"], app.clock.now().as_second().to_string());
    let data = json!({
        "appointment_id": booked["id"], "clinic_id": id('c', 1), "doctor_id": doctor(1),
        "version": 1, "visit_type_id": booked["visit_type_id"], "starts_at": "2027-03-09T14:00:00Z", "ends_at": "2027-03-09T14:30:00Z",
    });
    assert_eq!(
        message.json(),
        json!({"type": "appointment.booked", "timestamp": app.clock.now().to_string(), "data": data})
    );
    let event = app.texts("SELECT id::text FROM journal.audit_event WHERE action = 'appointment.booked'").await;
    assert_eq!(event, [message.id()]);
    let shown = delivery(&app, &added).await;
    assert_eq!(
        (&shown["state"], &shown["attempts"], &shown["response_status"]),
        (&json!("delivered"), &json!(1), &json!(204))
    );
    assert_eq!(shown["event_id"], message.id());
    let mut forged = message.clone();
    forged.body[10] ^= 1;
    assert_eq!(forged.signed_by(&added.secret), (1, false));
}

#[actix_web::test]
async fn a_move_is_told_as_such_and_not_as_a_cancellation_and_a_refused_booking_not_at_all() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    add(&app, 1, &receiver.url, &["*"]).await;
    let booked = app.booked(&ada(1, NINE)).await;
    let taken = app.post("/api/v1/appointments", &guest("Grace Example", 1, NINE)).await;
    assert_eq!(taken.problem().1, "slot-taken");
    let moved = app.post(&booked.manage("/reschedule"), &json!({"starts_at": TEN})).await;
    assert_eq!(moved.status, 200, "{}", moved.text());
    deliver(&app).await;
    let mut kinds = receiver.kinds();
    kinds.sort();
    assert_eq!(kinds, ["appointment.booked", "appointment.rescheduled"]);
    let heard = receiver.heard();
    let moved = heard.iter().find(|heard| heard.kind() == "appointment.rescheduled").unwrap().json();
    assert_eq!(
        (&moved["data"]["previous_starts_at"], &moved["data"]["starts_at"], &moved["data"]["version"]),
        (&json!("2027-03-09T14:00:00Z"), &json!("2027-03-09T15:00:00Z"), &json!(2))
    );
    assert_eq!(app.post(&booked.manage("/cancel"), &json!({"reason": "Very private"})).await.status, 200);
    deliver(&app).await;
    let last = receiver.heard().pop().unwrap();
    assert_eq!(last.kind(), "appointment.cancelled");
    assert!(!String::from_utf8_lossy(&last.body).contains("private"));
}

#[actix_web::test]
async fn an_endpoint_hears_its_own_clinic_and_what_it_wants_alone() {
    let app = App::start().await;
    let (all, some, elsewhere, off) =
        (Receiver::start().await, Receiver::start().await, Receiver::start().await, Receiver::start().await);
    add(&app, 1, &all.url, &["*"]).await;
    add(&app, 1, &some.url, &["appointment.cancelled", "appointment.no_show"]).await;
    add(&app, 2, &elsewhere.url, &["*"]).await;
    let switched = add(&app, 1, &off.url, &["*"]).await;
    let switch = TestRequest::patch().uri(&switched.uri).insert_header(("if-match", "\"v1\""));
    assert_eq!(app.send_as(Who::Staff(1), switch.set_json(json!({"enabled": false}))).await.status, 200);
    let booked = app.booked(&ada(1, NINE)).await;
    assert_eq!(app.post(&booked.manage("/cancel"), &json!({})).await.status, 200);
    deliver(&app).await;
    assert_eq!((all.heard().len(), some.kinds()), (2, vec!["appointment.cancelled".to_owned()]));
    assert!(elsewhere.heard().is_empty() && off.heard().is_empty());
    assert_eq!(app.number("SELECT count(*) FROM webhooks.delivery").await, 3);
    let ids = |receiver: &Receiver| receiver.heard().iter().map(|heard| heard.id().to_owned()).collect::<Vec<_>>();
    assert!(ids(&all).contains(&ids(&some)[0]), "the same event has the same id everywhere");
}

#[actix_web::test]
async fn for_a_day_after_a_rotation_both_secrets_sign() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    let rotated = app.post_as(Who::Staff(1), &format!("{}/secret", added.uri), &Value::Null).await;
    assert_eq!((rotated.status, rotated.header("etag")), (200, Some("\"v2\"")), "{}", rotated.text());
    let new = rotated.json()["secret"].as_str().unwrap().to_owned();
    assert_ne!(new, added.secret);
    book(&app, 1).await;
    deliver(&app).await;
    let first = receiver.heard().pop().unwrap();
    assert_eq!((first.signed_by(&added.secret), first.signed_by(&new)), ((2, true), (2, true)));
    later(&app, 24 * 3_600);
    app.post_as(Who::Staff(1), &format!("{}/test", added.uri), &Value::Null).await;
    deliver(&app).await;
    let last = receiver.heard().pop().unwrap();
    assert_eq!(
        (last.kind().as_str(), last.signed_by(&added.secret), last.signed_by(&new)),
        ("webhook.test", (1, false), (1, true))
    );
}

#[actix_web::test]
async fn what_is_refused_is_tried_again_by_the_clock_under_the_same_id_until_it_gets_through() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    receiver.says(Says::Status(500));
    book(&app, 1).await;
    deliver(&app).await;
    later(&app, 4);
    deliver(&app).await;
    assert_eq!(receiver.heard().len(), 1, "the first pause is 4.5 seconds at least");
    let shown = delivery(&app, &added).await;
    assert_eq!((&shown["state"], &shown["error"]), (&json!("pending"), &json!("refused-by-receiver")));
    assert_ne!(app.get_as(Who::Staff(1), &added.uri).await.json()["failing_since"], Value::Null);
    later(&app, 2);
    deliver(&app).await;
    assert_eq!(receiver.heard().len(), 2);
    later(&app, 269);
    deliver(&app).await;
    assert_eq!(receiver.heard().len(), 2, "the second pause is 4.5 minutes at least");
    receiver.says(Says::Status(200));
    later(&app, 62);
    deliver(&app).await;
    later(&app, 7 * 24 * 3_600);
    deliver(&app).await;
    let heard = receiver.heard();
    assert_eq!(heard.len(), 3);
    assert!(heard.iter().all(|one| one.id() == heard[0].id() && one.body == heard[0].body));
    assert_ne!(heard[0].headers["webhook-timestamp"], heard[2].headers["webhook-timestamp"]);
    let shown = delivery(&app, &added).await;
    assert_eq!((&shown["state"], &shown["attempts"], &shown["error"]), (&json!("delivered"), &json!(3), &Value::Null));
    let whole = app.get_as(Who::Staff(1), &format!("{}/deliveries/{}", added.uri, shown["id"].as_str().unwrap())).await;
    let tries: Vec<Value> =
        whole.json()["tries"].as_array().unwrap().iter().map(|one| one["response_status"].clone()).collect();
    assert_eq!((json!(tries), &whole.json()["payload"]), (json!([500, 500, 200]), &heard[0].json()));
    assert_eq!(app.get_as(Who::Staff(1), &added.uri).await.json()["failing_since"], Value::Null);
}

#[actix_web::test]
async fn who_asks_to_wait_is_waited_for() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    add(&app, 1, &receiver.url, &["*"]).await;
    receiver.says(Says::Fields(429, "retry-after: 3600\r\n".into()));
    book(&app, 1).await;
    deliver(&app).await;
    for (seconds, count) in [(3_599, 1), (1, 2)] {
        later(&app, seconds);
        deliver(&app).await;
        assert_eq!(receiver.heard().len(), count);
    }
}

#[actix_web::test]
async fn a_receiver_that_is_gone_hears_nothing_more_until_it_is_switched_on() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    receiver.says(Says::Status(410));
    book(&app, 2).await;
    deliver(&app).await;
    assert_eq!(receiver.heard().len(), 1);
    let shown = app.get_as(Who::Staff(1), &added.uri).await;
    assert_eq!((&shown.json()["enabled"], &shown.json()["disabled_reason"]), (&json!(false), &json!("gone")));
    let states: Vec<Value> = deliveries(&app, &added).await.iter().map(|one| one["error"].clone()).collect();
    assert!(states.contains(&json!("gone")) && states.contains(&json!("endpoint-disabled")), "{states:?}");
    assert_eq!(audited(&app, "webhook.disabled").await, 1);
    let test = app.post_as(Who::Staff(1), &format!("{}/test", added.uri), &Value::Null).await;
    assert_eq!(test.problem(), (409, "webhook-disabled".to_owned()));
    app.booked(&guest("Later", 1, "2027-03-10T09:30:00-05:00")).await;
    deliver(&app).await;
    assert_eq!(receiver.heard().len(), 1);

    receiver.says(Says::Status(204));
    let on = TestRequest::patch().uri(&added.uri).insert_header(("if-match", shown.header("etag").unwrap().to_owned()));
    assert_eq!(app.send_as(Who::Staff(1), on.set_json(json!({"enabled": true}))).await.status, 200);
    app.booked(&guest("Last", 1, "2027-03-10T10:30:00-05:00")).await;
    deliver(&app).await;
    assert_eq!(receiver.heard().len(), 2, "what happened in between was not kept for it");
    app.audited().await;
}

#[actix_web::test]
async fn after_five_days_without_success_an_endpoint_is_disabled() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    receiver.says(Says::Status(404));
    let hours = |app: &App, hours: i64| later(app, hours * 3_600);
    book(&app, 1).await;
    for _ in 0..12 {
        deliver(&app).await;
        hours(&app, 27);
    }
    assert_eq!(receiver.heard().len(), 10);
    let shown = app.get_as(Who::Staff(1), &added.uri).await.json();
    assert_eq!((&shown["enabled"], &shown["disabled_reason"]), (&json!(false), &json!("failing")));
    assert_eq!(delivery(&app, &added).await["state"], "failed");
}

#[actix_web::test]
async fn nobody_is_sent_on_and_nothing_inside_of_a_network_is_asked() {
    let app = App::start().await;
    let (inner, outer) = (Receiver::start().await, Receiver::start().await);
    outer.says(Says::Fields(307, format!("location: {}\r\n", inner.url)));
    let added = add(&app, 1, &outer.url, &["*"]).await;
    book(&app, 1).await;
    deliver(&app).await;
    assert_eq!((outer.heard().len(), inner.heard().len()), (1, 0));
    assert_eq!(delivery(&app, &added).await["error"], "redirected");

    // The same database, where nothing but the public internet may be asked.
    let public = app.beside(Wishes { webhooks: Reach::Public, ..Wishes::default() }).await;
    later(&public, 10);
    deliver(&public).await;
    assert_eq!((outer.heard().len(), &delivery(&app, &added).await["error"]), (1, &json!("address-refused")));
}

#[actix_web::test]
async fn a_receiver_that_hangs_holds_up_its_own_messages_alone_and_not_more_than_four_at_once() {
    let app = App::start().await;
    let (silent, quick) = (Receiver::start().await, Receiver::start().await);
    silent.says(Says::Nothing);
    let slow = add(&app, 1, &silent.url, &["*"]).await;
    add(&app, 1, &quick.url, &["*"]).await;
    book(&app, 6).await;
    hand_out(&app).await;
    let (worker, stop) = (&app.application.deliverer, going());
    let hand = async || while worker.step(&stop).await.unwrap() {};
    let hands = join_all((0..8).map(|_| hand()));
    let watch = async {
        quick.has_heard(6).await;
        silent.has_heard(4).await;
        while app.number("SELECT count(*) FROM webhooks.delivery WHERE parked").await != 2 {}
        assert_eq!(silent.heard().len(), 4, "the others wait outside");
        silent.says(Says::Status(500));
    };
    futures_util::join!(hands, watch);
    // One at a time while it fails.
    hand().await;
    assert_eq!(silent.heard().len(), 6);
    silent.says(Says::Status(200));
    later(&app, 10);
    hand().await;
    assert_eq!((silent.heard().len(), quick.heard().len()), (12, 6));
    assert!(deliveries(&app, &slow).await.iter().all(|one| one["state"] == "delivered"));
}

#[actix_web::test]
async fn workers_that_race_post_each_message_once() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    add(&app, 1, &receiver.url, &["*"]).await;
    book(&app, 12).await;
    let other = app.beside(Wishes::default()).await;
    // Both hear of it from the outbox, as well.
    futures_util::join!(hand_out(&app), hand_out(&other));
    let stop = going();
    let work = async |worker: &platform::jobs::Worker| while worker.step(&stop).await.unwrap() {};
    let (here, there) = (&app.application.deliverer, &other.application.deliverer);
    futures_util::join!(work(here), work(there), work(here), work(there));
    while here.step(&stop).await.unwrap() {}
    let mut ids: Vec<String> = receiver.heard().iter().map(|heard| heard.id().to_owned()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!((receiver.heard().len(), ids.len()), (12, 12));
}

#[actix_web::test]
async fn what_a_killed_worker_was_at_is_posted_again_under_the_same_id_by_another() {
    let app = App::start().await;
    let receiver = Receiver::start().await;
    let added = add(&app, 1, &receiver.url, &["*"]).await;
    receiver.says(Says::Nothing);
    book(&app, 1).await;
    hand_out(&app).await;
    {
        let stop = going();
        tokio::select! {
            _ = app.application.deliverer.step(&stop) => panic!("it hangs"),
            () = receiver.has_heard(1) => {}
        }
    }
    receiver.says(Says::Status(204));
    later(&app, 59);
    let other = app.application.deliverer.another();
    assert!(!other.step(&going()).await.unwrap(), "the lease is not over");
    later(&app, 1);
    assert!(other.step(&going()).await.unwrap());
    let heard = receiver.heard();
    assert!(heard.len() == 2 && heard[0].id() == heard[1].id());
    assert_eq!(delivery(&app, &added).await["state"], "delivered");
}
