use async_trait::async_trait;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, Once, PortFailure, Recorded};
use platform::crypto::Keyring;
use platform::idempotency;
use platform::jobs::enqueue;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::jobs::{deliver, deliver_now};
use super::rows::{DeliveryRow, TryRow, wanted};
use super::schema::{attempt, delivery, endpoint};
use crate::application::{Deliveries, Page, SendError};
use crate::domain::{Delivery, DeliveryId, DeliveryState, EndpointEvent, EndpointId, Happening, Try};

/// Messages on their way, in PostgreSQL.
#[derive(Clone)]
pub struct PgDeliveries {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

impl PgDeliveries {
    /// Works through `pool`, writes to `journal`, seals kept answers with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }
}

/// The JSON that is posted.
fn payload(happening: &Happening) -> Result<String, DieselError> {
    serde_json::to_string(&happening.message()).map_err(|error| DieselError::SerializationError(error.into()))
}

/// Makes a delivery and its first job; `false` when the endpoint has one of this event.
async fn insert(
    conn: &mut AsyncPgConnection,
    id: DeliveryId,
    to: Uuid,
    happening: &Happening,
    now: Timestamp,
) -> Result<bool, DieselError> {
    let inserted = diesel::insert_into(delivery::table)
        .values((
            delivery::id.eq(id.as_uuid()),
            delivery::endpoint_id.eq(to),
            delivery::event_id.eq(happening.id),
            delivery::event_type.eq(happening.kind.word()),
            delivery::payload.eq(payload(happening)?),
            delivery::state.eq(DeliveryState::Pending.word()),
            delivery::next_at.eq(Some(now.to_diesel())),
            delivery::created_at.eq(now.to_diesel()),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    if inserted == 1 {
        enqueue(conn, &deliver(id.as_uuid(), 1)?, now).await?;
    }
    Ok(inserted == 1)
}

/// Locks the endpoint against its end; is anything sent to it? `None` when it is gone.
async fn is_enabled(conn: &mut AsyncPgConnection, id: Uuid) -> Result<Option<bool>, DieselError> {
    let reason: Option<Option<String>> =
        endpoint::table.find(id).select(endpoint::disabled_reason).for_key_share().first(conn).await.optional()?;
    Ok(reason.map(|reason| reason.is_none()))
}

async fn load(conn: &mut AsyncPgConnection, id: DeliveryId) -> Result<Delivery, DieselError> {
    let row: DeliveryRow = delivery::table.find(id.as_uuid()).select(DeliveryRow::as_select()).first(conn).await?;
    Ok(row.into())
}

#[async_trait]
impl Deliveries for PgDeliveries {
    async fn listening(&self, clinics: &[ClinicId]) -> Result<Vec<ClinicId>, PortFailure> {
        let clinics: Vec<Uuid> = clinics.iter().map(|clinic| clinic.as_uuid()).collect();
        let found: Vec<Uuid> = pg::read(&self.pool, "look for webhooks", async |mut conn| {
            endpoint::table
                .filter(endpoint::clinic_id.eq_any(&clinics))
                .filter(endpoint::disabled_reason.is_null())
                .select(endpoint::clinic_id)
                .distinct()
                .load(&mut conn)
                .await
        })
        .await?;
        Ok(found.into_iter().map(ClinicId::from_uuid).collect())
    }

    async fn tell(&self, happening: &Happening, now: Timestamp) -> Result<usize, PortFailure> {
        type Candidate = (Uuid, Option<Vec<String>>);
        // Most clinics have none: that is one look into an index.
        let enabled: Vec<Candidate> = pg::read(&self.pool, "look for webhooks", async |mut conn| {
            endpoint::table
                .filter(endpoint::clinic_id.eq(happening.clinic.as_uuid()))
                .filter(endpoint::disabled_reason.is_null())
                .order(endpoint::id)
                .select((endpoint::id, endpoint::event_types))
                .load(&mut conn)
                .await
        })
        .await?;
        let wanting: Vec<Uuid> = enabled
            .into_iter()
            .filter(|(_, types)| wanted(types.as_deref()).wants(happening.kind))
            .map(|(id, _)| id)
            .collect();
        if wanting.is_empty() {
            return Ok(0);
        }
        pg::transaction(&self.pool, "tell webhooks", async |conn| {
            let mut made = 0;
            for id in &wanting {
                if is_enabled(conn, *id).await? == Some(true) {
                    made += usize::from(insert(conn, DeliveryId::mint(), *id, happening, now).await?);
                }
            }
            Ok::<_, Abort<PortFailure>>(made)
        })
        .await
    }

    async fn page(&self, page: Page) -> Result<Vec<Delivery>, PortFailure> {
        pg::read(&self.pool, "list deliveries", async |mut conn| {
            let mut query = delivery::table
                .filter(delivery::endpoint_id.eq(page.endpoint.as_uuid()))
                .order(delivery::id.desc())
                .limit(i64::from(page.limit))
                .select(DeliveryRow::as_select())
                .into_boxed();
            if let Some(state) = page.state {
                query = query.filter(delivery::state.eq(state.word()));
            }
            if let Some(before) = page.before {
                query = query.filter(delivery::id.lt(before.as_uuid()));
            }
            let rows: Vec<DeliveryRow> = query.load(&mut conn).await?;
            Ok(rows.into_iter().map(Delivery::from).collect())
        })
        .await
    }

    async fn find(&self, endpoint: EndpointId, id: DeliveryId) -> Result<Option<(Delivery, Vec<Try>)>, PortFailure> {
        pg::read(&self.pool, "read a delivery", async |mut conn| {
            let row: Option<DeliveryRow> = delivery::table
                .find(id.as_uuid())
                .filter(delivery::endpoint_id.eq(endpoint.as_uuid()))
                .select(DeliveryRow::as_select())
                .first(&mut conn)
                .await
                .optional()?;
            let Some(row) = row else { return Ok(None) };
            let tries: Vec<TryRow> = attempt::table
                .filter(attempt::delivery_id.eq(row.id))
                .order(attempt::number)
                .select(TryRow::as_select())
                .load(&mut conn)
                .await?;
            Ok(Some((row.into(), tries.into_iter().map(Try::from).collect())))
        })
        .await
    }

    async fn send(
        &self,
        new: DeliveryId,
        endpoint: EndpointId,
        happening: &Happening,
        event: &Recorded<EndpointEvent>,
        once: Option<Once<Delivery>>,
    ) -> Result<Delivery, SendError> {
        pg::transaction(&self.pool, "send a message to a webhook", async |conn| {
            if let Some(once) = &once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            match is_enabled(conn, endpoint.as_uuid()).await? {
                None => return pg::refuse(SendError::NotFound),
                Some(false) => return pg::refuse(SendError::Disabled),
                Some(true) => {}
            }
            insert(conn, new, endpoint.as_uuid(), happening, event.at).await?;
            let made = load(conn, new).await?;
            self.written(conn, &made, event, once.as_ref()).await?;
            Ok::<_, Abort<SendError>>(made)
        })
        .await
    }

    async fn replay(
        &self,
        endpoint: EndpointId,
        id: DeliveryId,
        event: &Recorded<EndpointEvent>,
        once: Option<Once<Delivery>>,
    ) -> Result<Delivery, SendError> {
        pg::transaction(&self.pool, "send a message again", async |conn| {
            if let Some(once) = &once {
                idempotency::begin(conn, &self.keys, once).await?;
            }
            let Some(enabled) = is_enabled(conn, endpoint.as_uuid()).await? else {
                return pg::refuse(SendError::NotFound);
            };
            let tried: Option<i32> = delivery::table
                .find(id.as_uuid())
                .filter(delivery::endpoint_id.eq(endpoint.as_uuid()))
                .select(delivery::attempts)
                .for_update()
                .first(conn)
                .await
                .optional()?;
            let Some(tried) = tried else { return pg::refuse(SendError::NotFound) };
            if !enabled {
                return pg::refuse(SendError::Disabled);
            }
            diesel::update(delivery::table.find(id.as_uuid()))
                .set((
                    delivery::state.eq(DeliveryState::Pending.word()),
                    delivery::replayed_after.eq(tried),
                    delivery::next_at.eq(Some(event.at.to_diesel())),
                    delivery::parked.eq(false),
                    delivery::done_at.eq(None::<DbTimestamp>),
                ))
                .execute(conn)
                .await?;
            enqueue(conn, &deliver_now(id.as_uuid(), tried + 1)?, event.at).await?;
            let again = load(conn, id).await?;
            self.written(conn, &again, event, once.as_ref()).await?;
            Ok::<_, Abort<SendError>>(again)
        })
        .await
    }
}

impl PgDeliveries {
    /// What every message that somebody sends by hand leaves behind.
    async fn written(
        &self,
        conn: &mut AsyncPgConnection,
        sent: &Delivery,
        event: &Recorded<EndpointEvent>,
        once: Option<&Once<Delivery>>,
    ) -> Result<(), DieselError> {
        self.journal.append(conn, event).await?;
        if let Some(once) = once {
            idempotency::keep(conn, &self.keys, once, &(once.answer)(sent), event.at).await?;
        }
        Ok(())
    }
}
