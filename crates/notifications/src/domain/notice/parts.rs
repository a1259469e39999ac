//! What letters are made of.

use super::super::values::{NoticeError, Values};
use super::Reminded;

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

/// What a reminder tells, by the names of its values.
pub(super) fn reminded(values: &Values<'_>, names: [&'static str; 4]) -> Result<Reminded, NoticeError> {
    let [doctor, when, clinic, manage_url] = names;
    Ok(Reminded {
        doctor: values.text(doctor)?,
        when: values.text(when)?,
        clinic: values.text(clinic)?,
        manage_url: values.link(manage_url)?,
    })
}
