//! Running doctors, clinics and hours.

mod add_holiday;
mod add_resource;
mod add_time_off;
mod add_visit_type;
mod apply_change;
mod change_clinic;
mod change_doctor;
mod change_ports;
mod change_resource;
mod change_visit_type;
mod create_clinic;
mod create_doctor;
mod deactivate_doctor;
mod import_holidays;
mod list_resources;
mod policy;
mod ports;
mod preview_change;
mod read_calendar;
mod remove_holiday;
mod remove_override;
mod remove_time_off;
mod replace_breaks;
mod replace_weekly_hours;
mod retire_visit_type;
mod set_override;
#[cfg(test)]
pub(super) mod test_data;
mod undo_change;
mod wanted;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Caller, ClinicId, Clock, DoctorId, Once, OnceError, PortFailure, Recorded};

use super::ports::Agendas;
use crate::domain::{Fault, PracticeEvent, VisitTrouble};

pub use add_holiday::AddHoliday;
pub use add_resource::AddResource;
pub use add_time_off::AddTimeOff;
pub use add_visit_type::AddVisitType;
pub use apply_change::{ApplyChange, Changing, Decision};
pub use change_clinic::ChangeClinic;
pub use change_doctor::ChangeDoctor;
pub use change_ports::{
    ApplyError, CalendarChanges, ChangeOrder, Impact, PatientNames, UndoOrder, VisitAtStake, VisitOrder,
};
pub use change_resource::ChangeResource;
pub use change_visit_type::ChangeVisitType;
pub use create_clinic::CreateClinic;
pub use create_doctor::CreateDoctor;
pub use deactivate_doctor::DeactivateDoctor;
pub use import_holidays::{
    HolidayList, HolidayLists, ImportHolidays, Importing, ListedDay, Skipped, Sorted, UnreadableList,
};
pub use list_resources::ListResources;
#[cfg(test)]
pub(super) use ports::MockPractice;
pub use ports::{
    Affected, ChangeError, ClinicRecord, DoctorRecord, OnConflict, Practice, PracticeChange, ResourceRecord, Step,
    Subject, VisitTypeRecord,
};
pub use preview_change::{ChangeParts, PROPOSALS, PlannedVisit, Preview, PreviewChange};
pub use read_calendar::ReadCalendar;
pub use remove_holiday::RemoveHoliday;
pub use remove_override::RemoveOverride;
pub use remove_time_off::RemoveTimeOff;
pub use replace_breaks::ReplaceBreaks;
pub use replace_weekly_hours::ReplaceWeeklyHours;
pub use retire_visit_type::RetireVisitType;
pub use set_override::{OverrideDraft, SetOverride};
pub use undo_change::UndoChange;
pub use wanted::{MOST_HOLIDAYS, Wanted, WantedHoliday};

/// How often somebody who insists on no version looks again after a rival was faster.
const TRIES: usize = 3;

/// What comes with every request for a change.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The request, for the audit trail.
    pub request_id: Option<String>,
    /// Only if it still has one of these versions (`If-Match`); `None` is any.
    pub only_versions: Option<Vec<i32>>,
    /// What to do about booked visits.
    pub on_conflict: OnConflict,
    /// To be done once.
    pub once: Option<Once<Step>>,
}

impl Asked {
    /// Is this a version the caller insists on?
    fn admits(&self, version: i32) -> Result<(), PracticeError> {
        match &self.only_versions {
            Some(versions) if !versions.contains(&version) => Err(PracticeError::VersionChanged),
            Some(_) | None => Ok(()),
        }
    }
}

/// Why nothing was changed. One list for all changes of a practice: they are refused in the same ways.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// There is none, or the caller does not reach it.
    #[error("there is none")]
    NotFound,
    /// The caller may do this, but not to these fields.
    #[error("some fields are not the caller's to change")]
    NotYours(Vec<&'static str>),
    /// Values are missing or wrong.
    #[error("{} values are wrong", .0.len())]
    Invalid(Vec<Fault>),
    /// It has changed since the caller read it.
    #[error("it has changed")]
    VersionChanged,
    /// Visits are booked in the hours that would go.
    #[error("visits are booked there")]
    Affected(Affected),
    /// The default visit type cannot go while others can be booked.
    #[error("it is the default visit type")]
    DefaultVisitType,
    /// The clinic has a holiday on that date.
    #[error("there is a holiday on that date")]
    HolidayExists,
    /// It is so already.
    #[error("it is so already")]
    Unchanged,
    /// Rules or visits are not those of the preview any more.
    #[error("rules or visits have changed since the preview")]
    PlanChanged,
    /// Some visits cannot become what they are to.
    #[error("{} visits cannot be changed so", .0.len())]
    Visits(Vec<VisitTrouble>),
    /// More visits are in the way than one change may move.
    #[error("{visits} visits are in the way")]
    TooManyVisits {
        /// How many.
        visits: usize,
    },
    /// Somebody has changed the rules since; taking an earlier change back would undo that as well.
    #[error("the rules have changed since")]
    ChangedSince,
    /// It can be taken back no more.
    #[error("it is too late")]
    TooLate,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<Vec<Fault>> for PracticeError {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Invalid(faults)
    }
}

impl From<ChangeError> for PracticeError {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Nothing => Self::NotFound,
            ChangeError::Stale => Self::VersionChanged,
            ChangeError::HolidayExists => Self::HolidayExists,
            ChangeError::HoursOfOthers { list } => Self::Invalid(vec![Fault::new(
                list,
                "other-clinic",
                "has to leave the hours at clinics that are not yours as they are",
            )]),
            ChangeError::Affected(affected) => Self::Affected(affected),
            ChangeError::Once(error) => Self::Once(error),
            ChangeError::Failed(failure) => Self::Failed(failure),
        }
    }
}

impl From<ApplyError> for PracticeError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Change(error) => error.into(),
            ApplyError::Visits(troubles) => Self::Visits(troubles),
            ApplyError::ChangedSince => Self::ChangedSince,
        }
    }
}

/// What every use case here needs. Cheap to clone.
#[derive(Clone)]
pub struct PracticeParts {
    /// Where doctors, clinics and hours are kept.
    pub practice: Arc<dyn Practice>,
    /// The rules of doctors' time.
    pub agendas: Arc<dyn Agendas>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl PracticeParts {
    /// The doctor whose calendar the caller runs.
    async fn calendar_of(&self, caller: &Caller, id: DoctorId) -> Result<DoctorRecord, PracticeError> {
        let found = self.practice.doctor(id).await?;
        found.filter(|doctor| policy::calendar(caller, doctor).is_some()).ok_or(PracticeError::NotFound)
    }

    /// The clinic that the caller runs.
    async fn clinic_of(&self, caller: &Caller, id: ClinicId) -> Result<ClinicRecord, PracticeError> {
        if !policy::clinic(caller, id) {
            return Err(PracticeError::NotFound);
        }
        self.practice.clinic(id).await?.ok_or(PracticeError::NotFound)
    }

    /// The date on the wall of a clinic.
    async fn today_at(&self, clinic: ClinicId, now: Timestamp) -> Result<Date, PracticeError> {
        let zone = self.practice.clinic(clinic).await?.map(|clinic| clinic.card.time_zone);
        Ok(today_in(zone.as_deref().unwrap_or("UTC"), now))
    }

    /// Stores a change of a doctor.
    async fn change_doctor(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        step: Step,
        event: PracticeEvent,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<i32, ChangeError> {
        self.change(caller, Subject::Doctor(doctor), step, event.of(doctor), asked, now).await
    }

    async fn change(
        &self,
        caller: &Caller,
        subject: Subject,
        step: Step,
        event: PracticeEvent,
        asked: &Asked,
        now: Timestamp,
    ) -> Result<i32, ChangeError> {
        let event = Recorded::new(event, caller.actor(), now).caused_by(asked.request_id.clone());
        let (only_versions, once) = (asked.only_versions.clone(), asked.once.clone());
        let change = PracticeChange { subject, step, only_versions, on_conflict: asked.on_conflict, event, once };
        self.practice.change(&change).await
    }
}

/// Does the caller run this doctor's calendar?
pub(super) fn runs_calendar(caller: &Caller, doctor: &DoctorRecord) -> bool {
    policy::calendar(caller, doctor).is_some()
}

fn today_in(zone: &str, now: Timestamp) -> Date {
    now.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).date()
}

/// Somebody was faster: is it worth another look?
fn again(asked: &Asked, stored: Result<i32, ChangeError>) -> Result<Option<i32>, PracticeError> {
    match stored {
        Ok(version) => Ok(Some(version)),
        Err(ChangeError::Stale) if asked.only_versions.is_none() => Ok(None),
        Err(error) => Err(error.into()),
    }
}
