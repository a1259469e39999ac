//! What letters are made of.

use crate::domain::values::{NoticeError, Values};

/// A code, and how long it is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timed {
    /// To be typed in.
    pub code: String,
    /// Minutes from its making.
    pub minutes: u32,
}

/// What somebody new at the desk may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Duty {
    /// Treats patients.
    Doctor,
    /// Runs the front desk.
    Staff,
    /// Runs the installation.
    Admin,
}

/// A visit that somebody is reminded of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reminded {
    /// Whom they will see.
    pub doctor: String,
    /// In the clinic's local time.
    pub when: String,
    /// Where.
    pub clinic: String,
    /// The signed link of the visit.
    pub manage_url: String,
}

/// A visit of a doctor's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedVisit {
    /// From, to, on the clinic's clock.
    pub time: String,
    /// By video?
    pub video: bool,
    /// Where.
    pub clinic: String,
}

/// The values of the visits of a letter, each: doctor, when, clinic, link.
pub(super) const NUMBERED: [[&str; 4]; 6] = [
    ["doctor_1", "when_1", "clinic_1", "manage_url_1"],
    ["doctor_2", "when_2", "clinic_2", "manage_url_2"],
    ["doctor_3", "when_3", "clinic_3", "manage_url_3"],
    ["doctor_4", "when_4", "clinic_4", "manage_url_4"],
    ["doctor_5", "when_5", "clinic_5", "manage_url_5"],
    ["doctor_6", "when_6", "clinic_6", "manage_url_6"],
];

/// The visit that stands under these names.
pub(super) fn reminded(values: &Values<'_>, names: [&'static str; 4]) -> Result<Reminded, NoticeError> {
    let [doctor, when, clinic, manage_url] = names;
    Ok(Reminded {
        doctor: values.text(doctor)?,
        when: values.text(when)?,
        clinic: values.text(clinic)?,
        manage_url: values.link(manage_url)?,
    })
}
