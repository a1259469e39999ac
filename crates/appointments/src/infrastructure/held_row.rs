//! Holds among the visits: their rows, and putting one there.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{NullableTimestamp, Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, Money, VisitTypeId};
use uuid::Uuid;

use super::held::{self, Gone};
use super::schema::held as held_table;
use crate::domain::{Hold, HoldKind, VisitMode};

/// Puts a hold among the visits; what it finds expired in its way goes, and is added to `gone`. `false` when anything
/// else stands there.
pub(super) async fn keep_time(
    conn: &mut AsyncPgConnection,
    hold: &Hold,
    gone: &mut Vec<Gone>,
    now: Timestamp,
) -> Result<bool, DieselError> {
    if insert(conn, hold).await? {
        return Ok(true);
    }
    let expired = held::clear_expired(conn, hold.doctor, hold.blocked, now).await?;
    if expired.is_empty() || !insert(conn, hold).await? {
        return Ok(false);
    }
    gone.extend(expired);
    Ok(true)
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

/// `false` when something stands in its way.
async fn insert(conn: &mut AsyncPgConnection, hold: &Hold) -> Result<bool, DieselError> {
    let inserted = diesel::insert_into(held_table::table)
        .values(HeldRow::new(hold))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
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
}

impl HeldRow {
    pub(super) fn new(hold: &Hold) -> Self {
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
            time_zone: self.time_zone,
            price: Money::cents(self.price_cents),
            opened_at: self.created_at.to_jiff(),
            held_until: self.held_until.to_jiff().ok_or_else(|| broken("a hold without an end"))?,
        })
    }
}
