//! The rows of a doctor's week; always inside of a change's transaction, under its locks.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff_diesel::ToDiesel as _;
use uuid::Uuid;

use super::schema::{weekly_break, weekly_hours};
use crate::domain::{BreakPlan, WeeklyPlan};

pub(super) async fn replace_hours(
    conn: &mut AsyncPgConnection,
    doctor: Uuid,
    plan: &WeeklyPlan,
) -> Result<(), DieselError> {
    diesel::delete(weekly_hours::table.filter(weekly_hours::doctor_id.eq(doctor))).execute(conn).await?;
    let rows: Vec<_> = plan
        .hours()
        .iter()
        .map(|hours| {
            let only: Option<Vec<Uuid>> =
                hours.visit_types.as_ref().map(|only| only.iter().map(|id| id.as_uuid()).collect());
            (
                weekly_hours::id.eq(Uuid::now_v7()),
                weekly_hours::doctor_id.eq(doctor),
                weekly_hours::clinic_id.eq(hours.clinic.as_uuid()),
                weekly_hours::weekday.eq(i16::from(hours.weekday.to_monday_one_offset())),
                weekly_hours::from_minute.eq(hours.from.get().cast_signed()),
                weekly_hours::to_minute.eq(hours.to.get().cast_signed()),
                weekly_hours::visit_type_ids.eq(only),
                weekly_hours::valid_from.eq(hours.valid_from.to_diesel()),
                weekly_hours::valid_until.eq(hours.valid_until.to_diesel()),
            )
        })
        .collect();
    if !rows.is_empty() {
        diesel::insert_into(weekly_hours::table).values(&rows).execute(conn).await?;
    }
    Ok(())
}

pub(super) async fn replace_breaks(
    conn: &mut AsyncPgConnection,
    doctor: Uuid,
    plan: &BreakPlan,
) -> Result<(), DieselError> {
    diesel::delete(weekly_break::table.filter(weekly_break::doctor_id.eq(doctor))).execute(conn).await?;
    let rows: Vec<_> = plan
        .breaks()
        .iter()
        .map(|pause| {
            (
                weekly_break::id.eq(Uuid::now_v7()),
                weekly_break::doctor_id.eq(doctor),
                weekly_break::clinic_id.eq(pause.clinic.as_uuid()),
                weekly_break::weekday.eq(i16::from(pause.weekday.to_monday_one_offset())),
                weekly_break::from_minute.eq(pause.from.get().cast_signed()),
                weekly_break::to_minute.eq(pause.to.get().cast_signed()),
                weekly_break::valid_from.eq(pause.valid_from.to_diesel()),
                weekly_break::valid_until.eq(pause.valid_until.to_diesel()),
            )
        })
        .collect();
    if !rows.is_empty() {
        diesel::insert_into(weekly_break::table).values(&rows).execute(conn).await?;
    }
    Ok(())
}
