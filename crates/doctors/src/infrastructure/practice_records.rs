//! Doctors and visit types as their tables hold them.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use jiff_diesel::Timestamp as DbTimestamp;
use kernel::{ClinicId, DoctorId, Money, VisitTypeId};
use uuid::Uuid;

use super::schema::{doctor, visit_type};
use crate::application::{DoctorRecord, VisitTypeRecord};
use crate::domain::{Profile, VisitMode, VisitType};

#[derive(Queryable, Selectable)]
#[diesel(table_name = doctor)]
pub(super) struct DoctorRow {
    id: Uuid,
    pub(super) clinic_id: Uuid,
    specialty: String,
    first_name: String,
    last_name: String,
    address: String,
    consultation_price: i32,
    profile_image_url: Option<String>,
    rating: i16,
    years_experience: i16,
    bio: String,
    languages: Vec<String>,
    minimum_notice_minutes: i32,
    horizon_days: i32,
    change_cutoff_hours: i32,
    active: bool,
    version: i32,
    calendar_version: i32,
    created_at: DbTimestamp,
}

impl DoctorRow {
    pub(super) fn into_record(self, workplaces: Vec<Uuid>) -> DoctorRecord {
        DoctorRecord {
            id: DoctorId::from_uuid(self.id),
            profile: Profile {
                clinic: ClinicId::from_uuid(self.clinic_id),
                specialty: self.specialty,
                first_name: self.first_name,
                last_name: self.last_name,
                address: self.address,
                consultation_price: self.consultation_price,
                profile_image_url: self.profile_image_url,
                years_experience: self.years_experience,
                bio: self.bio,
                languages: self.languages,
                minimum_notice_minutes: self.minimum_notice_minutes,
                horizon_days: self.horizon_days,
                change_cutoff_hours: self.change_cutoff_hours,
                active: self.active,
            },
            workplaces: workplaces.into_iter().map(ClinicId::from_uuid).collect(),
            rating: self.rating,
            version: self.version,
            calendar_version: self.calendar_version,
            created_at: self.created_at.to_jiff(),
        }
    }
}

#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = visit_type, treat_none_as_null = true)]
pub(super) struct VisitTypeRow {
    id: Uuid,
    doctor_id: Uuid,
    clinic_id: Uuid,
    name: String,
    mode: String,
    duration_minutes: i16,
    grid_minutes: i16,
    buffer_before: i16,
    buffer_after: i16,
    price_cents: i64,
    open_to_new_patients: bool,
    is_default: bool,
    active: bool,
    version: i32,
    resource_kind: Option<String>,
}

impl VisitTypeRow {
    pub(super) fn of(record: &VisitTypeRecord) -> Self {
        let visit_type = &record.visit_type;
        Self {
            id: visit_type.id.as_uuid(),
            doctor_id: record.doctor.as_uuid(),
            clinic_id: visit_type.clinic.as_uuid(),
            name: visit_type.name.clone(),
            mode: match visit_type.mode {
                VisitMode::InPerson => "in_person".to_owned(),
                VisitMode::Video => "video".to_owned(),
            },
            duration_minutes: visit_type.duration_minutes.cast_signed(),
            grid_minutes: visit_type.grid_minutes.cast_signed(),
            buffer_before: visit_type.buffer_before.cast_signed(),
            buffer_after: visit_type.buffer_after.cast_signed(),
            price_cents: visit_type.price.as_cents(),
            open_to_new_patients: visit_type.open_to_new_patients,
            is_default: visit_type.is_default,
            active: record.active,
            version: record.version,
            resource_kind: visit_type.resource_kind.clone(),
        }
    }

    pub(super) fn into_record(self) -> Result<VisitTypeRecord, DieselError> {
        let visit_type = VisitType {
            id: VisitTypeId::from_uuid(self.id),
            clinic: ClinicId::from_uuid(self.clinic_id),
            name: self.name,
            mode: if self.mode == "video" { VisitMode::Video } else { VisitMode::InPerson },
            duration_minutes: self.duration_minutes.unsigned_abs(),
            grid_minutes: self.grid_minutes.unsigned_abs(),
            buffer_before: self.buffer_before.unsigned_abs(),
            buffer_after: self.buffer_after.unsigned_abs(),
            price: Money::cents(self.price_cents),
            open_to_new_patients: self.open_to_new_patients,
            is_default: self.is_default,
            resource_kind: self.resource_kind,
        };
        let visit_type = visit_type.validated().map_err(|error| DieselError::DeserializationError(error.into()))?;
        Ok(VisitTypeRecord {
            doctor: DoctorId::from_uuid(self.doctor_id),
            visit_type,
            active: self.active,
            version: self.version,
        })
    }
}
