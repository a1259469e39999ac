//! What is read of doctors' taken time, and what that costs.

use appointments::application::AppointmentStore as _;
use appointments::domain::Status;
use appointments::infrastructure::{Taken, busy_of, busy_of_many};
use diesel_async::SimpleAsyncConnection;
use jiff::SignedDuration;
use kernel::{DoctorId, Interval};
use platform::pg;
use uuid::Uuid;

use super::house::{House, at, booking, doctor, guest, half_hour, into_state, now, offer, span};

#[tokio::test]
async fn busy_is_what_is_booked_or_arrived_with_its_buffers_and_touches_the_span() {
    let house = House::new().await;
    // Four hours with two hours before and after: the longest there is.
    house.booked(&offer(1, span(-120, 120), 120, 120), &guest("Long")).await;
    house.booked(&offer(1, span(300, 330), 10, 20), &guest("Buffered")).await;
    house.booked(&offer(1, span(360, 390), 0, 0), &guest("Plain")).await;
    house.booked(&offer(2, span(300, 330), 0, 0), &guest("Elsewhere")).await;
    for (number, status) in (0..).zip([Status::Arrived, Status::Cancelled, Status::Completed, Status::NoShow]) {
        let visit = house.booked(&half_hour(600 + number * 30), &guest(status.word())).await;
        house.store.update(&into_state(&visit, |visit| visit.status = status)).await.unwrap();
    }
    let conn = pg::conn(&house.db.pool).await.unwrap();
    let all = [span(-240, 240), span(290, 350), span(360, 390), span(600, 630)];
    for (from, to, expected) in [
        (-10_000, 10_000, &all[..]),
        (239, 240, &all[..1]),
        (240, 290, &[]),
        (289, 291, &all[1..2]),
        (350, 360, &[]),
        (349, 361, &all[1..3]),
        (630, 10_000, &[]),
        (-241, -240, &[]),
    ] {
        let span = span(from, to);
        assert_eq!(busy_of(&conn, doctor(1), span, now()).await.unwrap(), expected, "{from}–{to}");
        let many = busy_of_many(&conn, &[doctor(1).as_uuid(), doctor(9).as_uuid()], span, now()).await.unwrap();
        let expected: Vec<Taken> = expected.iter().map(|blocked| taken(1, *blocked)).collect();
        assert_eq!(many, expected, "{from}–{to}");
    }
    let both = busy_of_many(&conn, &[doctor(2).as_uuid(), doctor(1).as_uuid()], span(300, 310), now()).await.unwrap();
    assert_eq!(both, [taken(1, span(290, 350)), taken(2, span(300, 330))]);
}

fn taken(by: u128, blocked: Interval) -> Taken {
    Taken { doctor: doctor(by), blocked, held_until: None }
}

/// The planner's choice is not asked for but seen: by what the database counts while the queries run.
#[tokio::test]
async fn no_query_of_the_slice_reads_the_whole_table() {
    let house = House::with_connections(1).await;
    // 2,000 doctors with 15 visits each; doctor n has the id that `doctor(n)` gives.
    house
        .owner
        .batch_execute(
            "INSERT INTO appointments.patient (id, name, email, name_key, email_key, created_at)
             SELECT lpad(to_hex(n), 32, '0')::uuid, '', '', sha256(n::text::bytea), sha256(n::text::bytea), now()
               FROM generate_series(1, 30001) n;
             INSERT INTO appointments.appointment
             SELECT gen_random_uuid(), gen_random_uuid(), lpad(to_hex(53248 + d), 32, '0')::uuid,
                    lpad(to_hex((d - 1) * 15 + v), 32, '0')::uuid, gen_random_uuid(), 'video', t, t + interval '30 min',
                    t, t + interval '30 min', 'UTC', 0, CASE WHEN v % 5 = 0 THEN 'cancelled' ELSE 'booked' END, false, 1,
                    now(), now()
               FROM generate_series(1, 2000) d, generate_series(1, 15) v,
                    LATERAL (SELECT timestamptz '2027-03-02T00:00Z' + v * interval '1 day' + (d % 40) * interval '30 min' AS t) t;
             ANALYZE appointments.appointment; ANALYZE appointments.patient",
        )
        .await
        .unwrap();
    let scans = async || -> (i64, i64) {
        let sql = "SELECT sum(seq_scan)::bigint, sum(idx_scan)::bigint FROM pg_stat_user_tables WHERE schemaname = 'appointments'";
        let row = house.owner.query_one(sql, &[]).await.unwrap();
        (row.get(0), row.get(1))
    };
    // What the one connection has counted is visible once it has been sent.
    let flush = async || {
        let mut conn = pg::conn(&house.db.pool).await.unwrap();
        conn.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
        conn.batch_execute("SELECT 1").await.unwrap();
    };
    // That the counters count: this reads both tables to their ends.
    house.owner.batch_execute("SELECT FROM appointments.appointment; SELECT FROM appointments.patient").await.unwrap();
    house.owner.batch_execute("SELECT pg_stat_force_next_flush()").await.unwrap();
    house.owner.batch_execute("SELECT 1").await.unwrap();
    let (seq_before, idx_before) = scans().await;
    assert!(seq_before >= 2);

    // Often enough for the server to go over to a plan that does not look at the parameters.
    for number in 0..12_i64 {
        let busy_day = Interval { start: at(0), end: at(0) + SignedDuration::from_hours(24 * 14) };
        let with: DoctorId = doctor(u128::try_from(number).unwrap() * 150 + 1);
        let many: Vec<Uuid> = (0..20).map(|more| doctor(1 + more * 100).as_uuid()).collect();
        {
            let conn = pg::conn(&house.db.pool).await.unwrap();
            assert_eq!(busy_of(&conn, with, busy_day, now()).await.unwrap().len(), 11, "{number}");
            assert_eq!(busy_of_many(&conn, &many, busy_day, now()).await.unwrap().len(), 220, "{number}");
        }
        let new = booking(
            &offer(7, span(30_000 + number * 30, 30_030 + number * 30), 0, 0),
            &guest(&format!("New {number}")),
        );
        house.store.insert(&new).await.unwrap();
        let rival = house.store.insert(&booking(&offer(7, new.details.appointment.visit, 0, 0), &guest("Rival"))).await;
        assert!(rival.is_err());
        house.store.guest(&guest("P 17"), with).await.unwrap();
        house.store.find(new.details.appointment.id).await.unwrap().unwrap();
        let change = into_state(&new.details, |visit| visit.status = Status::Cancelled);
        house.store.update(&change).await.unwrap();
    }
    flush().await;
    let (seq_after, idx_after) = scans().await;
    assert!(idx_after > idx_before + 100, "the queries were counted: {idx_before} {idx_after}");
    assert_eq!(seq_after, seq_before, "a query read a whole table");
}
