//! What letters are made of.

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
