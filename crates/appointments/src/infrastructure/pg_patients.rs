use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kernel::{PatientId, PortFailure, UserId};
use platform::pg::{self, PgPool};

use super::schema::caretaker;
use crate::application::PatientTies;

/// Patients, and who looks after them, in PostgreSQL.
#[derive(Clone)]
pub struct PgPatients {
    pool: PgPool,
}

impl PgPatients {
    /// Works through `pool`.
    #[must_use]
    pub const fn new(pool: PgPool) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl PatientTies for PgPatients {
    async fn looks_after(&self, user: UserId, patient: PatientId) -> Result<bool, PortFailure> {
        pg::read(&self.pool, "read who looks after a patient", async |mut conn| {
            diesel::select(exists(caretaker::table.find((user.as_uuid(), patient.as_uuid()))))
                .get_result(&mut conn)
                .await
        })
        .await
    }
}
