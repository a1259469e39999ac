use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, Interval, PortFailure};

use crate::domain::Standing;

/// A visit as calendars need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Which one.
    pub id: AppointmentId,
    /// With whom.
    pub doctor: DoctorId,
    /// Where.
    pub clinic: ClinicId,
    /// When.
    pub span: Interval,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// Does it take place?
    pub standing: Standing,
    /// Grows by one with every change, from 1.
    pub version: i32,
    /// When it was booked.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// A clinic as a calendar names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The clinic's name.
    pub name: String,
    /// Street and town, as one would write it on a letter.
    pub address: String,
}

/// Names of doctors and clinics by id, as far as there are such.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Named {
    /// Of doctors.
    pub doctors: HashMap<DoctorId, String>,
    /// Of clinics.
    pub clinics: HashMap<ClinicId, Place>,
}

/// What doctors and clinics are called, and where clinics are. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Places: Send + Sync {
    /// The names of these doctors and clinics, also of those that are no longer listed.
    async fn named(&self, doctors: &[DoctorId], clinics: &[ClinicId]) -> Result<Named, PortFailure>;
}
