/// Why the rules do not let a visit start at an instant.
///
/// The order is that of the questions asked; of several clinics' refusals the one that got furthest is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Refusal {
    /// The doctor takes no bookings at all.
    #[error("the doctor takes no bookings")]
    Inactive,
    /// It would have begun already.
    #[error("this time has passed")]
    InThePast,
    /// Inside the minimum notice.
    #[error("a visit is booked at least {minimum_notice_minutes} minutes ahead")]
    TooSoon {
        /// The doctor's minimum notice.
        minimum_notice_minutes: u32,
    },
    /// Past the horizon.
    #[error("a visit is booked at most {horizon_days} days ahead")]
    TooFarAhead {
        /// The doctor's horizon.
        horizon_days: u32,
    },
    /// Not wholly inside the weekly hours.
    #[error("this is outside the opening hours")]
    OutsideHours,
    /// An override closes the date.
    #[error("the doctor is away on this date")]
    Closed,
    /// Not wholly inside the hours that an override gives the date.
    #[error("this is outside the hours of this date")]
    OutsideDayHours,
    /// The hours are kept for other visit types.
    #[error("this time is kept for other kinds of visits")]
    NotThisVisitType,
    /// Inside the weekly hours, but for a break.
    #[error("there is a break at this time")]
    Break,
    /// A holiday of the clinic.
    #[error("the clinic is closed on this date")]
    Holiday,
    /// Inside the hours, but not where a visit may start.
    #[error("no visit starts at this time")]
    OffTheGrid,
    /// The visit would touch time off.
    #[error("the doctor is away at this time")]
    TimeOff,
    /// The visit needs a room or device of a kind that the clinic has not.
    #[error("the clinic has no room or device for this visit")]
    NoResource,
}

impl Refusal {
    /// What to call the refusal in an answer, e.g. `too-soon`; `outside-availability` goes with a [`Refusal::rule`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Inactive => "inactive-doctor",
            Self::InThePast => "in-the-past",
            Self::TooSoon { .. } => "too-soon",
            Self::TooFarAhead { .. } => "too-far-ahead",
            Self::OutsideHours
            | Self::Closed
            | Self::OutsideDayHours
            | Self::NotThisVisitType
            | Self::Break
            | Self::Holiday
            | Self::OffTheGrid
            | Self::TimeOff
            | Self::NoResource => "outside-availability",
        }
    }

    /// The rule that refuses.
    #[must_use]
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Inactive => "active",
            Self::InThePast => "present",
            Self::TooSoon { .. } => "minimum-notice",
            Self::TooFarAhead { .. } => "horizon",
            Self::OutsideHours => "weekly-hours",
            Self::Closed | Self::OutsideDayHours => "override",
            Self::NotThisVisitType => "visit-type",
            Self::Break => "break",
            Self::Holiday => "clinic-holiday",
            Self::OffTheGrid => "grid",
            Self::TimeOff => "time-off",
            Self::NoResource => "resource",
        }
    }
}
