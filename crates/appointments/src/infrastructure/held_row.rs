//! Holds among the visits: their rows, and putting one there.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, Money, VisitTypeId};
use uuid::Uuid;

use super::held::{self, Gone};
use super::rooms;
use super::schema::held as held_table;
use crate::domain::{Hold, HoldKind, Room, VisitMode};

/// Puts a hold among the visits; what it finds expired in its way goes, and is added to `gone`. Gives the room or device
/// it has got; `None` when anything else stands there.
pub(super) async fn keep_time(
    conn: &mut AsyncPgConnection,
    hold: &Hold,
    gone: &mut Vec<Gone>,
    now: Timestamp,
) -> Result<Option<Room>, DieselError> {
    if let Some(room) = insert(conn, hold, now).await? {
        return Ok(Some(room));
    }
    let expired = held::clear_expired(conn, hold.doctor, &hold.room, hold.blocked, now).await?;
    if expired.is_empty() {
        return Ok(None);
    }
    gone.extend(expired);
    insert(conn, hold, now).await
}

/// The hold of that id, which is known to be of that kind, while it is there.
pub(super) async fn kept(
    mut conn: &AsyncPgConnection,
    id: AppointmentId,
    kind: HoldKind,
) -> Result<Option<Hold>, DieselError> {
    let row: Option<HeldRow> = held_table::table
        .find(id.as_uuid())
        .filter(held_table::status.eq("held"))
        .select(HeldRow::as_select())
        .first(&mut conn)
        .await
        .optional()?;
    row.map(|row| row.into_hold(kind)).transpose()
}

/// `None` when something stands in its way.
async fn insert(conn: &mut AsyncPgConnection, hold: &Hold, now: Timestamp) -> Result<Option<Room>, DieselError> {
    for room in rooms::to_try(conn, &hold.room, hold.blocked, None, now).await? {
        let row = HeldRow::new(hold, &room);
        let inserted = diesel::insert_into(held_table::table).values(row).on_conflict_do_nothing();
        if inserted.execute(conn).await? == 1 {
            return Ok(Some(room));
        }
    }
    Ok(None)
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = held_table, treat_none_as_default_value = false)]
pub(super) struct HeldRow {
    id: Uuid,
    clinic_id: Uuid,
    doctor_id: Uuid,
    visit_type_id: Uuid,
    mode: String,
    starts_at: DbTimestamp,
    ends_at: DbTimestamp,
    blocked_from: DbTimestamp,
    blocked_until: DbTimestamp,
    time_zone: String,
    price_cents: i64,
    status: String,
    created_at: DbTimestamp,
    updated_at: DbTimestamp,
    held_until: NullableTimestamp,
    resource_id: Option<Uuid>,
    resource_name: Option<String>,
}

impl HeldRow {
    pub(super) fn new(hold: &Hold, room: &Room) -> Self {
        let (resource_id, resource_name) = rooms::columns(room);
        Self {
            id: hold.id.as_uuid(),
            clinic_id: hold.clinic.as_uuid(),
            doctor_id: hold.doctor.as_uuid(),
            visit_type_id: hold.visit_type.as_uuid(),
            mode: hold.mode.word().to_owned(),
            starts_at: hold.visit.start.to_diesel(),
            ends_at: hold.visit.end.to_diesel(),
            blocked_from: hold.blocked.start.to_diesel(),
            blocked_until: hold.blocked.end.to_diesel(),
            time_zone: hold.time_zone.clone(),
            price_cents: hold.price.as_cents(),
            status: "held".to_owned(),
            created_at: hold.opened_at.to_diesel(),
            updated_at: hold.opened_at.to_diesel(),
            held_until: Some(hold.held_until).to_diesel(),
            resource_id,
            resource_name,
        }
    }

    pub(super) fn into_hold(self, kind: HoldKind) -> Result<Hold, DieselError> {
        let broken = |what: &'static str| DieselError::DeserializationError(what.into());
        Ok(Hold {
            id: AppointmentId::from_uuid(self.id),
            kind,
            clinic: ClinicId::from_uuid(self.clinic_id),
            doctor: DoctorId::from_uuid(self.doctor_id),
            visit_type: VisitTypeId::from_uuid(self.visit_type_id),
            mode: VisitMode::from_word(&self.mode).ok_or_else(|| broken("unknown visit mode"))?,
            visit: Interval { start: self.starts_at.to_jiff(), end: self.ends_at.to_jiff() },
            blocked: Interval { start: self.blocked_from.to_jiff(), end: self.blocked_until.to_jiff() },
            room: rooms::read(self.resource_id, self.resource_name),
            time_zone: self.time_zone,
            price: Money::cents(self.price_cents),
            opened_at: self.created_at.to_jiff(),
            held_until: self.held_until.to_jiff().ok_or_else(|| broken("a hold without an end"))?,
        })
    }
}
