use async_trait::async_trait;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use kernel::{AppointmentId, ClinicId, DoctorId, Once, OnceError, PortFailure, Recorded, VisitTypeId};

use super::hold_ports::Claim;
use super::view_ports::Called;
use crate::domain::{Appointment, AppointmentEvent, Offer, Patient, Resource, Room};

/// An appointment with the person it is for: what an answer shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppointmentDetails {
    /// The visit.
    pub appointment: Appointment,
    /// For whom.
    pub patient: Patient,
}

/// When somebody wants to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedStart {
    /// An instant.
    Instant(Timestamp),
    /// A reading of the clinic's wall clock, which may not exist or be ambiguous.
    Local(DateTime),
}

/// What is asked of a doctor's agenda.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Whose time.
    pub doctor: DoctorId,
    /// What for; the doctor's default, or the one of that duration, when left out.
    pub visit_type: Option<VisitTypeId>,
    /// When.
    pub start: RequestedStart,
    /// How long; the visit type's own when left out.
    pub duration_minutes: Option<u16>,
}

/// Why the agenda has no such offer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoOffer {
    /// No doctor has this id, or the doctor sees nobody any more.
    #[error("unknown doctor")]
    UnknownDoctor,
    /// The doctor does not offer this visit type.
    #[error("unknown visit type")]
    UnknownVisitType,
    /// The doctor offers no visit of this length.
    #[error("no visit of this duration")]
    UnknownDuration,
    /// The time has passed.
    #[error("in the past")]
    InThePast,
    /// Inside the minimum notice.
    #[error("too soon")]
    TooSoon {
        /// The doctor's minimum notice.
        minimum_notice_minutes: u32,
    },
    /// Past the horizon.
    #[error("too far ahead")]
    TooFarAhead {
        /// How many days ahead one may book.
        horizon_days: u32,
    },
    /// A rule refuses the time.
    #[error("outside availability: {rule}")]
    Outside {
        /// Which rule, e.g. `weekly-hours`, `grid`, `time-off`.
        rule: &'static str,
    },
    /// The clocks of the clinic never show this time.
    #[error("nonexistent local time")]
    NonexistentLocalTime,
    /// The clocks of the clinic show this time twice.
    #[error("ambiguous local time")]
    AmbiguousLocalTime,
}

/// A time that is free.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreeSlot {
    /// From.
    pub starts_at: Timestamp,
    /// To.
    pub ends_at: Timestamp,
    /// What for.
    pub visit_type: VisitTypeId,
    /// Where.
    pub clinic: ClinicId,
    /// IANA zone of the clinic.
    pub time_zone: String,
}

/// A doctor's rules of time.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DoctorAgenda: Send + Sync {
    /// What the doctor offers at that time, whether or not somebody has booked it already.
    async fn offer(&self, ask: &Ask, now: Timestamp) -> Result<Result<Offer, NoOffer>, PortFailure>;

    /// The first `count` free slots from `after` on; empty when doctor or visit type is unknown.
    async fn next_free(
        &self,
        doctor: DoctorId,
        visit_type: VisitTypeId,
        after: Timestamp,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<FreeSlot>, PortFailure>;

    /// The rooms or devices of the clinic of which such a visit takes one, in the order in which they are tried; none
    /// where it needs none.
    async fn resources(
        &self,
        doctor: DoctorId,
        visit_type: VisitTypeId,
        clinic: ClinicId,
    ) -> Result<Vec<Resource>, PortFailure>;
}

/// What a doctor and a clinic are called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// As patients read it, e.g. `Amara Okafor`.
    pub doctor: String,
    /// The clinic's name.
    pub clinic: String,
    /// Where the clinic is: street and town.
    pub address: String,
}

/// What doctors and clinics are called, and where doctors work. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Practices: Send + Sync {
    /// The names of both, also of those that are no longer listed; nothing when one of them never was.
    async fn names(&self, doctor: DoctorId, clinic: ClinicId) -> Result<Option<Names>, PortFailure>;

    /// What these doctors and clinics are called, as far as there are such.
    async fn called(&self, doctors: &[DoctorId], clinics: &[ClinicId]) -> Result<Called, PortFailure>;

    /// The clinics at which the doctor has hours or is listed; none when there is no such doctor.
    async fn clinics_of(&self, doctor: DoctorId) -> Result<Vec<ClinicId>, PortFailure>;

    /// The clinics at which any of the doctors has hours or is listed, each once.
    async fn clinics_of_any(&self, doctors: &[DoctorId]) -> Result<Vec<ClinicId>, PortFailure>;

    /// How long before a visit of this doctor a patient must say why it is called off, and cannot move it any more;
    /// zero where that is never so.
    async fn change_cutoff(&self, doctor: DoctorId) -> Result<SignedDuration, PortFailure>;
}

/// A letter that tells a patient of a booking, or of a change, posted with it.
#[derive(Clone, PartialEq, Eq)]
pub struct Confirmation {
    /// Where it goes.
    pub email: String,
    /// BCP 47 tag of the language it is written in.
    pub language: String,
    /// Whom and where it names.
    pub names: Names,
    /// The visit for the reader's calendar (iCalendar).
    pub calendar: String,
}

impl AppointmentDetails {
    /// The same with the room or device it has got.
    #[must_use]
    pub fn with_room(mut self, room: Room) -> Self {
        self.appointment.room = room;
        self
    }
}

impl std::fmt::Debug for Confirmation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Confirmation").field("names", &self.names).finish_non_exhaustive()
    }
}

/// A guest we have met before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownGuest {
    /// As taken down then.
    pub patient: Patient,
    /// Has this doctor seen the person, or will?
    pub known_to_doctor: bool,
}

/// A booking to store.
#[derive(Debug, Clone)]
pub struct NewAppointment {
    /// The visit and its patient.
    pub details: AppointmentDetails,
    /// Is the patient to be taken down as well?
    pub patient_is_new: PatientIs,
    /// What happened.
    pub booked: Recorded<AppointmentEvent>,
    /// That the patient is there already, where it is booked for who stands at the desk.
    pub arrived: Option<Recorded<AppointmentEvent>>,
    /// The state of the doctor's rules that offered the time ([`Offer::edition`]): in another one it is not stored.
    /// `None` where the rules do not matter.
    pub edition: Option<i64>,
    /// The hold it takes up. One of the same account, or of this patient, that is in the way is given up unasked.
    pub hold: Option<Claim>,
    /// What the patient is told by mail.
    pub letter: Option<Confirmation>,
    /// The client's wish to have it done once.
    pub once: Option<Once<AppointmentDetails>>,
}

/// Is a patient known already?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PatientIs {
    /// In the store already.
    Known,
    /// To be stored with the visit.
    New,
}

/// A change of an appointment to store.
#[derive(Debug, Clone)]
pub struct Change {
    /// The visit before.
    pub before: Appointment,
    /// The visit after, and its patient.
    pub after: AppointmentDetails,
    /// What happened.
    pub event: Recorded<AppointmentEvent>,
    /// The state of the doctor's rules that offered the new time; `None` where none is taken, or the rules do not
    /// matter.
    pub edition: Option<i64>,
    /// What the patient is told by mail, where it was moved or cancelled.
    pub letter: Option<Confirmation>,
    /// The client's wish to have it done once.
    pub once: Option<Once<AppointmentDetails>>,
}

/// Why a booking was not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// Somebody else has the doctor's time, or all rooms and devices that would do.
    #[error("the slot is taken")]
    SlotTaken,
    /// The patient is elsewhere at that time.
    #[error("the patient is busy")]
    PatientBusy,
    /// The doctor's rules have changed since they offered the time; ask them again.
    #[error("the doctor's rules have changed")]
    RulesChanged,
    /// The same guest was taken down by another request meanwhile; look again.
    #[error("the guest was taken down meanwhile")]
    GuestAppeared,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Why a change was not stored.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The doctor's rules have changed since they offered the time; ask them again.
    #[error("the doctor's rules have changed")]
    RulesChanged,
    /// Somebody else changed the visit meanwhile; load it again.
    #[error("the appointment has changed meanwhile")]
    Stale,
    /// Somebody else has the doctor's time, or all rooms and devices that would do.
    #[error("the slot is taken")]
    SlotTaken,
    /// The patient is elsewhere at that time.
    #[error("the patient is busy")]
    PatientBusy,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Keeps appointments. Every writing method is one transaction: row, audit event, message, kept answer.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait AppointmentStore: Send + Sync {
    /// The visit with its patient.
    async fn find(&self, id: AppointmentId) -> Result<Option<AppointmentDetails>, PortFailure>;

    /// The guest of that name and address, and whether `doctor` knows them.
    async fn guest(&self, who: &Patient, doctor: DoctorId) -> Result<Option<KnownGuest>, PortFailure>;

    /// Stores a booking, or changes nothing; gives the room or device it has got.
    async fn insert(&self, new: &NewAppointment) -> Result<Room, InsertError>;

    /// Stores a change of the version that `before` names, or changes nothing; gives the room or
    /// device that the visit has then.
    async fn update(&self, change: &Change) -> Result<Room, UpdateError>;

    /// Keeps the answer to a wish that changes nothing, so that it is the answer to every repetition as well.
    async fn keep_answer(
        &self,
        unchanged: &AppointmentDetails,
        once: &Once<AppointmentDetails>,
        at: Timestamp,
    ) -> Result<Result<(), OnceError>, PortFailure>;
}
