//! The keys of personal data: which values they seal, and their replacement while servers run.

mod registry;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use kernel::{Actor, Clock as _, DomainEvent, Recorded, SystemClock};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg::{self, PgSettings};
use serde::Serialize;
use tokio_postgres::Client;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

pub use registry::{DIGESTS, SEALED, SealedTable};

use crate::server::Failure;

/// How often servers look whether the key file has changed.
pub const LOOK: Duration = Duration::from_secs(2);
/// After so long every server seals with a new key; what was sealed with the old one until then is sealed once more.
const SETTLED: Duration = Duration::from_secs(5);
/// Pages of a table that are looked through at a time.
const PAGES: i64 = 64;
/// Any number will do; two rotations at once would add two keys.
const LOCK: &str = "SELECT pg_try_advisory_lock(7263548903)";

/// How a rotation begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// With a new key.
    NewKey,
    /// With the present one: goes on with what an interrupted rotation has left.
    Resume,
}

/// Something was done with the keys.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum KeysEvent {
    Rotated { key: u32, values: u64 },
    Forgotten { key: u32 },
}

impl DomainEvent for KeysEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Rotated { .. } => "keys.rotated",
            Self::Forgotten { .. } => "keys.forgotten",
        }
    }

    fn subject(&self) -> Uuid {
        Uuid::nil()
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}

/// How many values each key has sealed.
///
/// # Errors
/// Of the database.
pub async fn counted(client: &Client) -> Result<BTreeMap<u32, u64>, Failure> {
    let mut all = BTreeMap::new();
    for SealedTable { table, columns, .. } in SEALED {
        for column in *columns {
            // The first byte is the form, the next four are the key's number.
            let sql = format!(
                "SELECT substring({column} FROM 2 FOR 4), count(*) FROM {table} WHERE octet_length({column}) > 5 GROUP BY 1"
            );
            for row in client.query(&sql, &[]).await? {
                let number: Vec<u8> = row.get(0);
                let number = number.try_into().map_or(0, u32::from_be_bytes);
                *all.entry(number).or_default() += u64::try_from(row.get::<_, i64>(1)).unwrap_or(0);
            }
        }
    }
    Ok(all)
}

/// What there is to say about the keys, a line each.
///
/// # Errors
/// Of the database.
pub async fn list(settings: &PgSettings, keys: &Keyring) -> Result<String, Failure> {
    let client = patient_client(settings).await?;
    Ok(table_of(keys, &counted(&client).await?)?)
}

fn table_of(keys: &Keyring, counted: &BTreeMap<u32, u64>) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    let known = keys.numbers();
    for number in known.iter().chain(counted.keys().filter(|number| !known.contains(number))) {
        let what = if !known.contains(number) {
            "MISSING: what it has sealed cannot be opened"
        } else if *number == keys.current() {
            "seals and opens"
        } else {
            "opens"
        };
        writeln!(text, "key {number}: {} values, {what}", counted.get(number).copied().unwrap_or(0))?;
    }
    Ok(text)
}

/// Adds a key and seals everything with it, while servers run; says what it does through `say`.
///
/// Interrupted, it is gone on with by [`Rotation::Resume`].
///
/// # Errors
/// When another rotation runs, the key file cannot be written, a value cannot be opened, or the database fails.
pub async fn rotate(
    settings: &PgSettings,
    (journal, keys): (&Journal, &Keyring),
    how: Rotation,
    say: &(dyn Fn(&str) + Sync),
) -> Result<(), Failure> {
    let client = patient_client(settings).await?;
    if !client.query_one(LOCK, &[]).await?.get::<_, bool>(0) {
        return Err("another rotation is at work".into());
    }
    keys.refresh()?;
    if how == Rotation::NewKey {
        let number = keys.add()?;
        say(&format!("key {number} was made; back up the key file now"));
    }
    let begun = Instant::now();
    let mut values = reseal(&client, keys, say).await?;
    // Servers that had not yet seen the key have sealed with the old one meanwhile.
    while how == Rotation::NewKey && begun.elapsed() < SETTLED {
        tokio::time::sleep(SETTLED.saturating_sub(begun.elapsed())).await;
    }
    values += reseal(&client, keys, say).await?;
    record(settings, journal, KeysEvent::Rotated { key: keys.current(), values }).await?;
    say(&format!("{values} values were sealed anew"));
    say(table_of(keys, &counted(&client).await?)?.trim_end());
    Ok(())
}

/// Takes a key out of the key file, unless something is sealed with it.
///
/// # Errors
/// When something is, when it is the sealing or the derived key, or when file or database fail.
pub async fn forget(settings: &PgSettings, (journal, keys): (&Journal, &Keyring), number: u32) -> Result<(), Failure> {
    let client = patient_client(settings).await?;
    let left = counted(&client).await?.get(&number).copied().unwrap_or(0);
    if left > 0 {
        return Err(
            format!("{left} values are sealed with key {number}; run `doktolib keys rotate --resume` first").into()
        );
    }
    keys.forget(number)?;
    record(settings, journal, KeysEvent::Forgotten { key: number }).await
}

async fn record(settings: &PgSettings, journal: &Journal, event: KeysEvent) -> Result<(), Failure> {
    let mut one = settings.clone();
    one.max_connections = 1;
    let pool = pg::pool(&one)?;
    let recorded = Recorded::new(event, Actor::System, SystemClock.now());
    pg::transaction(&pool, "record what was done with the keys", async |conn| {
        journal.append(conn, &recorded).await?;
        Ok::<_, pg::Abort<kernel::PortFailure>>(())
    })
    .await?;
    Ok(())
}

async fn patient_client(settings: &PgSettings) -> Result<Client, Failure> {
    let client = pg::client(settings).await?;
    client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
    Ok(client)
}

/// Seals with the present key whatever another one has sealed; gives how many values those were.
///
/// Each row is written only if its values are still the ones that were read: what a server writes meanwhile wins.
///
/// # Errors
/// When a value cannot be opened, or the database fails.
pub async fn reseal(client: &Client, keys: &Keyring, say: &(dyn Fn(&str) + Sync)) -> Result<u64, Failure> {
    let mut values = 0;
    for sealed in SEALED {
        let size = format!("SELECT pg_relation_size('{}') / current_setting('block_size')::bigint", sealed.table);
        let pages: i64 = client.query_one(&size, &[]).await?.get(0);
        let (select, update) = statements(sealed);
        let (select, update) = (client.prepare(&select).await?, client.prepare(&update).await?);
        let mut of_table = 0;
        let mut from = 0;
        while from <= pages {
            let span = [format!("({from},0)"), format!("({},0)", from + PAGES)];
            let current = keys.current().to_be_bytes().to_vec();
            let rows = client.query(&select, &[&span[0], &span[1], &current]).await?;
            of_table += write(client, keys, sealed, &update, &rows).await?;
            from += PAGES;
            if from % (PAGES * 64) == 0 {
                say(&format!("{}: page {from} of {pages}", sealed.table));
            }
        }
        if of_table > 0 {
            say(&format!("{}: {of_table} values", sealed.table));
        }
        values += of_table;
    }
    Ok(values)
}

/// The statement that reads a span of pages, and the one that writes rows back unless they have changed.
fn statements(sealed: &SealedTable) -> (String, String) {
    let SealedTable { table, id, columns } = sealed;
    let old = |column: &&str| format!("(octet_length({column}) > 5 AND substring({column} FROM 2 FOR 4) <> $3)");
    let old = columns.iter().map(old).collect::<Vec<_>>().join(" OR ");
    let list = columns.join(", ");
    let select =
        format!("SELECT {id}, {list} FROM {table} WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND ({old})");
    let (mut arrays, mut names, mut sets, mut same) =
        (vec!["$1::uuid[]".to_owned()], Vec::new(), Vec::new(), Vec::new());
    for (place, column) in columns.iter().enumerate() {
        arrays.push(format!("${}::bytea[], ${}::bytea[]", 2 * place + 2, 2 * place + 3));
        names.push(format!("before{place}, after{place}"));
        sets.push(format!("{column} = n.after{place}"));
        same.push(format!("t.{column} IS NOT DISTINCT FROM n.before{place}"));
    }
    let update = format!(
        "UPDATE {table} t SET {} FROM unnest({}) AS n (row_id, {}) WHERE t.{id} = n.row_id AND {} RETURNING t.{id}",
        sets.join(", "),
        arrays.join(", "),
        names.join(", "),
        same.join(" AND ")
    );
    (select, update)
}

type Values = Vec<Option<Vec<u8>>>;

async fn write(
    client: &Client,
    keys: &Keyring,
    sealed: &SealedTable,
    update: &tokio_postgres::Statement,
    rows: &[tokio_postgres::Row],
) -> Result<u64, Failure> {
    if rows.is_empty() {
        return Ok(0);
    }
    let ids: Vec<Uuid> = rows.iter().map(|row| row.get(0)).collect();
    let mut columns: Vec<(Values, Values)> = Vec::new();
    // How many values of each row are new.
    let mut changed: BTreeMap<Uuid, u64> = BTreeMap::new();
    for (place, column) in sealed.columns.iter().enumerate() {
        let name = format!("{}.{column}", sealed.table);
        let (mut before, mut after) = (Values::new(), Values::new());
        for (row, id) in rows.iter().zip(&ids) {
            let value: Option<Vec<u8>> = row.get(place + 1);
            let anew = match &value {
                Some(bytes) if !bytes.is_empty() => {
                    *changed.entry(*id).or_default() += 1;
                    let plain = keys
                        .open(&name, *id, bytes)
                        .map_err(|error| format!("{name} of the row {id} cannot be opened: {error}"))?;
                    Some(keys.seal(&name, *id, &plain))
                }
                other => other.clone(),
            };
            before.push(value);
            after.push(anew);
        }
        columns.push((before, after));
    }
    let mut given: Vec<&(dyn ToSql + Sync)> = vec![&ids];
    for (before, after) in &columns {
        given.push(before);
        given.push(after);
    }
    let written = client.query(update, &given).await?;
    Ok(written.iter().filter_map(|row| changed.get(&row.get::<_, Uuid>(0))).sum())
}
