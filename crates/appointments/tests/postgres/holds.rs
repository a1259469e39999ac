//! Times that are held: among the visits, in nobody's way once they are over.

use std::sync::Arc;

use appointments::application::{
    AppointmentDetails, AppointmentStore as _, Claim, CodeLetter, Draft, GuestHold, HOLD_LASTS, HeldBy, HoldOwner,
    HoldStore as _, InsertError, Names, NewAppointment, NewHold, OpenError, PatientIs, ReleasedBy, UpdateError,
};
use appointments::domain::{Hold, HoldKind, Offer};
use appointments::infrastructure::{PgHolds, busy_of, busy_of_many};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, AppointmentId, KeptAnswer, Once, OnceError, PatientId, Recorded, UserId};
use platform::letters::Letter;
use platform::pg;
use uuid::Uuid;

use super::house::{
    Counting, House, booking, booking_of_known, cancelling, doctor, guest, half_hour, keys, moving, now, offer, span,
};

const CODE: [u8; 32] = [7; 32];

pub fn holds(house: &House) -> PgHolds {
    PgHolds::new(house.db.pool.clone(), house.journal.clone(), keys(), Arc::new(Counting))
}

fn minutes(count: i64) -> Timestamp {
    now() + SignedDuration::from_mins(count)
}

fn held(offer: &Offer, kind: HoldKind, owner: HoldOwner, actor: Actor, at: Timestamp) -> NewHold {
    let (hold, event) = Hold::open(offer.clone(), kind, HOLD_LASTS, at);
    NewHold {
        hold,
        owner,
        guest: None,
        instead_of: None,
        edition: 1,
        opened: Recorded::new(event, actor, at).caused_by(Some("request-1".into())),
        once: None,
    }
}

/// For a guest of that name, asked for by a client of the same name.
pub fn for_guest(offer: &Offer, name: &str, at: Timestamp) -> NewHold {
    let names = Names { doctor: "Amara Okafor".into(), clinic: "Harbor".into(), address: "1 Quay".into() };
    let draft = Draft {
        name: name.into(),
        email: format!("{}@Example.org", name.to_lowercase().replace(' ', ".")),
        notes: Some("By wheelchair".into()),
    };
    let letter = CodeLetter { language: "en".into(), code: "424242".into(), names };
    NewHold {
        guest: Some(GuestHold { draft, digest: CODE, letter }),
        ..held(offer, HoldKind::Guest, HoldOwner::Client(name.into()), Actor::Guest, at)
    }
}

fn for_form(offer: &Offer, user: UserId, at: Timestamp) -> NewHold {
    held(offer, HoldKind::Form, HoldOwner::User(user), Actor::Patient(user), at)
}

fn by(actor: Actor, at: Timestamp) -> ReleasedBy {
    ReleasedBy { actor, at, request_id: None }
}

/// A booking at another time than the fixed one.
pub fn booking_at(offer: &Offer, name: &str, at: Timestamp) -> NewAppointment {
    let mut new = booking(offer, &guest(name));
    new.booked.at = at;
    new
}

/// The booking that a proven hold becomes.
pub fn confirming(hold: &Hold, offer: &Offer, name: &str, at: Timestamp) -> NewAppointment {
    let patient = guest(name);
    let (appointment, event) = hold.confirm(offer.clone(), patient.id, None, at).unwrap();
    NewAppointment {
        details: AppointmentDetails { appointment, patient },
        patient_is_new: PatientIs::New,
        booked: Recorded::new(event, Actor::Guest, at),
        arrived: None,
        edition: None,
        hold: Some(Claim::Becomes(hold.id)),
        letter: None,
        once: None,
    }
}

async fn events(house: &House, subject: AppointmentId) -> Vec<String> {
    let sql = "SELECT action FROM journal.audit_event WHERE subject = $1 ORDER BY at, seq";
    let rows = house.owner.query(sql, &[&subject.as_uuid()]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_hold_takes_the_time_until_it_is_over_and_then_stands_in_nobody_s_way() {
    let house = House::new().await;
    let store = holds(&house);
    let new = for_guest(&offer(1, span(540, 570), 5, 10), "Ada Example", now());
    store.open(&new).await.unwrap();
    let conn = pg::conn(&house.db.pool).await.unwrap();
    let last = minutes(10) - SignedDuration::from_micros(1);
    for (at, blocked) in [(now(), vec![span(535, 580)]), (last, vec![span(535, 580)]), (minutes(10), vec![])] {
        assert_eq!(busy_of(&conn, doctor(1), span(0, 1440), at).await.unwrap(), blocked, "{at}");
    }
    let taken = busy_of_many(&conn, &[doctor(1).as_uuid()], span(0, 1440), now()).await.unwrap();
    assert_eq!(taken[0].held_until, Some(minutes(10)));
    drop(conn);

    // Beside its buffers there is room, inside of them there is none, for visits, holds and moves alike.
    let beside = house.booked(&half_hour(580), &guest("Beside")).await;
    let rival = booking_at(&half_hour(560), "Rival", last);
    assert!(matches!(house.store.insert(&rival).await, Err(InsertError::SlotTaken)));
    let second = for_guest(&half_hour(560), "Second", last);
    assert!(matches!(store.open(&second).await, Err(OpenError::SlotTaken)));
    let refused = house.store.update(&moving(&beside, &half_hour(540))).await;
    assert!(matches!(refused, Err(UpdateError::SlotTaken)), "{refused:?}");

    let late = booking_at(&half_hour(545), "Late", minutes(10));
    house.store.insert(&late).await.unwrap();
    assert_eq!(events(&house, new.hold.id).await, ["hold.opened", "hold.expired"]);
    assert_eq!(house.count("appointments.hold").await, 0);
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test]
async fn what_is_over_gives_way_to_a_hold_and_to_a_move_as_well() {
    let house = House::new().await;
    let store = holds(&house);
    store.open(&for_guest(&half_hour(540), "First", now())).await.unwrap();
    store.open(&for_guest(&half_hour(540), "Second", minutes(10))).await.unwrap();
    assert_eq!(house.count("appointments.hold").await, 1);

    let visit = house.booked(&half_hour(600), &guest("Mover")).await;
    let mut change = moving(&visit, &half_hour(540));
    assert!(matches!(house.store.update(&change).await, Err(UpdateError::SlotTaken)));
    change.event.at = minutes(20);
    house.store.update(&change).await.unwrap();
    assert_eq!(house.count("appointments.hold").await, 0);
    assert_eq!(house.count("journal.audit_event WHERE action = 'hold.expired' AND actor_kind = 'system'").await, 2);
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test]
async fn a_guest_s_hold_tells_the_code_by_mail_and_keeps_nothing_in_the_clear() {
    let house = House::new().await;
    let new = for_guest(&half_hour(540), "Ada Example", now());
    holds(&house).open(&new).await.unwrap();
    let row = house.owner.query_one("SELECT id, sealed FROM journal.outbox WHERE topic = 'mail'", &[]).await.unwrap();
    let letter = Letter::open(&keys(), row.get::<_, Uuid>(0), row.get(1)).unwrap();
    assert_eq!((letter.template.as_str(), letter.to.as_str()), ("guest-booking-code", "ada.example@Example.org"));
    let value = |name: &str| letter.values.get(name).cloned().unwrap();
    assert_eq!((value("code"), value("minutes"), value("name")), ("424242".into(), "10".into(), "Ada Example".into()));
    assert_eq!(value("when"), "2027-03-02 04:00 (America/New_York)");
    let all = house.everything().await;
    for (table, rows) in &all {
        for secret in ["Ada", "ada.example", "wheelchair", "424242"] {
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            let found = rows.iter().any(|row| row.contains(secret) || row.contains(&hex));
            assert!(!found, "{secret} stands in {table}");
        }
    }
}

#[tokio::test]
async fn a_code_is_proven_by_its_digest_alone_and_dead_after_five_wrong_tries() {
    let house = House::new().await;
    let store = holds(&house);
    let new = for_guest(&half_hour(540), "Ada Example", now());
    store.open(&new).await.unwrap();
    let id = new.hold.id;
    let proven = store.prove(id, CODE, now()).await.unwrap().unwrap();
    assert_eq!((&proven.hold, proven.draft), (&new.hold, new.guest.unwrap().draft));
    assert_eq!(store.prove(AppointmentId::mint(), CODE, now()).await.unwrap(), None);
    assert_eq!(store.prove(id, CODE, minutes(10)).await.unwrap(), None, "too late, which counts as a try");
    for _ in 0..3 {
        assert_eq!(store.prove(id, [8; 32], now()).await.unwrap(), None);
        assert!(store.prove(id, CODE, now()).await.unwrap().is_some());
    }
    assert_eq!(store.prove(id, [8; 32], now()).await.unwrap(), None);
    assert_eq!(store.prove(id, CODE, now()).await.unwrap(), None, "the fifth wrong try was the last");

    let form = for_form(&half_hour(600), UserId::mint(), now());
    store.open(&form).await.unwrap();
    assert_eq!(store.prove(form.hold.id, CODE, now()).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_who_confirm_at_once_one_books() {
    let house = House::with_connections(16).await;
    let store = holds(&house);
    let offer = half_hour(540);
    let new = for_guest(&offer, "Ada Example", now());
    store.open(&new).await.unwrap();
    let tried = join_all((0..50).map(async |_| {
        let proven = store.prove(new.hold.id, CODE, minutes(1)).await.unwrap();
        let Some(proven) = proven else { return false };
        match house.store.insert(&confirming(&proven.hold, &offer, "Ada Example", minutes(1))).await {
            Ok(_) => true,
            Err(InsertError::SlotTaken | InsertError::GuestAppeared) => false,
            Err(other) => panic!("{other:?}"),
        }
    }))
    .await;
    assert_eq!(tried.iter().filter(|won| **won).count(), 1);
    assert_eq!(house.count("appointments.appointment").await, 1);
    let visit = house.store.find(new.hold.id).await.unwrap().unwrap();
    assert_eq!((visit.appointment.version, visit.appointment.visit), (2, offer.visit));
    assert_eq!(events(&house, new.hold.id).await, ["hold.opened", "appointment.booked"]);
    assert_eq!((house.count("appointments.hold").await, house.deadlocks().await), (0, 0));
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test]
async fn a_hold_is_confirmed_in_its_time_or_not_at_all_and_keeps_a_busy_patient_s_chance() {
    let house = House::new().await;
    let store = holds(&house);
    let time = half_hour(540);
    let new = for_guest(&time, "Ada Example", now());
    store.open(&new).await.unwrap();
    let elsewhere = house.booked(&offer(2, span(540, 570), 0, 0), &guest("Ada Example")).await;
    let mut confirmed = confirming(&new.hold, &time, "Ada Example", minutes(9));
    confirmed.patient_is_new = PatientIs::Known;
    confirmed.details.patient = elsewhere.patient.clone();
    confirmed.details.appointment.patient = elsewhere.patient.id;
    let before = house.everything().await;
    assert!(matches!(house.store.insert(&confirmed).await, Err(InsertError::PatientBusy)));
    assert_eq!(house.everything().await, before, "the hold is still there");
    confirmed.booked.at = minutes(10);
    assert!(matches!(house.store.insert(&confirmed).await, Err(InsertError::SlotTaken)));
    assert_eq!(house.everything().await, before);
    house.store.update(&cancelling(&elsewhere)).await.unwrap();
    confirmed.booked.at = minutes(9);
    house.store.insert(&confirmed).await.unwrap();
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test]
async fn an_address_and_a_client_hold_three_times_at_most_and_the_fourth_is_told_how_long_to_wait() {
    let house = House::new().await;
    let store = holds(&house);
    for number in 0..3 {
        store.open(&for_guest(&half_hour(600 + number * 30), "Ada Example", minutes(number))).await.unwrap();
    }
    let another = |name: &str, client: &str, from, at| NewHold {
        owner: HoldOwner::Client(client.into()),
        ..for_guest(&half_hour(from), name, at)
    };
    for (name, client) in [("Ada Example", "elsewhere"), ("Somebody", "Ada Example")] {
        let before = house.everything().await;
        let refused = store.open(&another(name, client, 900, minutes(5))).await;
        assert!(matches!(refused, Err(OpenError::TooMany { until }) if until == minutes(10)), "{refused:?}");
        assert_eq!(house.everything().await, before);
    }
    store.open(&another("Somebody", "elsewhere", 900, minutes(5))).await.unwrap();
    // One is over: there is room for one.
    store.open(&another("Ada Example", "Ada Example", 930, minutes(10))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_twelve_holds_of_one_address_at_once_three_are_opened() {
    let house = House::with_connections(12).await;
    let store = holds(&house);
    let wishes: Vec<NewHold> = (0..12).map(|number| for_guest(&half_hour(number * 30), "Ada Example", now())).collect();
    let opened = join_all(wishes.iter().map(|new| store.open(new))).await;
    assert_eq!(opened.iter().filter(|outcome| outcome.is_ok()).count(), 3, "{opened:?}");
    assert_eq!((house.count("appointments.hold").await, house.deadlocks().await), (3, 0));
}

#[tokio::test]
async fn a_form_s_hold_never_blocks_its_owner_and_the_next_one_frees_it() {
    let house = House::new().await;
    let store = holds(&house);
    let user = UserId::mint();
    let first = for_form(&half_hour(540), user, now());
    store.open(&first).await.unwrap();
    let again = for_form(&half_hour(555), user, now());
    store.open(&again).await.unwrap();
    assert_eq!(events(&house, first.hold.id).await, ["hold.opened", "hold.released"]);

    // A stranger is refused, and so is who shows no token; the owner's account and the token are not.
    let visit = half_hour(540);
    assert!(matches!(house.store.insert(&booking(&visit, &guest("Rival"))).await, Err(InsertError::SlotTaken)));
    let mut own = booking(&visit, &guest("Owner"));
    own.booked.actor = Actor::Patient(user);
    house.store.insert(&own).await.unwrap();
    assert_eq!(events(&house, again.hold.id).await, ["hold.opened", "hold.released"]);

    let form = held(&half_hour(700), HoldKind::Form, HoldOwner::Client("c".into()), Actor::Guest, now());
    store.open(&form).await.unwrap();
    let mut with_token = booking(&half_hour(710), &guest("Token"));
    with_token.hold = Some(Claim::GivenUp(form.hold.id));
    house.store.insert(&with_token).await.unwrap();
    // A token whose hold is over or gone is no hindrance where the time is free.
    let mut late = booking(&half_hour(800), &guest("Late"));
    late.hold = Some(Claim::GivenUp(form.hold.id));
    house.store.insert(&late).await.unwrap();
    assert_eq!(house.count("appointments.hold").await, 0);
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test]
async fn one_moves_a_visit_into_the_time_one_holds() {
    let house = House::new().await;
    let user = UserId::mint();
    holds(&house).open(&for_form(&half_hour(540), user, now())).await.unwrap();
    let visit = house.booked(&half_hour(600), &guest("Mover")).await;
    let mut change = moving(&visit, &half_hour(540));
    assert!(matches!(house.store.update(&change).await, Err(UpdateError::SlotTaken)));
    change.event.actor = Actor::Patient(user);
    house.store.update(&change).await.unwrap();
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test]
async fn a_hold_of_the_waitlist_is_taken_up_or_refused_by_its_patient_alone() {
    let house = House::new().await;
    let store = holds(&house);
    let patient = house.booked(&half_hour(0), &guest("Waiter")).await.patient;
    let offered =
        |from, at| held(&half_hour(from), HoldKind::Waitlist, HoldOwner::Patient(patient.id), Actor::System, at);
    let first = offered(540, now());
    store.open(&first).await.unwrap();
    assert!(matches!(house.store.insert(&booking(&half_hour(540), &guest("R"))).await, Err(InsertError::SlotTaken)));
    house.store.insert(&booking_of_known(&half_hour(540), &patient)).await.unwrap();

    let second = offered(600, now());
    store.open(&second).await.unwrap();
    for stranger in [HeldBy::Patient(PatientId::mint()), HeldBy::User(UserId::mint()), HeldBy::Token] {
        assert!(!store.release(second.hold.id, stranger, &by(Actor::System, now())).await.unwrap(), "{stranger:?}");
    }
    let own = HeldBy::Patient(patient.id);
    assert!(!store.release(second.hold.id, own, &by(Actor::System, minutes(10))).await.unwrap(), "it is over");
    assert!(store.release(second.hold.id, own, &by(Actor::System, now())).await.unwrap());
    assert!(!store.release(second.hold.id, own, &by(Actor::System, now())).await.unwrap(), "once");
    assert_eq!(events(&house, second.hold.id).await, ["hold.opened", "hold.released"]);
    house.booked(&half_hour(600), &guest("Next")).await;
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}

#[tokio::test]
async fn nobody_ends_a_guest_s_hold_and_a_form_s_is_ended_by_owner_or_token() {
    let house = House::new().await;
    let store = holds(&house);
    let mail = for_guest(&half_hour(540), "Ada Example", now());
    store.open(&mail).await.unwrap();
    assert!(!store.release(mail.hold.id, HeldBy::Token, &by(Actor::Guest, now())).await.unwrap());
    let user = UserId::mint();
    let form = for_form(&half_hour(600), user, now());
    store.open(&form).await.unwrap();
    assert!(!store.release(form.hold.id, HeldBy::User(UserId::mint()), &by(Actor::Guest, now())).await.unwrap());
    assert!(store.release(form.hold.id, HeldBy::User(user), &by(Actor::Patient(user), now())).await.unwrap());
    let form = for_form(&half_hour(600), user, now());
    store.open(&form).await.unwrap();
    assert!(store.release(form.hold.id, HeldBy::Token, &by(Actor::Guest, now())).await.unwrap());
}

#[tokio::test]
async fn a_hold_is_opened_once_under_its_key_and_again_answered_the_same() {
    let house = House::new().await;
    let store = holds(&house);
    let answer = |hold: &Hold| KeptAnswer {
        status: 202,
        location: None,
        etag: None,
        body: hold.id.as_uuid().as_bytes().to_vec(),
    };
    let once = |fingerprint| Once { scope: "test".into(), key: "k".into(), fingerprint, answer: Arc::new(answer) };
    let new = NewHold { once: Some(once([7; 32])), ..for_guest(&half_hour(540), "Ada Example", now()) };
    store.open(&new).await.unwrap();
    let repeated = NewHold { once: Some(once([7; 32])), ..for_guest(&half_hour(570), "Ada Example", now()) };
    match store.open(&repeated).await {
        Err(OpenError::Once(OnceError::Replay(kept))) => assert_eq!(kept.body, new.hold.id.as_uuid().as_bytes()),
        other => panic!("{other:?}"),
    }
    let other = NewHold { once: Some(once([8; 32])), ..for_guest(&half_hour(570), "Ada Example", now()) };
    assert!(matches!(store.open(&other).await, Err(OpenError::Once(OnceError::Reused))));
    assert_eq!(house.count("appointments.hold").await, 1);
}

#[tokio::test]
async fn what_is_over_is_cleared_away_with_all_it_said_of_people() {
    let house = House::new().await;
    let store = holds(&house);
    for number in 0..3 {
        let name = format!("Guest {number}");
        store.open(&for_guest(&half_hour(540 + number * 30), &name, minutes(number))).await.unwrap();
    }
    assert_eq!(store.clear(100, minutes(11)).await.unwrap(), 2);
    assert_eq!(store.clear(100, minutes(11)).await.unwrap(), 0);
    assert_eq!((house.count("appointments.hold").await, house.count("appointments.appointment").await), (1, 1));
    assert_eq!(house.count("journal.audit_event WHERE action = 'hold.expired'").await, 2);
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}
