//! What the tests of the seeder read out of its tables.

use std::hash::{Hash as _, Hasher as _};

use platform::crypto::Keyring;
use secrecy::SecretString;
use tokio_postgres::Client;
use uuid::Uuid;

/// Every business table, in an order that holds the parents before the children.
const TABLES: [&str; 11] = [
    "doctors.clinic",
    "doctors.clinic_holiday",
    "doctors.resource",
    "doctors.doctor",
    "doctors.visit_type",
    "doctors.weekly_hours",
    "doctors.override_day",
    "doctors.time_off",
    "doctors.soonest",
    "appointments.patient",
    "appointments.appointment",
];

/// The number of the transaction that changed the rules last; another one in each database.
const EDITION: (&str, &str) = ("doctors.soonest", "edition");

/// Sealed columns of them.
const SEALED: [(&str, &str); 4] = [
    ("appointments.patient", "name"),
    ("appointments.patient", "email"),
    ("appointments.appointment", "notes"),
    ("appointments.appointment", "cancel_reason"),
];

pub async fn count(client: &Client, from: &str) -> i64 {
    client.query_one(&format!("SELECT count(*) FROM {from}"), &[]).await.unwrap().get(0)
}

/// What `select` gives, one line a row, sorted.
pub async fn lines(client: &Client, select: &str) -> Vec<String> {
    let rows = client.query(&format!("SELECT q::text FROM ({select}) q ORDER BY 1"), &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

pub fn keys() -> Keyring {
    Keyring::derived(&SecretString::from("s".repeat(40)))
}

/// The column of every row, opened; ids with texts.
pub async fn opened(client: &Client, table: &str, column: &str) -> Vec<(Uuid, String)> {
    let select = format!("SELECT id, {column} FROM {table} WHERE {column} IS NOT NULL ORDER BY id");
    let open = |row: &tokio_postgres::Row| {
        let (id, sealed): (Uuid, Vec<u8>) = (row.get(0), row.get(1));
        (id, keys().open_text(&format!("{table}.{column}"), id, &sealed).unwrap())
    };
    client.query(&select, &[]).await.unwrap().iter().map(open).collect()
}

/// One hash over every row of every table; what is sealed differs each time, and is opened for it.
pub async fn fingerprint(client: &Client) -> Vec<String> {
    let mut hashes = Vec::new();
    for table in TABLES {
        let sealed = SEALED.iter().filter(|(of, _)| *of == table).map(|(_, column)| *column).collect::<Vec<_>>();
        let apart = sealed.iter().copied().chain((EDITION.0 == table).then_some(EDITION.1));
        let hash = format!(
            "SELECT md5(coalesce(string_agg(row, E'\\n' ORDER BY row), ''))
               FROM (SELECT (to_jsonb(t) - '{{{}}}'::text[])::text AS row FROM {table} t) r",
            apart.collect::<Vec<_>>().join(",")
        );
        let mut line = format!("{table} {}", client.query_one(&hash, &[]).await.unwrap().get::<_, String>(0));
        for column in sealed {
            let mut hasher = std::hash::DefaultHasher::new();
            opened(client, table, column).await.hash(&mut hasher);
            line += &format!(" {:x}", hasher.finish());
        }
        hashes.push(line);
    }
    hashes
}

/// Every constraint and index of the two schemas, as the database words it.
pub async fn structure(client: &Client) -> Vec<String> {
    let constraints = lines(
        client,
        "SELECT conrelid::regclass, conname, convalidated, condeferrable, pg_get_constraintdef(oid) FROM pg_constraint
          WHERE connamespace IN ('doctors'::regnamespace, 'appointments'::regnamespace)",
    );
    let indexes = lines(
        client,
        "SELECT i.indexdef, x.indisvalid, x.indisready, x.indisunique FROM pg_indexes i
           JOIN pg_index x ON x.indexrelid = format('%I.%I', i.schemaname, i.indexname)::regclass
          WHERE i.schemaname IN ('doctors', 'appointments')",
    );
    [constraints.await, indexes.await].concat()
}
