//! Series as they are stored.

use diesel::prelude::*;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId, PatientId, VisitTypeId};
use uuid::Uuid;

use super::schema::series;
use crate::domain::{Series, SeriesId, SeriesPlace};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = series)]
pub(super) struct SeriesRow {
    id: Uuid,
    clinic_id: Uuid,
    doctor_id: Uuid,
    patient_id: Uuid,
    visit_type_id: Uuid,
    rrule: String,
    first_at: DbTimestamp,
    time_zone: String,
    created_at: DbTimestamp,
}

impl SeriesRow {
    pub(super) fn new(series: &Series) -> Self {
        Self {
            id: series.id.as_uuid(),
            clinic_id: series.clinic.as_uuid(),
            doctor_id: series.doctor.as_uuid(),
            patient_id: series.patient.as_uuid(),
            visit_type_id: series.visit_type.as_uuid(),
            rrule: series.rule.clone(),
            first_at: series.first.to_diesel(),
            time_zone: series.time_zone.clone(),
            created_at: series.created_at.to_diesel(),
        }
    }

    pub(super) fn into_series(self) -> Series {
        Series {
            id: SeriesId::from_uuid(self.id),
            clinic: ClinicId::from_uuid(self.clinic_id),
            doctor: DoctorId::from_uuid(self.doctor_id),
            patient: PatientId::from_uuid(self.patient_id),
            visit_type: VisitTypeId::from_uuid(self.visit_type_id),
            rule: self.rrule,
            first: self.first_at.to_jiff(),
            time_zone: self.time_zone,
            created_at: self.created_at.to_jiff(),
        }
    }
}

/// A visit's place, where it has one.
pub(super) fn place_in_series(series: Option<Uuid>, position: Option<i16>) -> Option<SeriesPlace> {
    let (series, position) = (SeriesId::from_uuid(series?), u16::try_from(position?).ok()?);
    Some(SeriesPlace { series, position })
}
