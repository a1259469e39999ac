//! Messages that were written with a change, handed to whoever waits for them after the commit.
//!
//! A row is claimed for a while (its lease), which is committed before the work begins, so that no transaction stays
//! open over the network. A worker that dies in between lets the lease run out, and another one takes the row: every
//! message is handled at least once. Several workers never hold the same row at once.

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_query;
use diesel::sql_types::{Array, Binary, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::ToDiesel as _;
use kernel::PortFailure;
use uuid::Uuid;

use crate::pg::{self, PgPool};
use crate::schema::outbox;

mod about;
mod courier;

pub use about::Undone;
pub use courier::{Courier, Subscriber, Undelivered};

/// How long a claimed row belongs to its worker.
pub const LEASE: SignedDuration = SignedDuration::from_secs(90);
/// Tries of a message, before it is given up and waits for a person.
pub const TRIES: u32 = 12;
/// Done rows older than this are removed.
const KEEP_DONE: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Given-up rows older than this are removed: what they hold is sealed, but personal.
const KEEP_FAILED: SignedDuration = SignedDuration::from_hours(90 * 24);
const PURGE_BATCH: i64 = 2_000;
const SKIP_BATCH: i64 = 2_000;

/// A claimed message.
#[derive(Clone)]
pub struct Message {
    /// Of the row; the same at every try.
    pub id: Uuid,
    /// What sort of message it is.
    pub topic: String,
    /// The record it is about.
    pub subject: Uuid,
    /// JSON with ids and times.
    pub payload: String,
    /// What only the installation's keys open.
    pub sealed: Option<Vec<u8>>,
    /// When the change was made.
    pub created_at: Timestamp,
    /// Which try this is, from 1; tries of workers that died count as well.
    pub attempt: u32,
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("id", &self.id).field("topic", &self.topic).finish_non_exhaustive()
    }
}

/// A message that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// Of the row.
    pub id: Uuid,
    /// What sort of message it is.
    pub topic: String,
    /// The record it is about.
    pub subject: Uuid,
    /// When the change was made.
    pub created_at: Timestamp,
    /// When it was given up.
    pub failed_at: Timestamp,
    /// After so many tries.
    pub attempts: i32,
    /// Sort of the last failure.
    pub last_error: String,
}

/// How much there is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Depth {
    /// Messages neither done nor given up.
    pub waiting: i64,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
    /// Messages given up.
    pub failed: i64,
}

/// The table of messages, as workers and operators use it.
#[derive(Clone)]
pub struct Outbox {
    pool: PgPool,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    topic: String,
    #[diesel(sql_type = SqlUuid)]
    subject: Uuid,
    #[diesel(sql_type = Text)]
    payload: String,
    #[diesel(sql_type = Nullable<Binary>)]
    sealed: Option<Vec<u8>>,
    #[diesel(sql_type = Timestamptz)]
    created_at: jiff_diesel::Timestamp,
    #[diesel(sql_type = Integer)]
    attempts: i32,
}

/// A CTE, because a plan may run a subquery with `LIMIT` more than once.
const CLAIM: &str = "
    WITH due AS MATERIALIZED (
        SELECT id FROM journal.outbox
        WHERE done_at IS NULL AND failed_at IS NULL AND available_at <= $1 AND topic = ANY($2)
        ORDER BY available_at LIMIT $3
        FOR UPDATE SKIP LOCKED)
    UPDATE journal.outbox o SET available_at = $4, attempts = o.attempts + 1
    FROM due WHERE o.id = due.id
    RETURNING o.id, o.topic, o.subject, o.payload, o.sealed, o.created_at, o.attempts";

const SKIP: &str = "
    WITH unheard AS MATERIALIZED (
        SELECT id FROM journal.outbox
        WHERE done_at IS NULL AND failed_at IS NULL AND available_at <= $1 AND topic <> ALL($2)
        ORDER BY available_at LIMIT $3
        FOR UPDATE SKIP LOCKED)
    UPDATE journal.outbox o SET done_at = $1, sealed = NULL FROM unheard WHERE o.id = unheard.id";

const PURGE: &str = "
    WITH old AS MATERIALIZED (
        SELECT id FROM journal.outbox WHERE done_at < $1 OR failed_at < $2 LIMIT $3
        FOR UPDATE SKIP LOCKED)
    DELETE FROM journal.outbox o USING old WHERE o.id = old.id";

impl Outbox {
    /// The outbox of the database behind `pool`.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Takes at most `most` due messages of these topics for [`LEASE`], the longest due first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn claim(&self, topics: &[&str], most: i64, now: Timestamp) -> Result<Vec<Message>, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        let lease = now.saturating_add(LEASE).unwrap_or(Timestamp::MAX);
        let rows: Vec<Row> = sql_query(CLAIM)
            .bind::<Timestamptz, _>(now.to_diesel())
            .bind::<Array<Text>, _>(topics)
            .bind::<diesel::sql_types::BigInt, _>(most)
            .bind::<Timestamptz, _>(lease.to_diesel())
            .load(&mut conn)
            .await
            .map_err(|error| pg::failure("claim messages", error))?;
        let mut claimed: Vec<Message> = rows
            .into_iter()
            .map(|row| Message {
                id: row.id,
                topic: row.topic,
                subject: row.subject,
                payload: row.payload,
                sealed: row.sealed,
                created_at: row.created_at.into(),
                attempt: u32::try_from(row.attempts).unwrap_or(0),
            })
            .collect();
        claimed.sort_by_key(|message| (message.created_at, message.id));
        Ok(claimed)
    }

    /// These messages are dealt with; what was sealed in them is forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish(&self, ids: &[Uuid], now: Timestamp) -> Result<(), PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        diesel::update(outbox::table.filter(outbox::id.eq_any(ids)))
            .filter(outbox::done_at.is_null())
            .set((
                outbox::done_at.eq(now.to_diesel()),
                outbox::sealed.eq(None::<Vec<u8>>),
                outbox::failed_at.eq(None::<jiff_diesel::Timestamp>),
                outbox::last_error.eq(None::<String>),
            ))
            .execute(&mut conn)
            .await
            .map_err(|error| pg::failure("finish messages", error))?;
        Ok(())
    }

    /// Tries it again at `next`. Does nothing when somebody else has taken it since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put_off(&self, message: &Message, error: &str, next: Timestamp) -> Result<(), PortFailure> {
        let undone = Outcome { available_at: Some(next.to_diesel()), failed_at: None, last_error: error };
        self.not_done(message, undone, "put off a message").await
    }

    /// Gives it up; it waits for a person. Does nothing when somebody else has taken it since.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn give_up(&self, message: &Message, error: &str, now: Timestamp) -> Result<(), PortFailure> {
        let undone = Outcome { available_at: None, failed_at: Some(now.to_diesel()), last_error: error };
        self.not_done(message, undone, "give up a message").await
    }

    async fn not_done(&self, message: &Message, undone: Outcome<'_>, doing: &'static str) -> Result<(), PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        diesel::update(outbox::table.find(message.id))
            .filter(outbox::done_at.is_null())
            .filter(outbox::attempts.eq(attempts(message)))
            .set(undone)
            .execute(&mut conn)
            .await
            .map_err(|error| pg::failure(doing, error))?;
        Ok(())
    }

    /// Gives back what was claimed and not tried.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&self, untried: &[Message], now: Timestamp) -> Result<(), PortFailure> {
        if untried.is_empty() {
            return Ok(());
        }
        let mut conn = pg::conn(&self.pool).await?;
        for message in untried {
            diesel::update(outbox::table.find(message.id))
                .filter(outbox::done_at.is_null())
                .filter(outbox::attempts.eq(attempts(message)))
                .set((outbox::available_at.eq(now.to_diesel()), outbox::attempts.eq(attempts(message) - 1)))
                .execute(&mut conn)
                .await
                .map_err(|error| pg::failure("give back a message", error))?;
        }
        Ok(())
    }

    /// Marks due messages of all other topics done, in one statement for some thousand; gives how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn skip_unheard(&self, topics: &[&str], now: Timestamp) -> Result<usize, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        sql_query(SKIP)
            .bind::<Timestamptz, _>(now.to_diesel())
            .bind::<Array<Text>, _>(topics)
            .bind::<diesel::sql_types::BigInt, _>(SKIP_BATCH)
            .execute(&mut conn)
            .await
            .map_err(|error| pg::failure("skip messages nobody waits for", error))
    }

    /// Removes what is done for 7 days or given up for 90, in batches; gives how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge(&self, now: Timestamp) -> Result<usize, PortFailure> {
        let before = |age: SignedDuration| now.saturating_sub(age).unwrap_or(Timestamp::MIN).to_diesel();
        let mut all = 0;
        loop {
            let mut conn = pg::conn(&self.pool).await?;
            let gone = sql_query(PURGE)
                .bind::<Timestamptz, _>(before(KEEP_DONE))
                .bind::<Timestamptz, _>(before(KEEP_FAILED))
                .bind::<diesel::sql_types::BigInt, _>(PURGE_BATCH)
                .execute(&mut conn)
                .await
                .map_err(|error| pg::failure("remove old messages", error))?;
            all += gone;
            if i64::try_from(gone).unwrap_or(0) < PURGE_BATCH {
                return Ok(all);
            }
        }
    }

    /// How much waits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn depth(&self) -> Result<Depth, PortFailure> {
        use diesel::dsl::{count_star, min};
        pg::read(&self.pool, "count the messages", async |mut conn| {
            let (waiting, oldest) = outbox::table
                .filter(outbox::done_at.is_null())
                .filter(outbox::failed_at.is_null())
                .select((count_star(), min(outbox::created_at)))
                .first::<(i64, Option<jiff_diesel::Timestamp>)>(&mut conn)
                .await?;
            let failed =
                outbox::table.filter(outbox::failed_at.is_not_null()).count().get_result::<i64>(&mut conn).await?;
            Ok(Depth { waiting, oldest: oldest.map(Into::into), failed })
        })
        .await
    }

    /// Is there a message with this id?
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_there(&self, id: Uuid) -> Result<bool, PortFailure> {
        pg::read(&self.pool, "look for a message", async |mut conn| {
            diesel::select(diesel::dsl::exists(outbox::table.find(id))).get_result(&mut conn).await
        })
        .await
    }

    /// What was given up, the newest first, at most 1000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failed(&self) -> Result<Vec<Failed>, PortFailure> {
        type Given = (Uuid, String, Uuid, jiff_diesel::Timestamp, Option<jiff_diesel::Timestamp>, i32, Option<String>);
        let rows: Vec<Given> = pg::read(&self.pool, "list the messages that were given up", async |mut conn| {
            outbox::table
                .filter(outbox::failed_at.is_not_null())
                .order((outbox::failed_at.desc(), outbox::id.desc()))
                .limit(1_000)
                .select((
                    outbox::id,
                    outbox::topic,
                    outbox::subject,
                    outbox::created_at,
                    outbox::failed_at,
                    outbox::attempts,
                    outbox::last_error,
                ))
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(rows
            .into_iter()
            .map(|(id, topic, subject, created_at, failed_at, attempts, last_error)| Failed {
                id,
                topic,
                subject,
                created_at: created_at.into(),
                failed_at: failed_at.map_or(Timestamp::MIN, Into::into),
                attempts,
                last_error: last_error.unwrap_or_default(),
            })
            .collect())
    }
}

/// Lets what was given up be tried again at once, as if never tried, in the caller's transaction: one message, or all
/// when none is named. Gives how many.
///
/// # Errors
/// Of the database.
pub async fn requeue(conn: &mut AsyncPgConnection, id: Option<Uuid>, now: Timestamp) -> Result<usize, DieselError> {
    let change = (
        outbox::failed_at.eq(None::<jiff_diesel::Timestamp>),
        outbox::available_at.eq(now.to_diesel()),
        outbox::attempts.eq(0),
    );
    let given_up = outbox::failed_at.is_not_null().and(outbox::done_at.is_null());
    match id {
        Some(id) => diesel::update(outbox::table.find(id)).filter(given_up).set(change).execute(conn).await,
        None => diesel::update(outbox::table).filter(given_up).set(change).execute(conn).await,
    }
}

/// What is written about a message that was tried in vain; a time that is left out stays as it is.
#[derive(AsChangeset)]
#[diesel(table_name = outbox)]
struct Outcome<'a> {
    available_at: Option<jiff_diesel::Timestamp>,
    failed_at: Option<jiff_diesel::Timestamp>,
    last_error: &'a str,
}

fn attempts(message: &Message) -> i32 {
    i32::try_from(message.attempt).unwrap_or(i32::MAX)
}
