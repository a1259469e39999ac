use jiff::civil::Date;
use kernel::{ClinicId, DoctorId};

use super::figures::{Figures, rate};

/// Of whom figures are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Whose {
    /// Of all of the clinic's visits.
    Clinic,
    /// Of one doctor's visits at the clinic.
    Doctor(DoctorId),
}

impl Whose {
    /// The doctor, where they are one doctor's.
    #[must_use]
    pub const fn doctor(self) -> Option<DoctorId> {
        match self {
            Self::Clinic => None,
            Self::Doctor(doctor) => Some(doctor),
        }
    }
}

/// The figures of one date at one clinic, of the whole of it or of one doctor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DailyRow {
    /// Date of the clinic's calendar.
    pub date: Date,
    /// Where.
    pub clinic: ClinicId,
    /// What it was called when they were counted.
    pub clinic_name: String,
    /// Of whom.
    pub whose: Whose,
    /// What the doctor was called then; empty for the clinic.
    pub doctor_name: String,
    /// What was counted.
    pub figures: Figures,
    /// Minutes that were offered for visits, taken or free.
    pub offered_minutes: u32,
    /// Days from the date's end to the third free time ("third next available"); of a clinic the smallest of its
    /// doctors. None where it was not looked at in time, or there is none.
    pub third_free_days: Option<u32>,
}

impl DailyRow {
    /// Minutes that were booked, of those that were offered; more than 1 where visits lie outside the hours.
    #[must_use]
    pub fn fill_rate(&self) -> Option<f64> {
        rate(self.figures.booked_minutes, self.offered_minutes)
    }
}
