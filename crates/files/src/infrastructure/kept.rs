use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use kernel::{PatientId, PortFailure};
use platform::pg::{self, PgPool};
use uuid::Uuid;

use super::schema::file;

/// Those of these patients of whom files are kept, deleted ones as well.
///
/// # Errors
/// When the database fails.
pub async fn patients_with_files(pool: &PgPool, patients: &[PatientId]) -> Result<Vec<PatientId>, PortFailure> {
    let ids: Vec<Uuid> = patients.iter().map(|patient| patient.as_uuid()).collect();
    let found: Vec<Uuid> = pg::read(pool, "look whose files are kept", async |mut conn| {
        let theirs = file::table.filter(file::patient_id.eq_any(&ids));
        theirs.select(file::patient_id).distinct().load(&mut conn).await
    })
    .await?;
    Ok(found.into_iter().map(PatientId::from_uuid).collect())
}
