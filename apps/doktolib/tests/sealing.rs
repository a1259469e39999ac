//! Personal data at rest: what an earlier version has left in the clear, and what a booking leaves.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use appointments::application::AppointmentStore as _;
use appointments::domain::Patient;
use appointments::infrastructure::http::AppointmentLinks;
use appointments::infrastructure::{CalendarWatch, PgAppointments};
use async_trait::async_trait;
use diesel::result::Error as DieselError;
use diesel_async::AsyncPgConnection;
use doktolib::sealing::{seal_what_is_clear, something_is_clear};
use jiff::Timestamp;
use kernel::{AppointmentId, DoctorId, Interval, Once, OnceError};
use platform::crypto::Keyring;
use platform::idempotency::Answers;
use platform::journal::Journal;
use platform::pg;
use platform::signing::LinkSigner;
use secrecy::SecretString;
use testkit::TestDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

/// The last step of the tables as they were before anything was sealed.
const BEFORE: &str = "2026-11-21-000200";

/// Everything in the clear that [`of_before`] writes.
const PRIVATE: [&str; 6] = ["Ada Löwe", "ada.loewe", "Ben", "by wheelchair", "has recovered", "kept for Ada"];

fn keys() -> Keyring {
    Keyring::derived(&SecretString::from("s".repeat(40)))
}

/// A database with the tables of before and rows in them as the version of before wrote them.
async fn of_before() -> (TestDatabase, Client) {
    let database = testkit::empty_database().await;
    let client = pg::client(&database.settings).await.unwrap();
    let run = "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now())";
    client.batch_execute(run).await.unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations");
    let mut steps: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    steps.sort();
    for step in steps {
        let name = step.file_name().unwrap().to_str().unwrap();
        let (number, _) = name.split_once('_').unwrap();
        if number > BEFORE {
            break;
        }
        client.batch_execute(&std::fs::read_to_string(step.join("up.sql")).unwrap()).await.unwrap();
        let version = number.replace('-', "");
        client.execute("INSERT INTO __diesel_schema_migrations VALUES ($1)", &[&version]).await.unwrap();
    }
    client
        .batch_execute(
            "INSERT INTO appointments.patient VALUES
                 ('00000000-0000-7000-8000-00000000000b', 'Ada Löwe', 'Ada.Loewe@Example.org', 'ada löwe', 'ada.loewe@example.org', now()),
                 ('00000000-0000-7000-8000-00000000001b', 'Ben', 'ada.loewe@example.org', 'ben', 'ada.loewe@example.org', now());
             INSERT INTO appointments.appointment
             SELECT v.id::uuid, v.id::uuid, v.id::uuid, v.patient::uuid, v.id::uuid, 'video', t, t + interval '1 h', t, t + interval '1 h',
                    'UTC', 0, v.status, v.notes, v.reason, false, 3, t, t
               FROM (VALUES ('00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b', 'booked', 'I come by wheelchair', NULL),
                            ('00000000-0000-7000-8000-00000000001a', '00000000-0000-7000-8000-00000000001b', 'cancelled', '', 'has recovered'),
                            ('00000000-0000-7000-8000-00000000002a', '00000000-0000-7000-8000-00000000001b', 'booked', NULL, NULL))
                    AS v (id, patient, status, notes, reason), LATERAL (SELECT timestamptz '2027-03-08T09:00Z') AS x (t);
             INSERT INTO platform.idempotency_key VALUES
                 ('guest:book', 'k', decode(repeat('07', 32), 'hex'), 201, '/api/v1/appointments/1', '\"v1\"', 'kept for Ada', '2027-03-01T00:00Z')",
        )
        .await
        .unwrap();
    // More than one batch.
    client
        .batch_execute(
            "INSERT INTO appointments.patient SELECT gen_random_uuid(), 'Ben ' || n, n || '@example.org', 'ben ' || n, n || '@example.org', now()
               FROM generate_series(1, 2500) n",
        )
        .await
        .unwrap();
    (database, client)
}

/// The bytes of every table's file, and of what stands beside it for long values.
async fn files(client: &Client) -> Vec<(String, Vec<u8>)> {
    client.batch_execute("CHECKPOINT").await.unwrap();
    let sql = "SELECT c.oid::regclass::text, pg_read_binary_file(pg_relation_filepath(c.oid)) FROM pg_class c
                 JOIN pg_namespace n ON n.oid = relnamespace
                WHERE relkind IN ('r', 't', 'i') AND nspname NOT IN ('pg_catalog', 'information_schema')";
    client.query(sql, &[]).await.unwrap().iter().map(|row| (row.get(0), row.get(1))).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

struct Nobody;

#[async_trait]
impl CalendarWatch for Nobody {
    async fn changed(
        &self,
        _: &mut AsyncPgConnection,
        _: DoctorId,
        _: &[Interval],
        _: Timestamp,
    ) -> Result<(), DieselError> {
        Ok(())
    }
}

#[tokio::test]
async fn rows_of_the_version_before_are_sealed_and_lose_nothing() {
    let (database, client) = of_before().await;
    let before = files(&client).await;
    for private in PRIVATE {
        assert!(before.iter().any(|(_, bytes)| holds(bytes, private)), "{private} is what the search can find");
    }
    assert!(!pg::migrate(&database.settings).await.unwrap().is_empty());
    assert!(something_is_clear(&database.settings).await.unwrap(), "SQL cannot seal");
    assert_eq!(seal_what_is_clear(&database.settings, &keys()).await.unwrap(), 2502 + 2 + 1);
    assert!(!something_is_clear(&database.settings).await.unwrap());
    assert_eq!(seal_what_is_clear(&database.settings, &keys()).await.unwrap(), 0);
    for (table, bytes) in files(&client).await {
        for private in PRIVATE {
            assert!(!holds(&bytes, private), "{private} in the file of {table}");
        }
    }

    let journal = Journal::new(&SecretString::from("s".repeat(40)));
    let signer = LinkSigner::new(&SecretString::from("s".repeat(40)), "appointment");
    let links = AppointmentLinks { signer, public_url: String::new() };
    let store = PgAppointments::new(database.pool.clone(), journal, keys(), links, Arc::new(Nobody));
    let mut found = Vec::new();
    for number in ["0a", "1a", "2a"] {
        let id: Uuid = format!("00000000-0000-7000-8000-0000000000{number}").parse().unwrap();
        let visit = store.find(AppointmentId::from_uuid(id)).await.unwrap().unwrap();
        let (notes, reason) = (visit.appointment.notes, visit.appointment.cancel_reason);
        found.push((visit.patient.name, visit.patient.email, notes, reason));
    }
    let row = |name: &str, address: &str, notes: Option<&str>, reason: Option<&str>| {
        (name.to_owned(), Some(address.to_owned()), notes.map(str::to_owned), reason.map(str::to_owned))
    };
    assert_eq!(
        found,
        [
            row("Ada Löwe", "Ada.Loewe@Example.org", Some("I come by wheelchair"), None),
            row("Ben", "ada.loewe@example.org", Some(""), Some("has recovered")),
            row("Ben", "ada.loewe@example.org", None, None),
        ]
    );
    let ada = Patient::enrol("ada  löwe", "ADA.loewe@example.org", Timestamp::UNIX_EPOCH).unwrap();
    let known = store.guest(&ada, DoctorId::mint()).await.unwrap().unwrap();
    assert_eq!(known.patient.name, "Ada Löwe");
    let answer = |_: &()| unreachable!();
    let once = Once { scope: "guest:book".into(), key: "k".into(), fingerprint: [7; 32], answer: Arc::new(answer) };
    let Err(OnceError::Replay(kept)) = Answers::new(database.pool.clone(), keys()).look(&once).await.unwrap() else {
        panic!("the answer is gone")
    };
    assert_eq!((kept.status, kept.location.as_deref()), (201, Some("/api/v1/appointments/1")));
    assert_eq!((kept.etag.as_deref(), kept.body.as_slice()), (Some("\"v1\""), b"kept for Ada".as_slice()));
}

#[tokio::test]
async fn sealing_that_was_interrupted_goes_on_where_it_was_beside_another_one() {
    let (database, client) = of_before().await;
    pg::migrate(&database.settings).await.unwrap();
    appointments::infrastructure::seal_clear_patients(&database.pool, &keys()).await.unwrap();
    let left: i64 = client.query_one("SELECT count(*) FROM appointments.clear_patient", &[]).await.unwrap().get(0);
    assert_eq!(left, 1502);
    let keys = keys();
    let both = futures_util::future::join(
        seal_what_is_clear(&database.settings, &keys),
        seal_what_is_clear(&database.settings, &keys),
    );
    let (one, other) = both.await;
    assert_eq!(one.unwrap() + other.unwrap(), 1502 + 2 + 1);
    let waiting = "SELECT count(*) FROM appointments.patient WHERE octet_length(name) < 33 OR name_key IS NULL";
    assert_eq!(client.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0), 0);
}
