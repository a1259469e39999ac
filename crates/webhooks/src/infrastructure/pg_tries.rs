use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::{SignedDuration, Timestamp};
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{Actor, ClinicId, PortFailure, Recorded};
use platform::crypto::Keyring;
use platform::jobs::enqueue;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::jobs::{deliver, look_again};
use super::rows::{DeliveryRow, EndpointRow};
use super::schema::{attempt, delivery, endpoint};
use crate::application::{Begun, Due, Ended, Tries};
use crate::domain::{
    DeliveryId, DeliveryState, Disabled, EndpointEvent, EndpointFact, EndpointId, EventType, Trouble, Verdict, disables,
};

/// Tries on their way to one endpoint, while they get through and while they do not.
const ROOM: i64 = 4;
const ROOM_OF_FAILING: i64 = 1;
/// A try that began longer ago has lost its worker: none takes longer.
const UNDER_WAY: SignedDuration = SignedDuration::from_secs(45);
/// Deliveries that are due for so long have lost their job.
const LOST: SignedDuration = SignedDuration::from_mins(5);
const KEEP: SignedDuration = SignedDuration::from_hours(30 * 24);
const BATCH: i64 = 1_000;

/// Account of tries in PostgreSQL.
#[derive(Clone)]
pub struct PgTries {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
    #[diesel(sql_type = diesel::sql_types::Integer)]
    attempts: i32,
}

/// Those that are due for long, and of those that wait to be let in the first of each endpoint.
const WITHOUT_JOB: &str = "
    SELECT d.id, d.attempts FROM webhooks.delivery d
      JOIN webhooks.endpoint e ON e.id = d.endpoint_id AND e.disabled_reason IS NULL
     WHERE d.state = 'pending' AND d.next_at <= $1 AND (d.begun_at IS NULL OR d.begun_at <= $2)
       AND (NOT d.parked OR d.id = (SELECT p.id FROM webhooks.delivery p
                                     WHERE p.parked AND p.endpoint_id = d.endpoint_id ORDER BY p.next_at, p.id LIMIT 1))
     ORDER BY d.next_at LIMIT $3";

const LET_IN: &str = "
    WITH first AS MATERIALIZED (
        SELECT id FROM webhooks.delivery WHERE parked AND endpoint_id = $1 ORDER BY next_at, id LIMIT $2 FOR UPDATE)
    UPDATE webhooks.delivery d SET parked = false FROM first WHERE d.id = first.id RETURNING d.id, d.attempts";

const FORGET: &str = "
    DELETE FROM webhooks.delivery WHERE id IN (
        SELECT id FROM webhooks.delivery WHERE created_at < $1 AND state <> 'pending' LIMIT $2)";

impl PgTries {
    /// Works through `pool`, writes to `journal`, opens with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }

    /// Gives those deliveries a job that have lost theirs; gives how many. Safe to do at any time: a try is done once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mend(&self, now: Timestamp) -> Result<usize, PortFailure> {
        pg::transaction(&self.pool, "look for lost deliveries", async |conn| {
            let lost: Vec<Waiting> = diesel::sql_query(WITHOUT_JOB)
                .bind::<Timestamptz, _>(before(now, LOST).to_diesel())
                .bind::<Timestamptz, _>(before(now, UNDER_WAY).to_diesel())
                .bind::<BigInt, _>(BATCH)
                .load(conn)
                .await?;
            let mut mended = 0;
            for one in lost {
                let job = deliver(one.id, one.attempts + 1)?;
                mended += usize::from(enqueue(conn, &job, now).await?.is_some());
            }
            Ok::<_, Abort<PortFailure>>(mended)
        })
        .await
    }

    /// Forgets deliveries of more than 30 days ago, and old secrets that sign no more; gives how many rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge(&self, now: Timestamp) -> Result<usize, PortFailure> {
        let failed = |error| pg::failure("forget old deliveries", error);
        let mut conn = pg::conn(&self.pool).await?;
        let mut gone = diesel::update(endpoint::table.filter(endpoint::previous_until.le(now.to_diesel())))
            .set((endpoint::previous_secret.eq(None::<Vec<u8>>), endpoint::previous_until.eq(None::<DbTimestamp>)))
            .execute(&mut conn)
            .await
            .map_err(failed)?;
        loop {
            let deleted = diesel::sql_query(FORGET)
                .bind::<Timestamptz, _>(before(now, KEEP).to_diesel())
                .bind::<BigInt, _>(BATCH)
                .execute(&mut conn)
                .await
                .map_err(failed)?;
            gone += deleted;
            if i64::try_from(deleted).unwrap_or(0) < BATCH {
                return Ok(gone);
            }
        }
    }
}

fn before(now: Timestamp, span: SignedDuration) -> Timestamp {
    now.checked_sub(span).unwrap_or(Timestamp::MIN)
}

/// The endpoint of a delivery, with the lock that lets one try at a time begin or end there; the delivery under its own.
async fn locked(conn: &mut AsyncPgConnection, id: Uuid) -> Result<Option<(EndpointRow, DeliveryRow)>, DieselError> {
    let to: Option<Uuid> = delivery::table.find(id).select(delivery::endpoint_id).first(conn).await.optional()?;
    let Some(to) = to else { return Ok(None) };
    let found: Option<EndpointRow> =
        endpoint::table.find(to).select(EndpointRow::as_select()).for_no_key_update().first(conn).await.optional()?;
    let row: Option<DeliveryRow> =
        delivery::table.find(id).select(DeliveryRow::as_select()).for_no_key_update().first(conn).await.optional()?;
    Ok(found.zip(row))
}

/// How many other tries are on their way to an endpoint.
async fn under_way(conn: &mut AsyncPgConnection, to: Uuid, but: Uuid, now: Timestamp) -> Result<i64, DieselError> {
    delivery::table
        .filter(delivery::endpoint_id.eq(to))
        .filter(delivery::begun_at.gt(before(now, UNDER_WAY).to_diesel()))
        .filter(delivery::id.ne(but))
        .count()
        .get_result(conn)
        .await
}

/// Gives up all that is on its way to an endpoint.
pub(super) async fn give_up_all(conn: &mut AsyncPgConnection, to: Uuid, now: Timestamp) -> Result<(), DieselError> {
    let pending = delivery::endpoint_id.eq(to).and(delivery::state.eq(DeliveryState::Pending.word()));
    diesel::update(delivery::table.filter(pending))
        .set((
            delivery::state.eq(DeliveryState::Failed.word()),
            delivery::next_at.eq(None::<DbTimestamp>),
            delivery::parked.eq(false),
            delivery::last_error.eq(Some(Trouble::Disabled.word())),
            delivery::done_at.eq(Some(now.to_diesel())),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

#[async_trait]
impl Tries for PgTries {
    async fn begin(&self, id: DeliveryId, attempt: u32, now: Timestamp) -> Result<Begun, PortFailure> {
        let id = id.as_uuid();
        pg::transaction(&self.pool, "begin a delivery", async |conn| {
            let Some((to, row)) = locked(conn, id).await? else { return Ok(Begun::Over) };
            if row.state != DeliveryState::Pending.word() || row.attempts + 1 != number(attempt) {
                return Ok(Begun::Over);
            }
            if to.disabled_reason.is_some() {
                give_up_all(conn, to.id, now).await?;
                return Ok(Begun::Over);
            }
            // Somebody is at it, or was: a worker that was stopped has given its job back. Looked at again later.
            if let Some(begun) = row.begun_at.map(DbTimestamp::to_jiff).filter(|begun| *begun > before(now, UNDER_WAY))
            {
                let then = begun.checked_add(UNDER_WAY).unwrap_or(Timestamp::MAX);
                enqueue(conn, &look_again(id, row.attempts + 1)?.not_before(then), now).await?;
                return Ok(Begun::Over);
            }
            let room = if to.failing_since.is_some() { ROOM_OF_FAILING } else { ROOM };
            // Who tries an endpoint by hand looks at the screen.
            let by_hand = row.event_type == EventType::Test.word();
            if !by_hand && under_way(conn, to.id, id, now).await? >= room {
                diesel::update(delivery::table.find(id)).set(delivery::parked.eq(true)).execute(conn).await?;
                return Ok(Begun::Parked);
            }
            diesel::update(delivery::table.find(id))
                .set((delivery::begun_at.eq(Some(now.to_diesel())), delivery::parked.eq(false)))
                .execute(conn)
                .await?;
            let count = (row.attempts - row.replayed_after).max(0).unsigned_abs() + 1;
            let to = to.open(&self.keys)?;
            Ok::<_, Abort<PortFailure>>(Begun::Due(Due {
                url: to.url,
                keys: to.keys,
                event_id: row.event_id,
                payload: row.payload,
                count,
            }))
        })
        .await
    }

    async fn ended(&self, ended: &Ended) -> Result<(), PortFailure> {
        let id = ended.id.as_uuid();
        pg::transaction(&self.pool, "take down a delivery", async |conn| {
            let Some((to, row)) = locked(conn, id).await? else { return Ok(()) };
            if row.attempts + 1 != number(ended.attempt) {
                return Ok(());
            }
            take_down(conn, &row, ended).await?;
            if row.state == DeliveryState::Pending.word()
                && let Verdict::Again { at, .. } = ended.verdict
            {
                enqueue(conn, &deliver(id, number(ended.attempt) + 1)?.not_before(at), ended.at).await?;
            }
            let disabled = judge(conn, &to, ended).await?;
            if disabled.is_none() {
                let failing = ended.verdict != Verdict::Delivered;
                let room = if failing { ROOM_OF_FAILING } else { ROOM };
                let free = room - under_way(conn, to.id, id, ended.at).await?;
                let let_in: Vec<Waiting> = diesel::sql_query(LET_IN)
                    .bind::<SqlUuid, _>(to.id)
                    .bind::<BigInt, _>(free.max(0))
                    .load(conn)
                    .await?;
                for one in let_in {
                    enqueue(conn, &deliver(one.id, one.attempts + 1)?, ended.at).await?;
                }
            }
            if let Some(reason) = disabled {
                let event = EndpointEvent {
                    webhook_id: EndpointId::from_uuid(to.id),
                    clinic_id: ClinicId::from_uuid(to.clinic_id),
                    fact: EndpointFact::disabled(reason),
                };
                tracing::warn!(webhook = %to.id, reason = reason.word(), "a webhook was disabled");
                self.journal.append(conn, &Recorded::new(event, Actor::System, ended.at)).await?;
            }
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}

/// Writes down how a try ended, and what became of its delivery.
async fn take_down(conn: &mut AsyncPgConnection, row: &DeliveryRow, ended: &Ended) -> Result<(), DieselError> {
    let status = ended.tried.status().and_then(|status| i16::try_from(status).ok());
    let trouble = ended.verdict.trouble().map(Trouble::word);
    let took = number(ended.tried.took_ms);
    diesel::insert_into(attempt::table)
        .values((
            attempt::delivery_id.eq(row.id),
            attempt::number.eq(number(ended.attempt)),
            attempt::begun_at.eq(ended.begun_at.to_diesel()),
            attempt::duration_ms.eq(took),
            attempt::response_status.eq(status),
            attempt::error.eq(trouble),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let told = (
        delivery::attempts.eq(number(ended.attempt)),
        delivery::begun_at.eq(None::<DbTimestamp>),
        delivery::response_status.eq(status),
        delivery::duration_ms.eq(Some(took)),
    );
    let update = diesel::update(delivery::table.find(row.id));
    let over = |state: DeliveryState| {
        (
            delivery::state.eq(state.word()),
            delivery::next_at.eq(None::<DbTimestamp>),
            delivery::parked.eq(false),
            delivery::last_error.eq(trouble),
            delivery::done_at.eq(Some(ended.at.to_diesel())),
        )
    };
    let pending = row.state == DeliveryState::Pending.word();
    match ended.verdict {
        // It was heard, whatever was decided meanwhile.
        Verdict::Delivered => update.set((told, over(DeliveryState::Delivered))).execute(conn).await?,
        Verdict::GivenUp(_) if pending => update.set((told, over(DeliveryState::Failed))).execute(conn).await?,
        Verdict::Again { at, .. } if pending => {
            let again = (delivery::next_at.eq(Some(at.to_diesel())), delivery::last_error.eq(trouble));
            update.set((told, again)).execute(conn).await?
        }
        Verdict::GivenUp(_) | Verdict::Again { .. } => update.set(told).execute(conn).await?,
    };
    Ok(())
}

/// What a try says of its endpoint: it gets through, it fails since then, or it is disabled.
async fn judge(conn: &mut AsyncPgConnection, to: &EndpointRow, ended: &Ended) -> Result<Option<Disabled>, DieselError> {
    let here = diesel::update(endpoint::table.find(to.id));
    if ended.verdict == Verdict::Delivered {
        if to.failing_since.is_some() {
            here.set(endpoint::failing_since.eq(None::<DbTimestamp>)).execute(conn).await?;
        }
        return Ok(None);
    }
    let since = to.failing_since.map_or(ended.begun_at, DbTimestamp::to_jiff);
    let disabled = disables(ended.verdict, since, ended.at).filter(|_| to.disabled_reason.is_none());
    match disabled {
        Some(reason) => {
            here.set((
                endpoint::failing_since.eq(Some(since.to_diesel())),
                endpoint::disabled_reason.eq(Some(reason.word())),
                endpoint::version.eq(to.version + 1),
                endpoint::updated_at.eq(ended.at.to_diesel()),
            ))
            .execute(conn)
            .await?;
            give_up_all(conn, to.id, ended.at).await?;
        }
        None if to.failing_since.is_none() => {
            here.set(endpoint::failing_since.eq(Some(since.to_diesel()))).execute(conn).await?;
        }
        None => {}
    }
    Ok(disabled)
}
