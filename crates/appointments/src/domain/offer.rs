use kernel::{ClinicId, DoctorId, Interval, Money, VisitTypeId};

use super::Resource;

/// How doctor and patient meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitMode {
    /// At the clinic.
    InPerson,
    /// By video.
    Video,
}

impl VisitMode {
    /// The word in API, database and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::InPerson => "in_person",
            Self::Video => "video",
        }
    }

    /// The mode of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::InPerson, Self::Video].into_iter().find(|mode| mode.word() == word)
    }
}

/// A doctor's time as it may be booked: the slot with all that a visit takes over from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// With whom.
    pub doctor: DoctorId,
    /// Where.
    pub clinic: ClinicId,
    /// What.
    pub visit_type: VisitTypeId,
    /// How.
    pub mode: VisitMode,
    /// For how much.
    pub price: Money,
    /// The visit itself.
    pub visit: Interval,
    /// The visit with the buffers before and after it.
    pub blocked: Interval,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// May somebody book it who was never seen by this doctor?
    pub open_to_new_patients: bool,
    /// Which state of the doctor's rules offers it: a later state may not.
    pub edition: i64,
    /// A visit takes the first of these rooms or devices that is free; none where it needs none.
    pub resources: Vec<Resource>,
    /// Why it is offered outside the doctor's hours, where the team takes that upon itself.
    pub outside_hours: Option<String>,
}
