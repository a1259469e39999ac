use async_trait::async_trait;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kernel::PortFailure;
use platform::jobs::Zones;
use platform::pg::{self, PgPool};

use super::schema::clinic;

/// The wall clocks of all clinics.
pub struct ClinicZones {
    /// Reads through it.
    pub pool: PgPool,
}

#[async_trait]
impl Zones for ClinicZones {
    async fn in_use(&self) -> Result<Vec<String>, PortFailure> {
        pg::read(&self.pool, "read the zones of clinics", async |mut conn| {
            clinic::table.select(clinic::time_zone).distinct().order(clinic::time_zone).load(&mut conn).await
        })
        .await
    }
}
