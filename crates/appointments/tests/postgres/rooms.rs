//! Rooms and devices: taken with the doctor's time or not at all, whoever else wants them.

use std::sync::Arc;

use appointments::application::{AppointmentDetails, AppointmentStore as _, HoldOwner, HoldStore as _, InsertError};
use appointments::application::{Change, NewHold, OpenError, UpdateError};
use appointments::domain::{Hold, HoldKind, Offer, Resource, Room};
use appointments::infrastructure::{PgHolds, busy_of_resources, busy_with_resources};
use jiff::SignedDuration;
use kernel::{Actor, Recorded, ResourceId, UserId};
use platform::pg;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};
use uuid::Uuid;

use super::house::{Counting, House, booking, cancelling, doctor, guest, keys, moving, now, offer, recorded, span};

fn room(number: u128) -> Resource {
    Resource { id: ResourceId::from_uuid(Uuid::from_u128(0xf000 + number)), name: format!("Room {number}") }
}

/// With that doctor, in one of the first `rooms` rooms.
fn in_a_room(with: u128, from: i64, rooms: u128) -> Offer {
    let resources = (1..=rooms).map(room).collect();
    Offer { resources, ..offer(with, span(from, from + 30), 5, 10) }
}

fn name(room: &Room) -> Option<&str> {
    room.taken().map(|one| one.name.as_str())
}

impl House {
    async fn in_rooms(&self, offer: &Offer, who: &str) -> Result<AppointmentDetails, InsertError> {
        let new = booking(offer, &guest(who));
        let room = self.store.insert(&new).await?;
        let stored = self.store.find(new.details.appointment.id).await.unwrap().unwrap();
        assert_eq!(stored.appointment.room, room, "what is told is what is stored");
        Ok(stored)
    }
}

#[tokio::test]
async fn visits_of_different_doctors_take_one_room_after_the_other_until_none_is_left() {
    let house = House::new().await;
    let first = house.in_rooms(&in_a_room(1, 540, 2), "Ada").await.unwrap();
    let second = house.in_rooms(&in_a_room(2, 550, 2), "Ben").await.unwrap();
    assert_eq!((name(&first.appointment.room), name(&second.appointment.room)), (Some("Room 1"), Some("Room 2")));
    let third = house.in_rooms(&in_a_room(3, 540, 2), "Cleo").await;
    assert!(matches!(third, Err(InsertError::SlotTaken)), "{third:?}");
    // The buffers take the room as well: 9:00 with its buffers ends at 9:40, and the next begins at 9:45 less 5.
    assert!(matches!(house.in_rooms(&in_a_room(3, 570, 1), "Cleo").await, Err(InsertError::SlotTaken)));
    let beside = house.in_rooms(&in_a_room(3, 585, 1), "Cleo").await.unwrap();
    assert_eq!(name(&beside.appointment.room), Some("Room 1"));
    // Without a room nobody is in the way.
    assert_eq!(house.in_rooms(&offer(4, span(540, 570), 0, 0), "Dan").await.unwrap().appointment.room, Room::Nothing);
    assert_eq!(house.broken_promises().await, [""; 0]);
}

#[tokio::test]
async fn a_cancelled_visit_frees_its_room_and_what_stands_in_the_room_is_told() {
    let house = House::new().await;
    let visit = house.in_rooms(&in_a_room(1, 540, 1), "Ada").await.unwrap();
    let conn = pg::conn(&house.db.pool).await.unwrap();
    let id = room(1).id;
    let taken = busy_of_resources(&conn, &[id.as_uuid()], span(0, 1440), now()).await.unwrap();
    assert_eq!(taken, [(id, span(535, 580), None)]);
    let (doctors, rooms) = busy_with_resources(&conn, &[doctor(1)], &[id], span(0, 1440), now()).await.unwrap();
    assert_eq!((doctors, rooms), (vec![(doctor(1), span(535, 580))], vec![(id, span(535, 580))]));
    house.store.update(&cancelling(&visit)).await.unwrap();
    assert_eq!(busy_of_resources(&conn, &[id.as_uuid()], span(0, 1440), now()).await.unwrap(), []);
    assert!(house.in_rooms(&in_a_room(2, 540, 1), "Ben").await.is_ok());
    // It cannot come back: somebody else is in there by now.
    let off = house.store.find(visit.appointment.id).await.unwrap().unwrap();
    let (after, event) = off.appointment.reinstate(now()).unwrap();
    let back = Change {
        before: off.appointment.clone(),
        after: AppointmentDetails { appointment: after, patient: off.patient.clone() },
        event: recorded(event),
        edition: None,
        letter: None,
        once: None,
    };
    assert!(matches!(house.store.update(&back).await, Err(UpdateError::SlotTaken)));
}

#[tokio::test]
async fn a_moved_visit_keeps_its_room_where_it_can_and_takes_another_where_it_cannot() {
    let house = House::new().await;
    let ada = house.in_rooms(&in_a_room(1, 540, 1), "Ada").await.unwrap();
    let ben = house.in_rooms(&in_a_room(2, 540, 2), "Ben").await.unwrap();
    assert_eq!(name(&ben.appointment.room), Some("Room 2"));
    let moved = moving(&ben, &in_a_room(2, 660, 2));
    let room = house.store.update(&moved).await.unwrap();
    assert_eq!(name(&room), Some("Room 2"), "both are free, and this one was Ben's");
    let ben = house.store.find(ben.appointment.id).await.unwrap().unwrap();
    let ada_too = moving(&ada, &in_a_room(1, 660, 2));
    assert_eq!(name(&house.store.update(&ada_too).await.unwrap()), Some("Room 1"));
    let cleo = house.in_rooms(&in_a_room(3, 800, 2), "Cleo").await.unwrap();
    let refused = house.store.update(&moving(&cleo, &in_a_room(3, 660, 2))).await;
    assert!(matches!(refused, Err(UpdateError::SlotTaken)), "{refused:?}");
    assert_eq!(house.store.find(cleo.appointment.id).await.unwrap().unwrap(), cleo);
    // Half an hour later in the same room: the visit is not in its own way.
    let nudged = house.store.update(&moving(&ben, &in_a_room(2, 675, 2))).await.unwrap();
    assert_eq!(name(&nudged), Some("Room 2"));
    assert_eq!(house.broken_promises().await, [""; 0]);
}

fn held(offer: &Offer, user: UserId, minutes: i64) -> NewHold {
    let (hold, event) = Hold::open(offer.clone(), HoldKind::Form, SignedDuration::from_mins(minutes), now());
    NewHold {
        hold,
        opened: Recorded::new(event, Actor::Patient(user), now()),
        owner: HoldOwner::User(user),
        edition: 1,
        instead_of: None,
        guest: None,
        once: None,
    }
}

#[tokio::test]
async fn a_hold_keeps_a_room_for_its_owner_until_it_is_over() {
    let house = House::new().await;
    let store = PgHolds::new(house.db.pool.clone(), house.journal.clone(), keys(), Arc::new(Counting));
    let user = UserId::mint();
    let mine = held(&in_a_room(1, 540, 1), user, 10);
    store.open(&mine).await.unwrap();
    let other = held(&in_a_room(2, 540, 1), UserId::mint(), 10);
    assert!(matches!(store.open(&other).await, Err(OpenError::SlotTaken)));
    assert!(matches!(house.in_rooms(&in_a_room(2, 540, 1), "Ben").await, Err(InsertError::SlotTaken)));
    // The owner books: the hold's room is free for the visit.
    let mut own = booking(&in_a_room(1, 540, 1), &guest("Ada"));
    own.booked = Recorded::new(own.booked.event, Actor::Patient(user), now());
    assert_eq!(name(&house.store.insert(&own).await.unwrap()), Some("Room 1"));
    // One that is over counts for nothing, also where it is another doctor's.
    let short = held(&in_a_room(1, 660, 1), user, 0);
    store.open(&short).await.unwrap();
    assert!(house.in_rooms(&in_a_room(2, 660, 1), "Cleo").await.is_ok());
    assert_eq!(house.count("appointments.appointment WHERE status = 'held'").await, 0);
    assert_eq!(house.broken_promises_of_holds().await, [""; 0]);
}

const RIVALS: u32 = 12;
const TIMES: i64 = 4;
const DEEDS: u32 = 40;

/// Each rival is a doctor; all share two rooms at four times.
async fn churn(house: &House, number: u32) -> [usize; 4] {
    let mut dice = ChaCha8Rng::seed_from_u64(20_270_302 + u64::from(number));
    let mut own: Vec<(i64, AppointmentDetails)> = Vec::new();
    let [mut booked, mut moved, mut cancelled, mut refused] = [0; 4];
    for deed in 0..DEEDS {
        let time = dice.random_range(0..TIMES);
        let wish = in_a_room(u128::from(number), 540 + 60 * time, 2);
        match (dice.random_range(0..3), own.pop()) {
            (0, Some((_, visit))) => {
                house.store.update(&cancelling(&visit)).await.unwrap();
                cancelled += 1;
            }
            (1, Some((from, visit))) if own.iter().all(|(mine, _)| *mine != time) && from != time => {
                match house.store.update(&moving(&visit, &wish)).await {
                    Ok(_) => {
                        let stored = house.store.find(visit.appointment.id).await.unwrap().unwrap();
                        own.push((time, stored));
                        moved += 1;
                    }
                    Err(UpdateError::SlotTaken) => {
                        own.push((from, visit));
                        refused += 1;
                    }
                    Err(other) => panic!("{other:?}"),
                }
            }
            (_, last) => {
                own.extend(last);
                match house.in_rooms(&wish, &format!("Guest {number} {deed}")).await {
                    Ok(visit) => {
                        own.insert(0, (time, visit));
                        booked += 1;
                    }
                    Err(InsertError::SlotTaken) => refused += 1,
                    Err(other) => panic!("{other:?}"),
                }
            }
        }
    }
    [booked, moved, cancelled, refused]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twelve_doctors_over_two_rooms_never_share_one_and_never_deadlock() {
    let house = Arc::new(House::with_connections(RIVALS as usize).await);
    let rivals = (1..=RIVALS).map(|number| {
        let house = Arc::clone(&house);
        tokio::spawn(async move { churn(&house, number).await })
    });
    let tallies = futures_util::future::try_join_all(rivals).await.unwrap();
    let sum = |at: usize| tallies.iter().map(|tally| tally[at]).sum::<usize>();
    assert_eq!(house.broken_promises().await, [""; 0]);
    let active = house.count("appointments.appointment WHERE status = 'booked'").await;
    assert!(active <= 2 * TIMES, "{active}");
    house.db.pool.close();
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    let deadlocks = house.deadlocks().await;
    println!("{} booked, {} moved, {} cancelled, {} refused, {deadlocks} deadlocks", sum(0), sum(1), sum(2), sum(3));
    assert!(sum(0) > 0 && sum(1) > 0 && sum(3) > 0);
    assert_eq!(deadlocks, 0);
}

/// The same checks on a database without the promise must find it broken, or they prove nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_constraint_two_visits_get_one_room_and_the_checks_see_it() {
    let house = House::with_connections(RIVALS as usize).await;
    let drop = "ALTER TABLE appointments.appointment DROP CONSTRAINT appointment_one_per_resource";
    house.owner.batch_execute(drop).await.unwrap();
    let bookings: Vec<_> = (1..=RIVALS)
        .map(|number| booking(&in_a_room(u128::from(number), 540, 1), &guest(&format!("Guest {number}"))))
        .collect();
    let outcomes = futures_util::future::join_all(bookings.iter().map(|new| house.store.insert(new))).await;
    assert!(outcomes.iter().filter(|outcome| outcome.is_ok()).count() > 1);
    let broken = house.broken_promises().await;
    assert!(broken.iter().any(|promise| promise.starts_with("no room has two visits at once")), "{broken:?}");
}
