//! The ledger of messages in PostgreSQL.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::PortFailure;
use platform::crypto::Keyring;
use platform::letters::{self, Letter};
use platform::outbox::{Outbox, Undone};
use platform::pg::{self, PgPool};
use platform::texts::{self, Text as PostedText};
use uuid::Uuid;

use super::schema::message;
use crate::application::{Before, Ended, Ledger, LedgerEntry, Told, Trying};
use crate::domain::{Channel, DeliveryState};

/// What is older is forgotten: as long as the outbox keeps what was given up.
const KEEP: SignedDuration = SignedDuration::from_hours(90 * 24);
const PURGE_BATCH: i64 = 2_000;
const MOST: i64 = 200;

/// Messages and what became of them.
#[derive(Clone)]
pub struct PgLedger {
    pool: PgPool,
    outbox: Outbox,
    keys: Keyring,
}

#[derive(QueryableByName)]
struct Earlier {
    #[diesel(sql_type = Nullable<Text>)]
    state: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    trying_since: Option<DbTimestamp>,
}

/// All parts of a statement see what was there before it.
const BEGIN: &str = "
    WITH earlier AS (SELECT state, trying_since FROM notifications.message WHERE id = $1),
         tried AS (
            INSERT INTO notifications.message AS m
                   (id, channel, template, subject, created_at, state, tries, trying_since, changed_at)
            VALUES ($1, $2, $3, $4, $5, 'queued', 1, $6, $6)
            ON CONFLICT (id) DO UPDATE
               SET state = 'queued', tries = m.tries + 1, trying_since = $6, changed_at = $6, trouble = NULL
             WHERE m.state IN ('queued', 'failed'))
    SELECT e.state, e.trying_since FROM (VALUES (1)) AS one LEFT JOIN earlier e ON true";

/// A word of the provider may have come sooner than the answer to our request; then that stays.
const HANDED_OVER: &str = "
    UPDATE notifications.message
       SET state = CASE state WHEN 'queued' THEN 'sent' ELSE state END, provider_id = coalesce($2, provider_id),
           trying_since = NULL, changed_at = $3
     WHERE id = $1";

const NOT_HANDED_OVER: &str = "
    UPDATE notifications.message SET state = $2, trouble = left($3, 120), trying_since = NULL, changed_at = $4
     WHERE id = $1 AND state = 'queued'";

const TOLD: &str = "
    UPDATE notifications.message
       SET state = $2, provider_id = $3, trouble = left($4, 120), trying_since = NULL, changed_at = $5
     WHERE id = $1 AND channel = 'sms' AND state = ANY ($6) AND coalesce(provider_id, $3) = $3";

const PURGE: &str = "
    WITH old AS MATERIALIZED (
        SELECT id FROM notifications.message WHERE created_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
    DELETE FROM notifications.message m USING old WHERE m.id = old.id";

const PURGE_CLINIC_MESSAGES: &str = "
    WITH old AS MATERIALIZED (
        SELECT id FROM notifications.clinic_message WHERE sent_at < $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
    DELETE FROM notifications.clinic_message m USING old WHERE m.id = old.id";

impl PgLedger {
    /// Works through `pool`; what waits in the outbox is opened by `keys`.
    #[must_use]
    pub fn new(pool: PgPool, keys: Keyring) -> Self {
        Self { outbox: Outbox::new(pool.clone()), pool, keys }
    }

    /// Forgets what is older than 90 days, in batches; gives how many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge(&self, now: Timestamp) -> Result<usize, PortFailure> {
        let before = now.checked_sub(KEEP).unwrap_or(Timestamp::MIN);
        let mut all = 0;
        for purge in [PURGE, PURGE_CLINIC_MESSAGES] {
            loop {
                let mut conn = pg::conn(&self.pool).await?;
                let gone = diesel::sql_query(purge)
                    .bind::<Timestamptz, _>(before.to_diesel())
                    .bind::<BigInt, _>(PURGE_BATCH)
                    .execute(&mut conn)
                    .await
                    .map_err(|error| pg::failure("forget old messages", error))?;
                all += gone;
                if i64::try_from(gone).unwrap_or(0) < PURGE_BATCH {
                    break;
                }
            }
        }
        Ok(all)
    }

    /// What still lies in the outbox and was not tried yet, or was given up without a word.
    fn waiting(&self, undone: Undone) -> Option<LedgerEntry> {
        let Undone { message, given_up } = undone;
        let sealed = message.sealed.as_deref().unwrap_or_default();
        let (channel, template) = if message.topic == texts::TOPIC {
            (Channel::Sms, PostedText::open(&self.keys, message.id, sealed).ok()?.template)
        } else {
            (Channel::Email, Letter::open(&self.keys, message.id, sealed).ok()?.template)
        };
        Some(LedgerEntry {
            id: message.id,
            channel,
            template,
            subject: message.subject,
            created_at: message.created_at,
            state: if given_up { DeliveryState::Failed } else { DeliveryState::Queued },
            tries: message.attempt,
            changed_at: message.created_at,
        })
    }
}

#[async_trait]
impl Ledger for PgLedger {
    async fn begin(&self, trying: &Trying, at: Timestamp) -> Result<Before, PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        let earlier: Earlier = diesel::sql_query(BEGIN)
            .bind::<SqlUuid, _>(trying.id)
            .bind::<Text, _>(trying.channel.word())
            .bind::<Text, _>(trying.template)
            .bind::<SqlUuid, _>(trying.subject)
            .bind::<Timestamptz, _>(trying.created_at.to_diesel())
            .bind::<Timestamptz, _>(at.to_diesel())
            .get_result(&mut conn)
            .await
            .map_err(|error| pg::failure("write down the try of a message", error))?;
        let state = earlier.state.as_deref().and_then(DeliveryState::from_word);
        let was_handed_over = state.is_some_and(DeliveryState::was_handed_over);
        Ok(Before { was_handed_over, in_doubt: !was_handed_over && earlier.trying_since.is_some() })
    }

    async fn end(&self, id: Uuid, ended: &Ended, at: Timestamp) -> Result<(), PortFailure> {
        let mut conn = pg::conn(&self.pool).await?;
        let at = at.to_diesel();
        let not = |state: &'static str, why: &str| {
            diesel::sql_query(NOT_HANDED_OVER)
                .bind::<SqlUuid, _>(id)
                .bind::<Text, _>(state)
                .bind::<Text, _>(why.to_owned())
                .bind::<Timestamptz, _>(at)
        };
        let written = match ended {
            Ended::HandedOver(name) => {
                diesel::sql_query(HANDED_OVER)
                    .bind::<SqlUuid, _>(id)
                    .bind::<Nullable<Text>, _>(name.as_deref())
                    .bind::<Timestamptz, _>(at)
                    .execute(&mut conn)
                    .await
            }
            Ended::PutOff(why) => not("queued", why).execute(&mut conn).await,
            Ended::GivenUp(why) => not("failed", why).execute(&mut conn).await,
        };
        written.map_err(|error| pg::failure("write down what became of a message", error))?;
        Ok(())
    }

    async fn told(&self, told: &Told, at: Timestamp) -> Result<bool, PortFailure> {
        let from: Vec<&str> = DeliveryState::ALL
            .into_iter()
            .filter(|state| state.may_become(told.state))
            .map(DeliveryState::word)
            .collect();
        let mut conn = pg::conn(&self.pool).await?;
        let changed = diesel::sql_query(TOLD)
            .bind::<SqlUuid, _>(told.id)
            .bind::<Text, _>(told.state.word())
            .bind::<Text, _>(&told.provider_id)
            .bind::<Nullable<Text>, _>(told.trouble.as_deref())
            .bind::<Timestamptz, _>(at.to_diesel())
            .bind::<Array<Text>, _>(from)
            .execute(&mut conn)
            .await
            .map_err(|error| pg::failure("write down what the provider tells", error))?;
        Ok(changed == 1)
    }

    async fn about(&self, subjects: &[Uuid], ids: &[Uuid]) -> Result<Vec<LedgerEntry>, PortFailure> {
        let rows: Vec<Row> = pg::read(&self.pool, "look for messages", async |mut conn| {
            message::table
                .filter(message::subject.eq_any(subjects).or(message::id.eq_any(ids)))
                .order((message::created_at, message::id))
                .limit(MOST)
                .select(Row::as_select())
                .load(&mut conn)
                .await
        })
        .await?;
        let read = rows.into_iter().map(Row::into_entry).collect::<Result<Vec<_>, _>>();
        let mut all = read.map_err(|error| pg::failure("read messages", error))?;
        for undone in self.outbox.undone(&[letters::TOPIC, texts::TOPIC], subjects, ids).await? {
            match all.iter_mut().find(|entry| entry.id == undone.message.id) {
                // Given up without a word of who tried it: it broke, or took too long.
                Some(entry) if undone.given_up && entry.state == DeliveryState::Queued => {
                    entry.state = DeliveryState::Failed;
                }
                Some(_) => {}
                None => all.extend(self.waiting(undone)),
            }
        }
        all.sort_by_key(|entry| (entry.created_at, entry.id));
        all.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
        Ok(all)
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = message)]
struct Row {
    id: Uuid,
    channel: String,
    template: String,
    subject: Uuid,
    created_at: DbTimestamp,
    state: String,
    tries: i32,
    changed_at: DbTimestamp,
}

impl Row {
    fn into_entry(self) -> Result<LedgerEntry, DieselError> {
        let unknown = |what: &str| DieselError::DeserializationError(format!("unknown {what}").into());
        Ok(LedgerEntry {
            id: self.id,
            channel: Channel::from_word(&self.channel).ok_or_else(|| unknown("channel"))?,
            template: self.template,
            subject: self.subject,
            created_at: self.created_at.to_jiff(),
            state: DeliveryState::from_word(&self.state).ok_or_else(|| unknown("state"))?,
            tries: u32::try_from(self.tries).unwrap_or(0),
            changed_at: self.changed_at.to_jiff(),
        })
    }
}
