//! The keys of personal data: no column is forgotten, and a rotation loses nothing while others write.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops there")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use appointments::infrastructure::SealedPatient;
use doktolib::keys::{DIGESTS, Rotation, SEALED, counted, forget, list, reseal, rotate};
use doktolib::seed::seed_test_data;
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg;
use secrecy::SecretString;
use tempfile::TempDir;
use testkit::TestDatabase;
use tokio_postgres::Client;
use uuid::Uuid;

struct House {
    database: TestDatabase,
    client: Client,
    folder: TempDir,
}

impl House {
    async fn new() -> Self {
        let database = testkit::database().await;
        let mut client = pg::client(&database.settings).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let house_keys = ring(folder.path().join("keys"));
        seed_test_data(&mut client, &house_keys).await.unwrap();
        let house = Self { database, client, folder };
        house.plant(&house_keys).await;
        house.plant_contact(&house_keys).await;
        house
    }

    /// What another process would have.
    fn ring(&self) -> Keyring {
        ring(self.folder.path().join("keys"))
    }

    /// A row with something in every sealed column of each table that the fixed set leaves empty.
    async fn plant(&self, keys: &Keyring) {
        let id = Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0077);
        let seal = |place: &str| keys.seal_text(place, id, place);
        let run = async |sql: &str, values: &[&Vec<u8>]| {
            let mut given: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = vec![&id];
            given.extend(values.iter().map(|value| *value as &(dyn tokio_postgres::types::ToSql + Sync)));
            self.client.execute(sql, &given).await.unwrap();
        };
        run(
            "INSERT INTO auth.account (id, role, name, email, email_key, totp_secret, created_at, updated_at)
             VALUES ($1, 'staff', $2, $3, sha256('a'), $4, now(), now())",
            &[&seal("auth.account.name"), &seal("auth.account.email"), &seal("auth.account.totp_secret")],
        )
        .await;
        run(
            "INSERT INTO appointments.emergency_access (id, patient_id, doctor_id, user_id, reason, granted_at, ends_at)
             VALUES ($1, '01900000-0000-7000-8000-b00000000001', $1, $1, $2, now(), now())",
            &[&seal("appointments.emergency_access.reason")],
        )
        .await;
        run(
            "WITH held AS (
                 INSERT INTO appointments.appointment (id, clinic_id, doctor_id, visit_type_id, mode, starts_at, ends_at,
                        blocked_from, blocked_until, time_zone, price_cents, status, held_until, created_at, updated_at)
                 VALUES ($1, $1, $1, $1, 'video', '2027-04-01Z', '2027-04-02Z', '2027-04-01Z', '2027-04-02Z', 'UTC', 0,
                         'held', '2027-04-01Z', now(), now()))
             INSERT INTO appointments.hold (id, kind, draft) VALUES ($1, 'guest', $2)",
            &[&seal("appointments.hold.draft")],
        )
        .await;
        run(
            "INSERT INTO auth.session (id, account_id, kind, extent, client, created_at, last_used_at, expires_at)
             VALUES ($1, $1, 'bearer', 'full', $2, now(), now(), now())",
            &[&seal("auth.session.client")],
        )
        .await;
        run(
            "INSERT INTO auth.code (id, purpose, email_key, details, digest, created_at, expires_at)
             VALUES ($1, 'sign_in', sha256('a'), $2, sha256('a'), now(), now())",
            &[&seal("auth.code.details")],
        )
        .await;
        run(
            "INSERT INTO calendars.external_calendar
                    (id, doctor_id, address, time_zone, added_by, created_at, next_read_at)
             VALUES ($1, $1, $2, 'UTC', $1, now(), now())",
            &[&seal("calendars.external_calendar.address")],
        )
        .await;
        run(
            "INSERT INTO doctors.override_day (doctor_id, on_date, hours, id, reason)
             SELECT d.id, '2028-01-01', '[]', $1::uuid, $2::bytea FROM doctors.doctor d ORDER BY d.id LIMIT 1",
            &[&seal("doctors.override_day.reason")],
        )
        .await;
        run(
            "WITH one AS (
                 INSERT INTO files.file (id, patient_id, category, category_told, newest_version, revision, created_at, updated_at)
                 VALUES ($1, $1, 'other', 'content', 1, 1, now(), now()))
             INSERT INTO files.version (id, file_id, number, state, details, kind, size, object_key, data_key, name_keys, text,
                                        uploaded_at, uploaded_by, uploader)
             VALUES ($1, $1, 1, 'available', $2, 'pdf', 1, 'patients/a', $3, '{}', $4, now(), $1, 'patient')",
            &[&seal("files.version.details"), &seal("files.version.data_key"), &seal("files.version.text")],
        )
        .await;
        run(
            "INSERT INTO journal.outbox (id, topic, subject, payload, sealed, created_at, available_at)
             VALUES ($1, 'mail', $1, '{}', $2, now(), now())",
            &[&seal("journal.outbox.sealed")],
        )
        .await;
        run(
            "INSERT INTO platform.idempotency_key (id, scope, key, fingerprint, status, body, created_at)
             VALUES ($1, 's', 'k', sha256('a'), 200, $2, now())",
            &[&seal("platform.idempotency_key.body")],
        )
        .await;
        run(
            "INSERT INTO webhooks.endpoint
                    (id, clinic_id, url, secret, previous_secret, previous_until, version, created_at, updated_at)
             VALUES ($1, $1, $2, $3, $4, now(), 1, now(), now())",
            &[
                &seal("webhooks.endpoint.url"),
                &seal("webhooks.endpoint.secret"),
                &seal("webhooks.endpoint.previous_secret"),
            ],
        )
        .await;
        run(
            "WITH one AS (SELECT $1::uuid) UPDATE appointments.appointment SET correct_reason = $2
              WHERE id = '01900000-0000-7000-8000-a00000032110'",
            &[&keys.seal_text(
                "appointments.appointment.correct_reason",
                "01900000-0000-7000-8000-a00000032110".parse().unwrap(),
                "noted",
            )],
        )
        .await;
        run(
            "WITH one AS (SELECT $1::uuid) UPDATE appointments.appointment SET outside_reason = $2
              WHERE id = '01900000-0000-7000-8000-a00000032110'",
            &[&keys.seal_text(
                "appointments.appointment.outside_reason",
                "01900000-0000-7000-8000-a00000032110".parse().unwrap(),
                "noted",
            )],
        )
        .await;
        run(
            "WITH one AS (SELECT $1::uuid) UPDATE prescriptions.prescription
                SET withdrawn_at = now(), withdraw_reason = $2 WHERE id = '01900000-0000-7000-8000-600000011109'",
            &[&keys.seal_text(
                "prescriptions.prescription.withdraw_reason",
                "01900000-0000-7000-8000-600000011109".parse().unwrap(),
                "noted",
            )],
        )
        .await;
        run(
            "WITH one AS (SELECT $1::uuid) UPDATE appointments.appointment SET notes = $2
              WHERE id = '01900000-0000-7000-8000-a00000032110'",
            &[&keys.seal_text(
                "appointments.appointment.notes",
                "01900000-0000-7000-8000-a00000032110".parse().unwrap(),
                "noted",
            )],
        )
        .await;
    }

    /// What the fixed set knows of no patient.
    async fn plant_contact(&self, keys: &Keyring) {
        let alice: Uuid = "01900000-0000-7000-8000-b00000000001".parse().unwrap();
        for column in ["phone", "birth_date"] {
            let sealed = keys.seal_text(&format!("appointments.patient.{column}"), alice, column);
            let sql = format!("UPDATE appointments.patient SET {column} = $2 WHERE id = $1");
            assert_eq!(self.client.execute(&sql, &[&alice, &sealed]).await.unwrap(), 1);
        }
    }

    /// Every sealed value there is, opened, by place and row.
    async fn opened(&self, keys: &Keyring) -> BTreeMap<(String, Uuid), Vec<u8>> {
        let mut all = BTreeMap::new();
        for sealed in SEALED {
            for column in sealed.columns {
                let sql = format!("SELECT {}, {column} FROM {} WHERE {column} IS NOT NULL", sealed.id, sealed.table);
                let place = format!("{}.{column}", sealed.table);
                let rows = self.client.query(&sql, &[]).await.unwrap();
                assert!(!rows.is_empty(), "{place} has nothing that could be rotated");
                for row in rows {
                    let plain = keys.open(&place, row.get(0), &row.get::<_, Vec<u8>>(1)).unwrap();
                    all.insert((place.clone(), row.get(0)), plain);
                }
            }
        }
        all
    }
}

fn ring(file: PathBuf) -> Keyring {
    Keyring::new(&SecretString::from("s".repeat(40)), Some(file)).unwrap()
}

fn journal() -> Journal {
    Journal::new(&SecretString::from("s".repeat(40)))
}

#[tokio::test]
async fn every_column_of_bytes_is_either_sealed_and_rotated_or_known_to_be_a_digest() {
    let database = testkit::database().await;
    let client = pg::client(&database.settings).await.unwrap();
    let sql = "SELECT table_schema || '.' || table_name || '.' || column_name FROM information_schema.columns
                WHERE udt_name = 'bytea' AND table_schema NOT IN ('pg_catalog', 'information_schema')";
    let there: BTreeSet<String> = client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    let sealed = SEALED.iter().flat_map(|of| of.columns.iter().map(move |column| format!("{}.{column}", of.table)));
    let known: BTreeSet<String> = sealed.chain(DIGESTS.iter().map(|&digest| digest.to_owned())).collect();
    let forgotten: Vec<_> = there.difference(&known).collect();
    assert!(forgotten.is_empty(), "add to apps/doktolib/src/keys/registry.rs: {forgotten:?}");
    let gone: Vec<_> = known.difference(&there).collect();
    assert!(gone.is_empty(), "no such column: {gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_seals_everything_anew_while_another_process_writes_and_the_old_key_can_go() {
    let house = House::new().await;
    let before = house.opened(&house.ring()).await;
    let (ours, theirs) = (house.ring(), house.ring());
    let settings = &house.database.settings;
    let writer = pg::client(settings).await.unwrap();
    let written = async {
        // As a server does: the old key until it has looked again.
        let mut ids = Vec::new();
        for round in 0..60 {
            let id = Uuid::now_v7();
            let patient = SealedPatient::new(&theirs, id, &format!("Guest {round}"), "guest@example.org");
            let sql = "INSERT INTO appointments.patient (id, name, email, name_key, email_key, created_at)
                       VALUES ($1, $2, $3, $4, $5, now())";
            let (name_key, email_key) = (patient.name_key.as_slice(), patient.email_key.as_slice());
            writer.execute(sql, &[&id, &patient.name, &patient.email, &name_key, &email_key]).await.unwrap();
            ids.push(id);
            if round == 20 {
                theirs.refresh().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        ids
    };
    let said = Mutex::new(Vec::new());
    let say = |line: &str| said.lock().unwrap().push(line.to_owned());
    let journal = journal();
    let rotated = rotate(settings, (&journal, &ours), Rotation::NewKey, &say);
    let (rotated, ids) = futures_util::future::join(rotated, written).await;
    rotated.unwrap();

    let counted = counted(&house.client).await.unwrap();
    assert_eq!(counted.keys().collect::<Vec<_>>(), [&1], "{counted:?}");
    assert!(said.lock().unwrap().last().unwrap().contains("key 0: 0 values, opens\nkey 1: "), "{said:?}");
    let after = house.opened(&house.ring()).await;
    assert_eq!(after.len(), before.len() + 2 * ids.len());
    assert!(before.iter().all(|(place, plain)| after.get(place) == Some(plain)));

    // A second one, after which the first key is not needed any more.
    assert!(forget(settings, (&journal, &ours), 1).await.is_err());
    ours.add().unwrap();
    let refused = forget(settings, (&journal, &ours), 1).await.unwrap_err().to_string();
    assert!(refused.contains("values are sealed with key 1"), "{refused}");
    rotate(settings, (&journal, &ours), Rotation::Resume, &|_| ()).await.unwrap();
    forget(settings, (&journal, &ours), 1).await.unwrap();
    assert_eq!(list(settings, &house.ring()).await.unwrap().lines().count(), 2);
    assert_eq!(house.opened(&house.ring()).await, after);
    let events = "SELECT string_agg(action, ' ' ORDER BY seq) FROM journal.audit_event WHERE action LIKE 'keys.%'";
    let events: String = house.client.query_one(events, &[]).await.unwrap().get(0);
    assert_eq!(events, "keys.rotated keys.rotated keys.forgotten");
}

#[tokio::test]
async fn a_value_that_was_changed_meanwhile_is_not_overwritten_and_an_unreadable_one_is_named() {
    let house = House::new().await;
    let keys = house.ring();
    keys.add().unwrap();
    let alice: Uuid = "01900000-0000-7000-8000-b00000000001".parse().unwrap();
    // A lock on the row makes the rotation wait between its reading and its writing.
    let mut rival = pg::client(&house.database.settings).await.unwrap();
    let change = rival.transaction().await.unwrap();
    let name = keys.seal_text("appointments.patient.name", alice, "Alice Newname");
    change.execute("UPDATE appointments.patient SET name = $2 WHERE id = $1", &[&alice, &name]).await.unwrap();
    let quiet = |_: &str| ();
    let resealed = reseal(&house.client, &keys, &quiet);
    let later = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        change.commit().await.unwrap();
    };
    futures_util::future::join(resealed, later).await.0.unwrap();
    reseal(&house.client, &keys, &|_| ()).await.unwrap();
    let opened = house.opened(&keys).await;
    assert_eq!(opened[&("appointments.patient.name".to_owned(), alice)], b"Alice Newname");
    assert_eq!(counted(&house.client).await.unwrap().len(), 1);

    let swapped = "UPDATE appointments.patient SET name = overlay(name PLACING '\\x00000000' FROM 2) WHERE id = $1";
    house.client.execute(swapped, &[&alice]).await.unwrap();
    let error = reseal(&house.client, &keys, &|_| ()).await.unwrap_err().to_string();
    assert!(error.contains("appointments.patient.name") && error.contains(&alice.to_string()), "{error}");
}
