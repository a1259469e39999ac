//! Changes of hours with their visits, as the table holds them.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::schema::calendar_change;
use crate::domain::{CalendarChange, ChangeId, Undone};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_change)]
pub(super) struct ChangeRow {
    id: Uuid,
    doctor_id: Option<Uuid>,
    clinic_id: Uuid,
    made_at: DbTimestamp,
    made_by: String,
    reversal: String,
    visits: String,
    undone_at: Option<DbTimestamp>,
    undo_left: Option<String>,
}

impl ChangeRow {
    pub(super) fn of(change: &CalendarChange) -> Result<Self, DieselError> {
        let undone = change.undone.as_ref();
        Ok(Self {
            id: change.id.as_uuid(),
            doctor_id: change.doctor.map(DoctorId::as_uuid),
            clinic_id: change.clinic.as_uuid(),
            made_at: change.made_at.to_diesel(),
            made_by: change.made_by.clone(),
            reversal: written(&change.reversal)?,
            visits: written(&change.visits)?,
            undone_at: undone.map(|undone| undone.at.to_diesel()),
            undo_left: undone.map(|undone| written(&undone.left)).transpose()?,
        })
    }

    pub(super) fn into_change(self) -> Result<CalendarChange, DieselError> {
        let undone = self.undone_at.zip(self.undo_left);
        Ok(CalendarChange {
            id: ChangeId::from_uuid(self.id),
            doctor: self.doctor_id.map(DoctorId::from_uuid),
            clinic: ClinicId::from_uuid(self.clinic_id),
            made_at: self.made_at.to_jiff(),
            made_by: self.made_by,
            reversal: read(&self.reversal)?,
            visits: read(&self.visits)?,
            undone: undone
                .map(|(at, left)| Ok::<_, DieselError>(Undone { at: at.to_jiff(), left: read(&left)? }))
                .transpose()?,
        })
    }
}

pub(super) fn written(value: &impl Serialize) -> Result<String, DieselError> {
    serde_json::to_string(value).map_err(|error| DieselError::SerializationError(error.into()))
}

fn read<T: DeserializeOwned>(json: &str) -> Result<T, DieselError> {
    serde_json::from_str(json).map_err(|error| DieselError::DeserializationError(error.into()))
}
