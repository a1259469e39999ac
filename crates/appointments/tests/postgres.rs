//! The store of appointments on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "postgres/busy.rs"]
mod busy;
#[path = "postgres/desk.rs"]
mod desk;
#[path = "postgres/emergency.rs"]
mod emergency;
#[path = "postgres/holds.rs"]
mod holds;
#[path = "postgres/holds_race.rs"]
mod holds_race;
#[path = "postgres/house.rs"]
mod house;
#[path = "postgres/patients.rs"]
mod patients;
#[path = "postgres/race.rs"]
mod race;
#[path = "postgres/retention.rs"]
mod retention;
#[path = "postgres/rooms.rs"]
mod rooms;
#[path = "postgres/series.rs"]
mod series;
#[path = "postgres/waitlist.rs"]
mod waitlist;
#[path = "postgres/whole.rs"]
mod whole;

use appointments::application::{AppointmentStore as _, InsertError, PatientIs, UpdateError};
use appointments::domain::{Appointment, Offer, Patient, Status, VisitMode};
use futures_util::future::{join, join_all};
use house::{
    House, at, booking, booking_of_known, cancelling, clinic, doctor, guest, half_hour, into_state, moving, now, offer,
    once, span,
};
use jiff::{SignedDuration, Timestamp};
use kernel::{AppointmentId, Money, OnceError};
use tokio::sync::Barrier;

#[tokio::test]
async fn every_field_comes_back_as_it_was_stored() {
    let house = House::new().await;
    let patient = Patient::enrol("Zoë  d'Ångström-李", "Zoë@Example.ORG", now()).unwrap();
    let mut new = booking(&Offer { mode: VisitMode::Video, ..offer(1, span(540, 585), 5, 10) }, &patient);
    let visit = &mut new.details.appointment;
    visit.notes = Some("ä\n\t\"';--\\ 𝄞".repeat(100));
    visit.price = Money::cents(12_345_678_901);
    visit.created_at = "2026-11-20T13:14:15.161718Z".parse().unwrap();
    visit.updated_at = "2026-11-21T13:14:15.999999Z".parse().unwrap();
    house.store.insert(&new).await.unwrap();
    assert_eq!(house.store.find(visit_id(&new.details)).await.unwrap().as_ref(), Some(&new.details));

    let changed = into_state(&new.details, |visit| {
        visit.status = Status::Cancelled;
        visit.cancel_reason = Some("x".repeat(500));
        visit.notes = None;
        visit.reminder_sent = true;
        visit.visit = span(600, 630);
        visit.blocked = span(590, 650);
        visit.clinic = clinic(2);
        visit.time_zone = "America/Los_Angeles".into();
        visit.price = Money::cents(0);
        visit.mode = VisitMode::InPerson;
        visit.updated_at += SignedDuration::from_micros(1);
    });
    house.store.update(&changed).await.unwrap();
    assert_eq!(house.store.find(visit_id(&new.details)).await.unwrap(), Some(changed.after));
    assert_eq!(house.store.find(AppointmentId::mint()).await.unwrap(), None);
}

#[tokio::test]
async fn every_status_and_mode_comes_back() {
    let house = House::new().await;
    for (number, status) in
        (0..).zip([Status::Booked, Status::Arrived, Status::Completed, Status::Cancelled, Status::NoShow])
    {
        let patient = guest(status.word());
        let mut new = booking(&half_hour(60 * number), &patient);
        new.details.appointment.status = status;
        new.details.appointment.mode = if number % 2 == 0 { VisitMode::InPerson } else { VisitMode::Video };
        house.store.insert(&new).await.unwrap();
        assert_eq!(house.store.find(visit_id(&new.details)).await.unwrap(), Some(new.details));
    }
}

fn visit_id(details: &appointments::application::AppointmentDetails) -> AppointmentId {
    details.appointment.id
}

#[tokio::test]
async fn a_stale_version_is_told_and_nothing_is_written() {
    let house = House::new().await;
    let visit = house.booked(&half_hour(540), &guest("Ada")).await;
    let (first, second) = (moving(&visit, &half_hour(600)), cancelling(&visit));
    house.store.update(&first).await.unwrap();
    let before = house.everything().await;
    for late in [&first, &second, &moving(&visit, &half_hour(660))] {
        let mut late = late.clone();
        late.once = Some(once("late"));
        late.event.id = kernel::EventId::mint();
        assert!(matches!(house.store.update(&late).await, Err(UpdateError::Stale)));
    }
    // One that was never there is stale as well.
    let mut unknown = cancelling(&visit);
    unknown.before.id = AppointmentId::mint();
    assert!(matches!(house.store.update(&unknown).await, Err(UpdateError::Stale)));
    assert_eq!(house.everything().await, before);
    assert_eq!(house.broken_promises().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_change_one_version_one_wins_and_the_others_are_stale() {
    let house = House::with_connections(16).await;
    let visit = house.booked(&half_hour(0), &guest("Ada")).await;
    let changes: Vec<_> = (1..=16)
        .map(|place| if place % 4 == 0 { cancelling(&visit) } else { moving(&visit, &half_hour(place * 30)) })
        .collect();
    let outcomes = join_all(changes.iter().map(|change| house.store.update(change))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(UpdateError::Stale))).count(), 15);
    assert_eq!(house.broken_promises().await, [""; 0]);
}

#[tokio::test]
async fn a_taken_slot_is_told_from_a_busy_patient() {
    let house = House::new().await;
    let (ada, ben) = (guest("Ada"), guest("Ben"));
    house.booked(&half_hour(540), &ada).await;
    house.booked(&offer(2, span(540, 570), 0, 0), &ben).await;
    let before = house.everything().await;
    for (what, offer, patient, taken) in [
        ("the same time", half_hour(540), &ben, true),
        ("a time that begins within", half_hour(555), &guest("Cleo"), true),
        ("a time that ends within", half_hour(525), &guest("Cleo"), true),
        ("a time inside", offer(1, span(545, 550), 0, 0), &guest("Cleo"), true),
        ("a time around", offer(1, span(500, 600), 0, 0), &guest("Cleo"), true),
        ("the same again for the same patient", half_hour(540), &ada, true),
        ("elsewhere, the doctor being free", offer(3, span(540, 570), 0, 0), &ada, false),
        ("elsewhere for a minute", offer(3, span(569, 599), 0, 0), &ada, false),
        // Both are true; the doctor's time is what another patient could have had.
        ("elsewhere, the doctor being busy too", offer(2, span(540, 570), 0, 0), &ada, true),
    ] {
        let mut new = booking_of_known(&offer, patient);
        if patient.name == "Cleo" {
            new.patient_is_new = PatientIs::New;
        }
        let refused = house.store.insert(&new).await;
        let told = if taken {
            matches!(refused, Err(InsertError::SlotTaken))
        } else {
            matches!(refused, Err(InsertError::PatientBusy))
        };
        assert!(told, "{what}: {refused:?}");
    }
    assert_eq!(house.everything().await, before, "a refusal leaves nothing, not even the new patient");
}

#[tokio::test]
async fn buffers_count_for_the_doctor_and_not_for_the_patient() {
    let house = House::new().await;
    let ada = guest("Ada");
    house.booked(&offer(1, span(540, 570), 10, 15), &ada).await;
    for (from, to, before, after) in
        [(570, 600, 0, 0), (584, 600, 0, 0), (500, 531, 0, 0), (590, 620, 6, 0), (500, 525, 0, 6)]
    {
        let refused = house.store.insert(&booking(&offer(1, span(from, to), before, after), &guest("Ben"))).await;
        assert!(matches!(refused, Err(InsertError::SlotTaken)), "{from}–{to}: {refused:?}");
    }
    // To the minute.
    house.booked(&offer(1, span(585, 600), 0, 0), &guest("Ben")).await;
    house.booked(&offer(1, span(500, 525), 0, 5), &guest("Cleo")).await;
    // Another doctor may see the patient within the first one's buffers.
    house.booked(&offer(2, span(570, 600), 30, 30), &ada).await;
    house.booked(&offer(3, span(510, 540), 30, 30), &ada).await;
    assert_eq!(house.broken_promises().await, [""; 0]);
}

#[tokio::test]
async fn visits_that_touch_do_not_collide() {
    let house = House::new().await;
    let ada = guest("Ada");
    for place in 0..6 {
        house.booked(&half_hour(540 + 30 * place), &ada).await;
    }
    house.booked(&offer(2, span(720, 750), 0, 0), &ada).await;
    assert_eq!(house.count("appointments.appointment").await, 7);
}

#[tokio::test]
async fn only_booked_and_arrived_visits_take_time() {
    let house = House::new().await;
    for (number, status) in (0..).zip([Status::Cancelled, Status::Completed, Status::NoShow, Status::Arrived]) {
        let slot = half_hour(60 * number);
        let visit = house.booked(&slot, &guest(&format!("First {number}"))).await;
        let over = into_state(&visit, |visit| visit.status = status);
        house.store.update(&over).await.unwrap();
        let again = house.store.insert(&booking(&slot, &guest(&format!("Second {number}")))).await;
        assert_eq!(again.is_ok(), status != Status::Arrived, "{status:?}: {again:?}");
        let elsewhere = booking_of_known(&offer(2, slot.visit, 0, 0), &visit.patient);
        let elsewhere = house.store.insert(&elsewhere).await;
        assert_eq!(elsewhere.is_ok(), status != Status::Arrived, "{status:?}: {elsewhere:?}");
    }
}

#[tokio::test]
async fn a_visit_that_leaves_frees_its_time_and_takes_the_other() {
    let house = House::new().await;
    let visit = house.booked(&half_hour(540), &guest("Ada")).await;
    let there = moving(&visit, &half_hour(600));
    house.store.update(&there).await.unwrap();
    house.booked(&half_hour(540), &guest("Ben")).await;
    let refused = house.store.insert(&booking(&half_hour(600), &guest("Cleo"))).await;
    assert!(matches!(refused, Err(InsertError::SlotTaken)), "{refused:?}");
    // By a quarter of an hour: it would collide with nothing but itself.
    house.store.update(&moving(&there.after, &half_hour(615))).await.unwrap();
    assert_eq!(house.broken_promises().await, [""; 0]);
}

#[tokio::test]
async fn a_move_onto_a_taken_time_is_refused_and_leaves_the_visit_where_it_was() {
    let house = House::new().await;
    let (ada, ben) = (guest("Ada"), guest("Ben"));
    let visit = house.booked(&half_hour(540), &ada).await;
    house.booked(&offer(1, span(600, 630), 10, 10), &ben).await;
    house.booked(&offer(2, span(660, 690), 0, 0), &ada).await;
    let before = house.everything().await;
    for (from, taken) in [(600, true), (615, true), (585, true), (570, true), (660, false), (689, false)] {
        let mut change = moving(&visit, &half_hour(from));
        change.once = Some(once("move"));
        let refused = house.store.update(&change).await;
        let told = if taken {
            matches!(refused, Err(UpdateError::SlotTaken))
        } else {
            matches!(refused, Err(UpdateError::PatientBusy))
        };
        assert!(told, "{from}: {refused:?}");
        assert_eq!(house.everything().await, before, "{from}");
    }
    // The neighbour's buffer ends here.
    house.store.update(&moving(&visit, &half_hour(560))).await.unwrap();
}

#[tokio::test]
async fn the_database_itself_refuses_two_visits_at_once() {
    let house = House::new().await;
    let visit = house.booked(&offer(1, span(540, 570), 0, 10), &guest("Ada")).await;
    let other = house.booked(&half_hour(700), &guest("Ben")).await;
    let copy = |doctor: u128, patient: &Patient, minutes: i64| {
        format!(
            "INSERT INTO appointments.appointment SELECT gen_random_uuid(), clinic_id, '{}', '{}', visit_type_id, mode, \
             starts_at + interval '{minutes} min', ends_at + interval '{minutes} min', \
             blocked_from + interval '{minutes} min', blocked_until + interval '{minutes} min', time_zone, price_cents, \
             status, reminder_sent, version, created_at, updated_at, notes, cancel_reason \
             FROM appointments.appointment WHERE id = '{}'",
            house::doctor(doctor),
            patient.id,
            visit.appointment.id
        )
    };
    for (sql, constraint) in [
        (copy(1, &other.patient, 39), "appointment_one_per_doctor"),
        (copy(9, &visit.patient, 29), "appointment_one_per_patient"),
        (
            format!(
                "UPDATE appointments.appointment SET starts_at = '{0}', ends_at = '{1}', blocked_from = '{0}', \
                 blocked_until = '{1}' WHERE id = '{2}'",
                at(570),
                at(600),
                other.appointment.id
            ),
            "appointment_one_per_doctor",
        ),
    ] {
        let refused = house.owner.batch_execute(&sql).await.unwrap_err();
        let said = refused.as_db_error().unwrap();
        assert_eq!((said.code().code(), said.constraint()), ("23P01", Some(constraint)), "{sql}");
    }
    house.owner.batch_execute(&copy(1, &other.patient, 40)).await.unwrap();
    house.owner.batch_execute(&copy(9, &visit.patient, 30)).await.unwrap();
    // What is called off may lie anywhere, but does not come back to life there.
    let called_off =
        format!("UPDATE appointments.appointment SET status = 'cancelled' WHERE id = '{}'", other.appointment.id);
    house.owner.batch_execute(&called_off).await.unwrap();
    house.booked(&half_hour(700), &guest("Cleo")).await;
    let back = called_off.replace("'cancelled'", "'booked'");
    assert_eq!(house.owner.batch_execute(&back).await.unwrap_err().code().unwrap().code(), "23P01");
}

#[tokio::test]
async fn a_guest_is_known_by_address_and_name_and_to_a_doctor_by_a_visit() {
    let house = House::new().await;
    let ada = guest("Ada Lovelace");
    assert_eq!(house.store.guest(&ada, doctor(1)).await.unwrap(), None);
    let visit = house.booked(&half_hour(540), &ada).await;
    let again = Patient::enrol("  ADA  lovelace ", "Ada.Lovelace@EXAMPLE.org", now()).unwrap();
    let known = house.store.guest(&again, doctor(1)).await.unwrap().unwrap();
    assert_eq!((known.patient, known.known_to_doctor), (ada.clone(), true));
    assert!(!house.store.guest(&ada, doctor(2)).await.unwrap().unwrap().known_to_doctor);
    // Mother and child share an address, namesakes a name.
    for (name, email) in [("Byron Lovelace", "ada.lovelace@example.org"), ("Ada Lovelace", "other@example.org")] {
        let other = Patient::enrol(name, email, now()).unwrap();
        assert_eq!(house.store.guest(&other, doctor(1)).await.unwrap(), None, "{name} {email}");
        house.booked(&half_hour(if name.starts_with('B') { 600 } else { 660 }), &other).await;
    }
    assert_eq!(house.count("appointments.patient").await, 3);
    house.store.update(&cancelling(&visit)).await.unwrap();
    assert!(!house.store.guest(&ada, doctor(1)).await.unwrap().unwrap().known_to_doctor, "a visit that was called off");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_take_down_the_same_guest_at_once_one_is_told_to_look_again() {
    let house = House::with_connections(16).await;
    let met = Barrier::new(8);
    let bookings: Vec<_> = (0..8).map(|place| booking(&half_hour(place * 30), &guest("Ada"))).collect();
    let outcomes = join_all(bookings.iter().map(async |new| {
        met.wait().await;
        house.store.insert(new).await
    }))
    .await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(InsertError::GuestAppeared))).count(), 7);
    assert_eq!((house.count("appointments.patient").await, house.count("appointments.appointment").await), (1, 1));
    assert_eq!(house.count("journal.audit_event WHERE action = 'appointment.booked'").await, 1);
    assert_eq!(house.broken_promises().await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_visits_that_want_each_others_place_both_stay_and_nobody_deadlocks() {
    let house = House::new().await;
    let (early, late) = (half_hour(540), half_hour(600));
    let one = house.booked(&early, &guest("Ada")).await;
    let other = house.booked(&late, &guest("Ben")).await;
    // And one patient's two visits at two doctors, which want each other's time.
    let (here, there) = (offer(3, span(540, 570), 0, 0), offer(4, span(600, 630), 0, 0));
    let with_three = house.booked(&here, &guest("Cleo")).await;
    let with_four = house.booked(&there, &guest("Cleo")).await;
    let before = house.everything().await;
    for round in 0..25 {
        let (onto_late, onto_early) = (moving(&one, &late), moving(&other, &early));
        let (three, four) =
            (moving(&with_three, &offer(3, there.visit, 0, 0)), moving(&with_four, &offer(4, here.visit, 0, 0)));
        let doctors = join(house.store.update(&onto_late), house.store.update(&onto_early));
        let patients = join(house.store.update(&three), house.store.update(&four));
        let (doctors, patients) = join(doctors, patients).await;
        assert!(matches!(doctors, (Err(UpdateError::SlotTaken), Err(UpdateError::SlotTaken))), "{round}: {doctors:?}");
        assert!(
            matches!(patients, (Err(UpdateError::PatientBusy), Err(UpdateError::PatientBusy))),
            "{round}: {patients:?}"
        );
    }
    assert_eq!(house.everything().await, before);
    house.db.pool.close();
    assert_eq!(house.deadlocks().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_who_move_to_one_free_time_one_gets_it() {
    let house = House::new().await;
    let mut visits = Vec::new();
    for place in 0..4 {
        visits.push(house.booked(&half_hour(place * 30), &guest(&format!("Guest {place}"))).await);
    }
    for round in 0..10 {
        let goal = half_hour(300 + round * 30);
        let changes: Vec<_> = visits.iter().map(|visit| moving(visit, &goal)).collect();
        let outcomes = join_all(changes.iter().map(|change| house.store.update(change))).await;
        let winners: Vec<usize> = (0..4).filter(|number| outcomes[*number].is_ok()).collect();
        let [winner] = winners[..] else { panic!("{round}: {outcomes:?}") };
        assert_eq!(outcomes.iter().filter(|outcome| matches!(outcome, Err(UpdateError::SlotTaken))).count(), 3);
        visits[winner] = changes[winner].after.clone();
    }
    assert_eq!(house.broken_promises().await, [""; 0]);
    house.db.pool.close();
    assert_eq!(house.deadlocks().await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_key_books_once_moves_once_and_cancels_once_however_many_come_at_once() {
    let house = House::with_connections(16).await;
    // Each comes with a visit of its own to another time: only the key keeps the others out.
    let met = Barrier::new(50);
    let bookings: Vec<_> = (0..50)
        .map(|place| {
            let mut new = booking(&half_hour(place * 30), &guest(&format!("Guest {place}")));
            new.once = Some(once("book"));
            new
        })
        .collect();
    let outcomes = join_all(bookings.iter().map(async |new| {
        met.wait().await;
        house.store.insert(new).await
    }))
    .await;
    let winners: Vec<usize> = (0..50).filter(|number| outcomes[*number].is_ok()).collect();
    let [winner] = winners[..] else { panic!("{winners:?}") };
    let visit = bookings[winner].details.clone();
    let first = (once("book").answer)(&visit);
    for outcome in &outcomes {
        match outcome {
            Ok(_) | Err(InsertError::Once(OnceError::InProgress)) => {}
            Err(InsertError::Once(OnceError::Replay(answer))) => assert_eq!(*answer, first),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((house.count("appointments.appointment").await, house.count("appointments.patient").await), (1, 1));

    let there = moving(&visit, &half_hour(3000));
    let gone = cancelling(&there.after);
    for (mut change, key) in [(there, "move"), (gone, "cancel")] {
        change.once = Some(once(key));
        let outcomes = join_all((0..50).map(async |_| house.store.update(&change).await)).await;
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{key}: {outcomes:?}");
        let first = (once(key).answer)(&change.after);
        for outcome in outcomes {
            match outcome {
                Ok(_) | Err(UpdateError::Once(OnceError::InProgress)) => {}
                Err(UpdateError::Once(OnceError::Replay(answer))) => assert_eq!(answer, first),
                other => panic!("{key}: {other:?}"),
            }
        }
    }
    assert_eq!(house.count("platform.idempotency_key").await, 3);
    assert_eq!(house.broken_promises().await, [""; 0]);
}

#[tokio::test]
async fn a_key_of_another_request_is_refused_and_changes_nothing() {
    let house = House::new().await;
    let mut new = booking(&half_hour(540), &guest("Ada"));
    new.once = Some(once("k"));
    house.store.insert(&new).await.unwrap();
    let before = house.everything().await;
    let mut other = booking(&half_hour(600), &guest("Ben"));
    other.once = Some(kernel::Once { fingerprint: [8; 32], ..once("k") });
    assert!(matches!(house.store.insert(&other).await, Err(InsertError::Once(OnceError::Reused))));
    let mut change = cancelling(&new.details);
    change.once = Some(kernel::Once { fingerprint: [8; 32], ..once("k") });
    assert!(matches!(house.store.update(&change).await, Err(UpdateError::Once(OnceError::Reused))));
    assert_eq!(house.everything().await, before);
}

/// The events hold what happened, and no more of the person than an id.
#[tokio::test]
async fn the_trail_tells_who_did_what_when_and_names_nobody() {
    let house = House::new().await;
    let visit = house.booked(&half_hour(540), &guest("Ada Lovelace")).await;
    let there = moving(&visit, &half_hour(600));
    house.store.update(&there).await.unwrap();
    house.store.update(&cancelling(&there.after)).await.unwrap();
    let sql = "SELECT action, actor_kind, request_id, at::text, data FROM journal.audit_event WHERE subject = $1 ORDER BY seq";
    let rows = house.owner.query(sql, &[&visit.appointment.id.as_uuid()]).await.unwrap();
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(actions, ["appointment.booked", "appointment.rescheduled", "appointment.cancelled"]);
    for row in &rows {
        let (actor, request, at): (String, String, String) = (row.get(1), row.get(2), row.get(3));
        assert_eq!((actor.as_str(), request.as_str()), ("guest", "request-1"));
        assert_eq!(at.replacen(' ', "T", 1).parse::<Timestamp>().unwrap(), now());
        let data: String = row.get(4);
        assert!(!data.contains("Ada") && !data.contains("example.org") && !data.contains("ill"), "{data}");
        assert!(data.contains(&visit.patient.id.to_string()), "{data}");
    }
    let moved: String = rows[1].get(4);
    assert!(moved.contains("2027-03-02T09:00:00Z") && moved.contains("2027-03-02T10:00:00Z"), "{moved}");
    let visit: Appointment = house.store.find(visit.appointment.id).await.unwrap().unwrap().appointment;
    assert_eq!((visit.status, visit.version, visit.visit.start), (Status::Cancelled, 3, at(600)));
}
