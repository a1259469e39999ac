//! The audit trail and the outbox, written inside the transaction of the change they tell of.
//!
//! Each clinic has one chain of events, the installation has another (the nil UUID). A link's hash is an
//! HMAC over the hash before it and the event's own content, under a key only the application knows: an
//! edited, deleted, swapped or invented row breaks the chain, even when the database's owner did it.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::ToDiesel as _;
use kernel::{Actor, DomainEvent, EventId, Recorded};
use secrecy::SecretString;
use uuid::Uuid;

use crate::schema::{audit_event, audit_head};
use crate::signing;

mod verify;

pub use verify::{AuditBreak, AuditReport, verify};

mod functions {
    #![expect(clippy::too_many_arguments, reason = "the columns of one row, for the database")]

    use diesel::sql_types::{BigInt, Binary, Nullable, Text, Timestamptz, Uuid};

    diesel::define_sql_function! {
        /// Link, head and message in one round trip; see the migration.
        #[sql_name = "journal.append"]
        fn append(
            stream: Uuid, seq: BigInt, hash: Binary, id: Uuid, at: Timestamptz, actor_kind: Text, actor_id: Nullable<Uuid>,
            action: Text, subject: Uuid, request_id: Nullable<Text>, data: Text
        ) -> BigInt;
    }
}

/// The chain of the installation itself.
pub const SYSTEM_STREAM: Uuid = Uuid::nil();
const STREAM_OPENED: &str = "audit.stream_opened";

/// Writes events; knows the key of the chain.
#[derive(Clone)]
pub struct Journal {
    key: [u8; 32],
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Journal")
    }
}

struct Link<'a> {
    stream: Uuid,
    seq: i64,
    id: Uuid,
    at: Timestamp,
    actor_kind: &'a str,
    actor_id: Option<Uuid>,
    action: &'a str,
    subject: Uuid,
    request_id: Option<&'a str>,
    data: &'a str,
}

impl Link<'_> {
    fn hash(&self, key: &[u8; 32], before: &[u8]) -> [u8; 32] {
        let optional = |present: Option<&[u8]>| present.map_or_else(|| vec![0], |bytes| [&[1], bytes].concat());
        signing::mac(
            key,
            &[
                before,
                self.stream.as_bytes(),
                &self.seq.to_be_bytes(),
                self.id.as_bytes(),
                &self.at.as_microsecond().to_be_bytes(),
                self.actor_kind.as_bytes(),
                &optional(self.actor_id.as_ref().map(|id| id.as_bytes().as_slice())),
                self.action.as_bytes(),
                self.subject.as_bytes(),
                &optional(self.request_id.map(str::as_bytes)),
                self.data.as_bytes(),
            ],
        )
    }
}

/// An event of the trail about one record. Who did it is for those who run things; others hear the role alone.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Told {
    at: jiff_diesel::Timestamp,
    /// What, e.g. `appointment.booked`.
    pub action: String,
    /// Kind of the actor, e.g. `staff`.
    pub actor_kind: String,
    /// Account or record of the actor, where there is one.
    pub actor_id: Option<Uuid>,
    /// What the event says of itself: JSON.
    pub data: String,
}

impl Told {
    /// When.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at.to_jiff()
    }
}

/// The first `limit` events about a record, the oldest first.
///
/// # Errors
/// Of the database.
pub async fn about(mut conn: &AsyncPgConnection, subject: Uuid, limit: i64) -> Result<Vec<Told>, DieselError> {
    audit_event::table
        .filter(audit_event::subject.eq(subject))
        .order((audit_event::at, audit_event::seq))
        .limit(limit)
        .select((
            audit_event::at,
            audit_event::action,
            audit_event::actor_kind,
            audit_event::actor_id,
            audit_event::data,
        ))
        .load(&mut conn)
        .await
}

/// Who did something to a record last: the role alone.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct LastActor {
    /// The record.
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub subject: Uuid,
    /// What, e.g. `appointment.booked`.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub action: String,
    /// Kind of the actor, e.g. `staff`.
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub actor_kind: String,
}

/// Who did each of these things last to each of these records, where anybody did; in any order.
///
/// # Errors
/// Of the database.
pub async fn last_actors(
    mut conn: &AsyncPgConnection,
    subjects: &[Uuid],
    actions: &[&str],
) -> Result<Vec<LastActor>, DieselError> {
    use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
    diesel::sql_query(
        "SELECT DISTINCT ON (subject, action) subject, action, actor_kind FROM journal.audit_event
          WHERE subject = ANY($1) AND action = ANY($2) ORDER BY subject, action, at DESC, seq DESC",
    )
    .bind::<Array<SqlUuid>, _>(subjects)
    .bind::<Array<Text>, _>(actions)
    .load(&mut conn)
    .await
}

impl Journal {
    /// The journal of an installation with this secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        Self { key: signing::derive(secret, "audit-chain") }
    }

    /// Appends the event to its clinic's chain and puts the message about it into the outbox.
    ///
    /// Call it late in the transaction: it takes the chain's lock, which is held until the commit.
    ///
    /// # Errors
    /// Of the database; the transaction has to be rolled back then.
    pub async fn append<E: DomainEvent>(
        &self,
        conn: &mut AsyncPgConnection,
        recorded: &Recorded<E>,
    ) -> Result<(), DieselError> {
        let data =
            serde_json::to_string(&recorded.event).map_err(|error| DieselError::SerializationError(error.into()))?;
        let stream = recorded.event.clinic().unwrap_or(SYSTEM_STREAM);
        let (seq, before) = match self.lock_head(conn, stream).await? {
            Some(head) => head,
            None => self.open(conn, stream, recorded.at).await?,
        };
        let link = Link {
            stream,
            seq: seq + 1,
            id: recorded.id.as_uuid(),
            at: recorded.at,
            actor_kind: recorded.actor.kind(),
            actor_id: recorded.actor.id(),
            action: recorded.event.name(),
            subject: recorded.event.subject(),
            request_id: recorded.request_id.as_deref(),
            data: &data,
        };
        self.write(conn, &link, &before).await
    }

    async fn lock_head(
        &self,
        conn: &mut AsyncPgConnection,
        stream: Uuid,
    ) -> Result<Option<(i64, Vec<u8>)>, DieselError> {
        audit_head::table
            .find(stream)
            .select((audit_head::seq, audit_head::hash))
            .for_update()
            .first(conn)
            .await
            .optional()
    }

    /// Starts a chain, and says so in the installation's own, so that a whole chain cannot vanish unseen.
    async fn open(
        &self,
        conn: &mut AsyncPgConnection,
        stream: Uuid,
        at: Timestamp,
    ) -> Result<(i64, Vec<u8>), DieselError> {
        let opened = diesel::insert_into(audit_head::table)
            .values((audit_head::stream.eq(stream), audit_head::seq.eq(0), audit_head::hash.eq(vec![0_u8; 32])))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if opened == 1 && stream != SYSTEM_STREAM {
            let (seq, before) = match self.lock_head(conn, SYSTEM_STREAM).await? {
                Some(head) => head,
                None => Box::pin(self.open(conn, SYSTEM_STREAM, at)).await?,
            };
            let link = Link {
                stream: SYSTEM_STREAM,
                seq: seq + 1,
                id: EventId::mint().as_uuid(),
                at,
                actor_kind: Actor::System.kind(),
                actor_id: None,
                action: STREAM_OPENED,
                subject: stream,
                request_id: None,
                data: "{}",
            };
            self.write(conn, &link, &before).await?;
        }
        self.lock_head(conn, stream).await?.ok_or(DieselError::NotFound)
    }

    async fn write(&self, conn: &mut AsyncPgConnection, link: &Link<'_>, before: &[u8]) -> Result<(), DieselError> {
        let hash = link.hash(&self.key, before);
        diesel::select(functions::append(
            link.stream,
            link.seq,
            hash.as_slice(),
            link.id,
            link.at.to_diesel(),
            link.actor_kind,
            link.actor_id,
            link.action,
            link.subject,
            link.request_id,
            link.data,
        ))
        .get_result::<i64>(conn)
        .await?;
        Ok(())
    }
}
