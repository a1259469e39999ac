//! A change is written as a whole or not at all, wherever it breaks.

use std::sync::{Arc, Mutex};

use appointments::application::{AppointmentDetails, AppointmentStore as _, InsertError, NewAppointment, UpdateError};
use appointments::infrastructure::{CalendarWatch, PgAppointments};
use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use jiff::Timestamp;
use kernel::{DoctorId, FailureKind, Interval, PortFailure};
use platform::pg;
use tokio_postgres::Client;

use super::house::{House, booking, cancelling, doctor, guest, half_hour, moving, now, offer, once, span};

/// Fails after it has written something of its own.
struct Broken;

#[async_trait]
impl CalendarWatch for Broken {
    async fn changed(
        &self,
        conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        _changed: &[Interval],
        _now: Timestamp,
    ) -> Result<(), DieselError> {
        conn.batch_execute(&format!(
            "INSERT INTO watched VALUES ('{doctor}', 9) ON CONFLICT (doctor) DO UPDATE SET changes = 9"
        ))
        .await?;
        Err(DieselError::NotFound)
    }
}

/// While the change is under way, somebody else does `sql` and commits it.
struct Meanwhile {
    other: Client,
    sql: String,
}

#[async_trait]
impl CalendarWatch for Meanwhile {
    async fn changed(
        &self,
        _conn: &mut AsyncPgConnection,
        _doctor: DoctorId,
        _changed: &[Interval],
        _now: Timestamp,
    ) -> Result<(), DieselError> {
        self.other.batch_execute(&self.sql).await.map_err(|error| DieselError::QueryBuilderError(error.into()))
    }
}

/// Cuts the connection under the change.
struct Cut;

#[async_trait]
impl CalendarWatch for Cut {
    async fn changed(
        &self,
        conn: &mut AsyncPgConnection,
        _doctor: DoctorId,
        _changed: &[Interval],
        _now: Timestamp,
    ) -> Result<(), DieselError> {
        conn.batch_execute("SELECT pg_terminate_backend(pg_backend_pid())").await
    }
}

/// What each change is told about.
#[derive(Default, Clone)]
struct Hears(Arc<Mutex<Vec<Heard>>>);

type Heard = (DoctorId, Vec<Interval>, Timestamp);

#[async_trait]
impl CalendarWatch for Hears {
    async fn changed(
        &self,
        _conn: &mut AsyncPgConnection,
        doctor: DoctorId,
        changed: &[Interval],
        now: Timestamp,
    ) -> Result<(), DieselError> {
        self.0.lock().unwrap().push((doctor, changed.to_vec(), now));
        Ok(())
    }
}

fn keyed() -> NewAppointment {
    let mut new = booking(&half_hour(600), &guest("Ben"));
    new.once = Some(once("k"));
    new
}

/// Tries a booking, a move and a cancellation with `store`, and expects each to fail and to leave nothing.
async fn leaves_nothing(
    (house, visit): (&House, &AppointmentDetails),
    store: &PgAppointments,
    what: &str,
) -> Vec<PortFailure> {
    let before = house.everything().await;
    let mut failures = Vec::new();
    match store.insert(&keyed()).await {
        Err(InsertError::Failed(failure)) => failures.push(failure),
        other => panic!("{what}, booking: {other:?}"),
    }
    assert_eq!(house.everything().await, before, "{what}, booking");
    for mut change in [moving(visit, &half_hour(660)), cancelling(visit)] {
        change.once = Some(once("k"));
        match store.update(&change).await {
            Err(UpdateError::Failed(failure)) => failures.push(failure),
            other => panic!("{what}, change: {other:?}"),
        }
        assert_eq!(house.everything().await, before, "{what}, change");
    }
    failures
}

/// A house with one visit in it.
async fn furnished() -> (House, AppointmentDetails) {
    let house = House::new().await;
    let visit = house.booked(&half_hour(540), &guest("Ada")).await;
    (house, visit)
}

#[tokio::test]
async fn a_neighbour_that_fails_takes_the_whole_change_with_it() {
    let (house, visit) = furnished().await;
    leaves_nothing((&house, &visit), &house.telling(Broken), "a neighbour that fails").await;
}

#[tokio::test]
async fn a_connection_that_is_cut_takes_the_whole_change_with_it() {
    let (house, visit) = furnished().await;
    for failure in leaves_nothing((&house, &visit), &house.telling(Cut), "a cut connection").await {
        assert_eq!(failure.kind(), FailureKind::Unavailable, "{failure:?}");
    }
}

#[tokio::test]
async fn a_table_that_takes_no_row_takes_the_whole_change_with_it() {
    for (table, step) in [
        ("journal.audit_event", "the audit event"),
        ("journal.outbox", "the message"),
        ("platform.idempotency_key", "the kept answer"),
    ] {
        let (house, visit) = furnished().await;
        let closed = format!("ALTER TABLE {table} ADD CONSTRAINT closed CHECK (false) NOT VALID");
        house.owner.batch_execute(&closed).await.unwrap();
        for failure in leaves_nothing((&house, &visit), &house.store, step).await {
            assert_eq!(failure.kind(), FailureKind::Internal, "{step}");
        }
        house.owner.batch_execute(&format!("ALTER TABLE {table} DROP CONSTRAINT closed")).await.unwrap();
        house.store.insert(&keyed()).await.unwrap();
    }
}

#[tokio::test]
async fn a_chain_without_its_head_takes_no_event_and_the_change_does_not_happen() {
    let (house, visit) = furnished().await;
    house.owner.batch_execute("DELETE FROM journal.audit_head WHERE seq > 0").await.unwrap();
    leaves_nothing((&house, &visit), &house.store, "no head").await;
}

#[tokio::test]
async fn an_answer_that_somebody_else_has_kept_meanwhile_undoes_the_change() {
    let (house, _) = furnished().await;
    let sql = "INSERT INTO platform.idempotency_key (id, scope, key, fingerprint, status, body, created_at) \
               VALUES (encode(substring(sha256('test\\000k'::bytea), 1, 16), 'hex')::uuid, 'test', 'k', decode(repeat('01', 32), 'hex'), 200, decode(repeat('01', 33), 'hex'), now()) \
               ON CONFLICT DO NOTHING";
    let meanwhile = Meanwhile { other: pg::client(&house.db.settings).await.unwrap(), sql: sql.into() };
    let store = house.telling(meanwhile);
    let before = house.everything().await;
    let failed = store.insert(&keyed()).await;
    assert!(matches!(failed, Err(InsertError::Failed(_))), "{failed:?}");
    let mut after = house.everything().await;
    assert_eq!(
        after.get_mut("platform.idempotency_key").unwrap().pop().map(|row| row.contains("(test,k,")),
        Some(true)
    );
    assert_eq!(after, before, "nothing but the other's row");
}

#[tokio::test]
async fn an_answer_that_cannot_be_kept_undoes_the_change() {
    let (house, _) = furnished().await;
    let before = house.everything().await;
    let mut new = keyed();
    let broken = |_: &_| kernel::KeptAnswer { status: 500, location: None, etag: None, body: Vec::new() };
    new.once = Some(kernel::Once { answer: Arc::new(broken), ..once("k") });
    let failed = house.store.insert(&new).await;
    assert!(matches!(failed, Err(InsertError::Failed(_))), "{failed:?}");
    assert_eq!(house.everything().await, before);
}

#[tokio::test]
async fn all_of_a_change_is_there_once_it_is_answered() {
    let (house, _) = furnished().await;
    house.store.insert(&keyed()).await.unwrap();
    for (what, rows) in [
        ("appointments.patient", 2),
        ("appointments.appointment", 2),
        ("journal.audit_event WHERE action = 'appointment.booked'", 2),
        ("journal.outbox WHERE topic = 'appointment.booked' AND attempts = 0 AND done_at IS NULL", 2),
        ("platform.idempotency_key WHERE scope = 'test' AND key = 'k' AND status = 201", 1),
        ("watched WHERE changes = 2", 1),
    ] {
        assert_eq!(house.count(what).await, rows, "{what}");
    }
    assert_eq!(house.broken_promises().await, [""; 0]);
}

#[tokio::test]
async fn the_neighbour_hears_of_the_time_that_is_taken_and_of_the_time_that_is_freed() {
    let (house, _) = furnished().await;
    let heard = Hears::default();
    let store = house.telling(heard.clone());
    let slot = offer(1, span(600, 630), 5, 10);
    let new = booking(&slot, &guest("Ben"));
    store.insert(&new).await.unwrap();
    let moved = moving(&new.details, &offer(1, span(700, 730), 5, 10));
    store.update(&moved).await.unwrap();
    store.update(&cancelling(&moved.after)).await.unwrap();
    let (here, there) = (span(595, 640), span(695, 740));
    let expected = [vec![here], vec![here, there], vec![there, there]];
    let heard = heard.0.lock().unwrap();
    assert_eq!(heard.len(), 3);
    for ((who, changed, when), expected) in heard.iter().zip(expected) {
        assert_eq!((who, changed, when), (&doctor(1), &expected, &now()));
    }
}

/// Knows the doctor's rules in one state.
struct Edition(i64);

#[async_trait]
impl CalendarWatch for Edition {
    async fn changed(
        &self,
        _conn: &mut AsyncPgConnection,
        _doctor: DoctorId,
        _changed: &[Interval],
        _now: Timestamp,
    ) -> Result<(), DieselError> {
        Ok(())
    }

    async fn claimed(
        &self,
        _conn: &mut AsyncPgConnection,
        _doctor: DoctorId,
        _changed: &[Interval],
        _now: Timestamp,
    ) -> Result<Option<i64>, DieselError> {
        Ok(Some(self.0))
    }
}

#[tokio::test]
async fn a_time_that_other_rules_offered_is_neither_booked_nor_moved_to() {
    let house = House::with_connections(3).await;
    let new = NewAppointment { edition: Some(7), ..booking(&half_hour(540), &guest("Ada")) };
    let refused = house.telling(Edition(8)).insert(&new).await;
    assert!(matches!(refused, Err(InsertError::RulesChanged)), "{refused:?}");
    assert_eq!(house.count("appointments.appointment").await, 0);
    house.telling(Edition(7)).insert(&new).await.unwrap();

    let moved = moving(&new.details, &half_hour(600));
    let change = appointments::application::Change { edition: Some(7), ..moved.clone() };
    let refused = house.telling(Edition(8)).update(&change).await;
    assert!(matches!(refused, Err(UpdateError::RulesChanged)), "{refused:?}");
    house.telling(Edition(8)).update(&moved).await.unwrap();
}
