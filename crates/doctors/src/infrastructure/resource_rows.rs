//! Rooms and devices as their table holds them.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::Timestamp as DbTimestamp;
use kernel::{ClinicId, ResourceId};
use uuid::Uuid;

use super::schema::resource;
use crate::application::ResourceRecord;
use crate::domain::ResourceCard;

/// All of a clinic, by kind and name.
pub(super) async fn of_clinic(
    mut conn: &AsyncPgConnection,
    clinic: ClinicId,
) -> Result<Vec<ResourceRecord>, DieselError> {
    let rows: Vec<(Uuid, String, String, bool, i32)> = resource::table
        .filter(resource::clinic_id.eq(clinic.as_uuid()))
        .order((resource::kind, resource::name, resource::id))
        .select((resource::id, resource::kind, resource::name, resource::active, resource::version))
        .load(&mut conn)
        .await?;
    let record = |(id, kind, name, active, version)| ResourceRecord {
        id: ResourceId::from_uuid(id),
        card: ResourceCard { clinic, kind, name, active },
        version,
    };
    Ok(rows.into_iter().map(record).collect())
}

/// Adds one.
pub(super) async fn add(
    conn: &mut AsyncPgConnection,
    record: &ResourceRecord,
    at: DbTimestamp,
) -> Result<(), DieselError> {
    let card = &record.card;
    diesel::insert_into(resource::table)
        .values((
            resource::id.eq(record.id.as_uuid()),
            resource::clinic_id.eq(card.clinic.as_uuid()),
            resource::kind.eq(&card.kind),
            resource::name.eq(&card.name),
            resource::active.eq(card.active),
            resource::version.eq(record.version),
            resource::created_at.eq(at),
            resource::updated_at.eq(at),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes one over the version before it; gives how many rows that were.
pub(super) async fn change(
    conn: &mut AsyncPgConnection,
    record: &ResourceRecord,
    at: DbTimestamp,
) -> Result<usize, DieselError> {
    let present =
        resource::table.filter(resource::id.eq(record.id.as_uuid()).and(resource::version.eq(record.version - 1)));
    diesel::update(present)
        .set((
            resource::name.eq(&record.card.name),
            resource::active.eq(record.card.active),
            resource::version.eq(record.version),
            resource::updated_at.eq(at),
        ))
        .execute(conn)
        .await
}
