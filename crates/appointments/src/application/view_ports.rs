use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Actor, AppointmentId, ClinicId, DoctorId, PatientId, PortFailure};

use super::ports::AppointmentDetails;
use crate::domain::{SeriesId, Status, archived_before};

/// Among which visits somebody may look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Within {
    /// Those of these patients.
    Patients(Vec<PatientId>),
    /// Those of one calendar.
    Calendar(DoctorId),
    /// Those at these clinics.
    Clinics(Vec<ClinicId>),
    /// All.
    All,
}

/// Which of them are wanted; what is left out does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VisitFilter {
    /// With this doctor.
    pub doctor: Option<DoctorId>,
    /// Of this patient.
    pub patient: Option<PatientId>,
    /// Booked in this series.
    pub series: Option<SeriesId>,
    /// In this state.
    pub status: Option<Status>,
    /// Beginning at this instant or later.
    pub from: Option<Timestamp>,
    /// Beginning before this instant.
    pub to: Option<Timestamp>,
    /// On this date of the clinic's wall clock or later.
    pub from_date: Option<Date>,
    /// On this date of the clinic's wall clock or earlier.
    pub to_date: Option<Date>,
    /// On the date that this instant has on the clinic's wall clock.
    pub on_date_of: Option<Timestamp>,
}

impl VisitFilter {
    /// Without visits that are archived ([`archived_before`]), unless certain dates or a series are asked for.
    #[must_use]
    pub fn without_archived(mut self, now: Timestamp) -> Self {
        let dates = self.from.or(self.to).is_some() || self.from_date.or(self.to_date).is_some();
        if !dates && self.series.is_none() {
            self.from = Some(archived_before(now));
        }
        self
    }
}

/// Where a page ended: start and id of its last visit.
pub type VisitPosition = (Timestamp, AppointmentId);

/// A page of visits, by start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisitPage {
    /// The visits.
    pub visits: Vec<AppointmentDetails>,
    /// Where the next page begins, when there is one.
    pub next: Option<VisitPosition>,
}

/// Something that happened to a visit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happening {
    /// When.
    pub at: Timestamp,
    /// What, as the audit trail names it, e.g. `appointment.booked`.
    pub action: String,
    /// On whose side: kind of the actor.
    pub by: String,
    /// Whose account; only those who run the calendar are told.
    pub account: Option<uuid::Uuid>,
    /// How the visit stood before; empty at its first known event.
    pub from: VisitState,
    /// How it stood then.
    pub to: VisitState,
}

/// Status and time of a visit, as far as its events tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct VisitState {
    /// Where in its life.
    pub status: Option<Status>,
    /// When it is to begin.
    pub starts_at: Option<Timestamp>,
}

/// Visits as they are listed.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait VisitViews: Send + Sync {
    /// The page after `after`.
    async fn list(
        &self,
        within: &Within,
        filter: &VisitFilter,
        after: Option<VisitPosition>,
        limit: u32,
    ) -> Result<VisitPage, PortFailure>;

    /// What happened to one visit, the oldest first; the first 200.
    async fn history(&self, id: AppointmentId) -> Result<Vec<Happening>, PortFailure>;
}

/// That somebody has read of a patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Of whom.
    pub patient: PatientId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The profile, where it was a doctor.
    pub doctor: Option<DoctorId>,
    /// At which clinic the visit is that was shown.
    pub clinic: Option<ClinicId>,
    /// What was shown, e.g. `appointment`.
    pub what: &'static str,
    /// By breaking the glass?
    pub emergency: bool,
}

/// An entry of the access log as the patient sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessEntry {
    /// Its id.
    pub id: uuid::Uuid,
    /// Of whom was read.
    pub patient: PatientId,
    /// When.
    pub at: Timestamp,
    /// In which role: `doctor`, `staff` or `admin`.
    pub role: String,
    /// The profile, where it was a doctor.
    pub doctor: Option<DoctorId>,
    /// The clinic, where it is known.
    pub clinic: Option<ClinicId>,
    /// What was shown.
    pub what: String,
    /// By breaking the glass?
    pub emergency: bool,
}

/// Where a page of the access log ended.
pub type AccessPosition = (Timestamp, uuid::Uuid);

/// Keeps who has read of which patient. Append-only.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait AccessLog: Send + Sync {
    /// Writes all of them, or fails.
    async fn record(&self, accesses: &[Access]) -> Result<(), PortFailure>;

    /// What was read of these patients, the newest first, before `before`.
    async fn of(
        &self,
        patients: &[PatientId],
        before: Option<AccessPosition>,
        limit: u32,
    ) -> Result<Vec<AccessEntry>, PortFailure>;
}

/// That something was prescribed at a visit, and how good that still is. Nothing of what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prescribed {
    /// The prescription.
    pub id: uuid::Uuid,
    /// Its newest version's number.
    pub version: i32,
    /// How good it is: `valid`, `expired` or `withdrawn`.
    pub state: &'static str,
    /// When that version was issued, on the clinic's calendar.
    pub issued_on: Date,
    /// Its last valid day.
    pub valid_until: Date,
}

/// What was prescribed at visits. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Prescriptions: Send + Sync {
    /// Of these visits, those at which this doctor has prescribed something; all are asked for at once.
    async fn of_visits(
        &self,
        doctor: DoctorId,
        visits: &[AppointmentId],
        now: Timestamp,
    ) -> Result<HashMap<AppointmentId, Prescribed>, PortFailure>;
}

/// Names of doctors and clinics by id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Called {
    /// Of doctors.
    pub doctors: HashMap<DoctorId, String>,
    /// Of clinics.
    pub clinics: HashMap<ClinicId, String>,
}
