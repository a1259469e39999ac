use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, ToDiesel as _};
use kernel::PortFailure;
use platform::crypto::Keyring;
use platform::pg::{self, Abort, PgPool};
use uuid::Uuid;

use super::schema::attempt;
use crate::application::{Counted, Limit, Tries, TryError};

mod functions {
    use diesel::sql_types::{Array, Binary, Integer, Text, Timestamptz, Uuid};

    diesel::define_sql_function! {
        /// Locks, looks and notes in one round trip; see the migration.
        #[sql_name = "auth.count_try"]
        fn count_try(
            kinds: Array<Text>, keys: Array<Binary>, ids: Array<Uuid>, most: Array<Integer>, seconds: Array<Integer>,
            moment: Timestamptz
        ) -> Nullable<Timestamptz>;
    }
}

/// Tries in PostgreSQL, where all instances see them. Who tried stands there as a keyed hash.
#[derive(Clone)]
pub struct PgTries {
    pool: PgPool,
    keys: Keyring,
    counting: bool,
}

impl PgTries {
    /// Works through `pool`; with `counting` off every try is let through and none is noted, for measurements alone.
    #[must_use]
    pub fn new(pool: PgPool, keys: Keyring, counting: bool) -> Self {
        Self { pool, keys, counting }
    }

    fn key(&self, limit: &Limit) -> Vec<u8> {
        self.keys.blind("auth.attempt", &format!("{}\0{}", limit.kind, limit.subject)).to_vec()
    }
}

#[async_trait]
impl Tries for PgTries {
    async fn count(&self, limits: &[Limit], at: Timestamp) -> Result<Counted, TryError> {
        if !self.counting {
            return Ok(Counted::default());
        }
        let ids: Vec<Uuid> = limits.iter().map(|_| Uuid::now_v7()).collect();
        let number = |number: i64| i32::try_from(number).unwrap_or(i32::MAX);
        let free_at: NullableTimestamp = pg::transaction(&self.pool, "count a try", async |conn| {
            let found = diesel::select(functions::count_try(
                limits.iter().map(|limit| limit.kind).collect::<Vec<_>>(),
                limits.iter().map(|limit| self.key(limit)).collect::<Vec<_>>(),
                ids.clone(),
                limits.iter().map(|limit| number(i64::from(limit.most))).collect::<Vec<_>>(),
                limits.iter().map(|limit| number(limit.window.as_secs())).collect::<Vec<_>>(),
                at.to_diesel(),
            ));
            Ok::<_, Abort<PortFailure>>(found.get_result::<Option<jiff_diesel::Timestamp>>(conn).await?)
        })
        .await
        .map(|found: Option<jiff_diesel::Timestamp>| found.map(jiff_diesel::Timestamp::to_jiff).to_diesel())?;
        match free_at.to_jiff() {
            None => Ok(Counted(ids)),
            Some(free_at) => {
                let seconds = free_at.duration_since(at).as_secs().max(1);
                Err(TryError::TooMany { retry_after: u32::try_from(seconds).unwrap_or(u32::MAX) })
            }
        }
    }

    async fn take_back(&self, counted: &Counted) -> Result<(), PortFailure> {
        if counted.0.is_empty() {
            return Ok(());
        }
        pg::transaction(&self.pool, "take back a try", async |conn| {
            diesel::delete(attempt::table.filter(attempt::id.eq_any(&counted.0))).execute(conn).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }

    async fn forget(&self, limit: &Limit) -> Result<(), PortFailure> {
        if !self.counting {
            return Ok(());
        }
        let tried = attempt::kind.eq(limit.kind).and(attempt::key.eq(self.key(limit)));
        pg::transaction(&self.pool, "forget tries", async |conn| {
            diesel::delete(attempt::table.filter(tried.clone())).execute(conn).await?;
            Ok::<_, Abort<PortFailure>>(())
        })
        .await
    }
}
