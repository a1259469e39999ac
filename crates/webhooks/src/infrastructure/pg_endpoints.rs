use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff_diesel::ToDiesel as _;
use kernel::{ClinicId, PortFailure, Recorded};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg::{self, Abort, PgPool};

use super::pg_tries::give_up_all;
use super::rows::{EndpointRow, PREVIOUS, SECRET, URL, reason, types};
use super::schema::endpoint;
use crate::application::{AddError, Endpoints, Stored};
use crate::domain::{Endpoint, EndpointEvent, EndpointId, MOST_ENDPOINTS, Standing};

/// Endpoints in PostgreSQL, addresses and secrets sealed.
#[derive(Clone)]
pub struct PgEndpoints {
    pool: PgPool,
    journal: Journal,
    keys: Keyring,
}

impl PgEndpoints {
    /// Works through `pool`, writes to `journal`, seals with `keys`.
    #[must_use]
    pub const fn new(pool: PgPool, journal: Journal, keys: Keyring) -> Self {
        Self { pool, journal, keys }
    }
}

#[async_trait]
impl Endpoints for PgEndpoints {
    async fn add(&self, new: &Endpoint, added: &Recorded<EndpointEvent>) -> Result<(), AddError> {
        pg::transaction(&self.pool, "add a webhook", async |conn| {
            // Two at once must not both be the last that fits.
            pg::lock(conn, pg::lock_number(new.clinic.as_uuid())).await?;
            let there: i64 =
                endpoint::table.filter(endpoint::clinic_id.eq(new.clinic.as_uuid())).count().get_result(conn).await?;
            if usize::try_from(there).unwrap_or(usize::MAX) >= MOST_ENDPOINTS {
                return pg::refuse(AddError::TooMany);
            }
            let id = new.id.as_uuid();
            diesel::insert_into(endpoint::table)
                .values((
                    endpoint::id.eq(id),
                    endpoint::clinic_id.eq(new.clinic.as_uuid()),
                    endpoint::url.eq(self.keys.seal_text(URL, id, &new.url)),
                    endpoint::event_types.eq(types(&new.wanted)),
                    endpoint::secret.eq(self.keys.seal(SECRET, id, new.keys.current.octets())),
                    endpoint::disabled_reason.eq(reason(new.standing)),
                    endpoint::version.eq(new.version),
                    endpoint::created_at.eq(new.created_at.to_diesel()),
                    endpoint::updated_at.eq(new.updated_at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            self.journal.append(conn, added).await?;
            Ok::<_, Abort<AddError>>(())
        })
        .await
    }

    async fn of(&self, clinic: ClinicId) -> Result<Vec<Endpoint>, PortFailure> {
        pg::read(&self.pool, "list webhooks", async |mut conn| {
            let rows: Vec<EndpointRow> = endpoint::table
                .filter(endpoint::clinic_id.eq(clinic.as_uuid()))
                .order(endpoint::id)
                .select(EndpointRow::as_select())
                .load(&mut conn)
                .await?;
            rows.into_iter().map(|row| row.open(&self.keys)).collect()
        })
        .await
    }

    async fn find(&self, clinic: ClinicId, id: EndpointId) -> Result<Option<Endpoint>, PortFailure> {
        pg::read(&self.pool, "read a webhook", async |mut conn| {
            let row: Option<EndpointRow> = endpoint::table
                .find(id.as_uuid())
                .filter(endpoint::clinic_id.eq(clinic.as_uuid()))
                .select(EndpointRow::as_select())
                .first(&mut conn)
                .await
                .optional()?;
            row.map(|row| row.open(&self.keys)).transpose()
        })
        .await
    }

    async fn change(&self, changed: &Endpoint, event: &Recorded<EndpointEvent>) -> Result<Stored, PortFailure> {
        let id = changed.id.as_uuid();
        let previous = changed.keys.previous.as_ref();
        pg::transaction(&self.pool, "change a webhook", async |conn| {
            let stored = diesel::update(endpoint::table.find(id))
                .filter(endpoint::version.eq(changed.version - 1))
                .set((
                    endpoint::url.eq(self.keys.seal_text(URL, id, &changed.url)),
                    endpoint::event_types.eq(types(&changed.wanted)),
                    endpoint::secret.eq(self.keys.seal(SECRET, id, changed.keys.current.octets())),
                    endpoint::previous_secret
                        .eq(previous.map(|(secret, _)| self.keys.seal(PREVIOUS, id, secret.octets()))),
                    endpoint::previous_until.eq(previous.map(|(_, until)| until.to_diesel())),
                    endpoint::disabled_reason.eq(reason(changed.standing)),
                    endpoint::failing_since.eq(changed.failing_since.map(|since| since.to_diesel())),
                    endpoint::version.eq(changed.version),
                    endpoint::updated_at.eq(changed.updated_at.to_diesel()),
                ))
                .execute(conn)
                .await?;
            if stored == 0 {
                return Ok(Stored::Stale);
            }
            if changed.standing != Standing::Enabled {
                give_up_all(conn, id, changed.updated_at).await?;
            }
            self.journal.append(conn, event).await?;
            Ok::<_, Abort<PortFailure>>(Stored::Yes)
        })
        .await
    }

    async fn remove(&self, seen: &Endpoint, removed: &Recorded<EndpointEvent>) -> Result<Stored, PortFailure> {
        pg::transaction(&self.pool, "take a webhook away", async |conn| {
            let gone = diesel::delete(endpoint::table.find(seen.id.as_uuid()))
                .filter(endpoint::version.eq(seen.version))
                .execute(conn)
                .await?;
            if gone == 0 {
                return Ok(Stored::Stale);
            }
            self.journal.append(conn, removed).await?;
            Ok::<_, Abort<PortFailure>>(Stored::Yes)
        })
        .await
    }
}
