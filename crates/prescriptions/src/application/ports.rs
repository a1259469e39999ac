use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{AppointmentId, Caller, ClinicId, DoctorId, Once, OnceError, PatientId, PortFailure, Recorded, UserId};

use crate::domain::{CheckCode, Prescription, PrescriptionEvent, PrescriptionId, Search, Signature, State, Treated};

/// Has a visit come so far that something may be prescribed?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    /// The patient is there, or it took place.
    Yes,
    /// Not yet, or it never took place.
    No,
}

/// A visit that something is prescribed for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// Its id.
    pub id: AppointmentId,
    /// With whom.
    pub doctor: DoctorId,
    /// For whom.
    pub patient: PatientId,
    /// Where.
    pub clinic: ClinicId,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// Has it come so far?
    pub held: Held,
    /// What the patient is called.
    pub treated: Treated,
}

/// Visits. Another slice has them.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Visits: Send + Sync {
    /// One of them.
    async fn visit(&self, id: AppointmentId) -> Result<Option<Visit>, PortFailure>;
}

/// By what right somebody who did not write a prescription reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ground {
    /// It is the caller's own reach.
    Reach,
    /// Emergency access.
    Emergency,
}

/// How people stand to patients, and who has read of them. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Readers: Send + Sync {
    /// By what right the caller reads what was prescribed for that patient, other than having written it: it is
    /// oneself or somebody one looks after, a care link, emergency access. Front desks and administrators have none.
    async fn ground(&self, caller: &Caller, patient: PatientId, now: Timestamp) -> Result<Option<Ground>, PortFailure>;

    /// Writes down that the caller is told of these patients' prescriptions; where that fails, nothing may be told.
    /// Who reads of oneself is not written down.
    async fn told(
        &self,
        caller: &Caller,
        ground: Ground,
        of: Vec<(PatientId, ClinicId)>,
        what: &'static str,
    ) -> Result<(), PortFailure>;

    /// The user's own record, and those of whom the user looks after.
    async fn looked_after(&self, user: UserId) -> Result<Vec<PatientId>, PortFailure>;
}

/// Somebody to write to.
#[derive(Clone, PartialEq, Eq)]
pub struct Addressee {
    /// E-mail address.
    pub email: String,
    /// BCP 47 tag.
    pub language: String,
}

impl std::fmt::Debug for Addressee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Addressee")
    }
}

/// Where letters about patients go. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Addressees: Send + Sync {
    /// Where a letter about this patient goes; nobody's address when none is known.
    async fn of(&self, patient: PatientId) -> Result<Option<Addressee>, PortFailure>;
}

/// What stands at the top of a doctor's papers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letterhead {
    /// Name of the clinic.
    pub clinic: String,
    /// Its address, in one line.
    pub address: String,
    /// Its phone number, where it is known.
    pub phone: Option<String>,
    /// Name of the doctor.
    pub doctor: String,
    /// What the doctor is a specialist in.
    pub specialty: String,
}

/// Doctors and clinics. Another slice has them.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Practices: Send + Sync {
    /// What stands at the top of the doctor's papers there.
    async fn letterhead(&self, doctor: DoctorId, clinic: ClinicId) -> Result<Option<Letterhead>, PortFailure>;

    /// Is there such a doctor?
    async fn is_doctor(&self, id: DoctorId) -> Result<bool, PortFailure>;
}

/// What makes papers trustworthy.
#[cfg_attr(test, mockall::automock)]
pub trait Seals: Send + Sync {
    /// A new code: 128 bits that nobody guesses.
    fn code(&self) -> CheckCode;

    /// The signature over these parts.
    fn sign(&self, parts: &[Vec<u8>]) -> Signature;

    /// Is it theirs? Takes the same time whatever it is.
    fn is_of(&self, signature: &Signature, parts: &[Vec<u8>]) -> bool;
}

/// What the patient is told when there is a paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadyLetter {
    /// To whom.
    pub to: Addressee,
    /// Who wrote it.
    pub doctor: String,
}

/// Why a prescription was not written down.
#[derive(Debug, thiserror::Error)]
pub enum InsertError {
    /// The visit has one.
    #[error("the visit has a prescription")]
    Exists(PrescriptionId),
    /// It was asked for before, under the same key.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Why a change was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It has changed since it was read.
    #[error("the prescription has changed meanwhile")]
    Stale,
    /// It was asked for before, under the same key.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// The store failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Among which prescriptions somebody may look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Within {
    /// Those that this doctor wrote.
    Doctor(DoctorId),
    /// Those for these patients.
    Patients(Vec<PatientId>),
}

/// Which of them are wanted; what is left out does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// By this doctor.
    pub doctor: Option<DoctorId>,
    /// For this patient.
    pub patient: Option<PatientId>,
    /// With these words.
    pub search: Search,
    /// As good as this, at that instant.
    pub state: Option<State>,
    /// The newest version issued on this date or later.
    pub from: Option<Date>,
    /// The newest version issued on this date or earlier.
    pub to: Option<Date>,
}

/// The newest first, each in its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The prescriptions.
    pub prescriptions: Vec<Prescription>,
    /// Where the next page begins, when there is one.
    pub next: Option<PrescriptionId>,
}

/// What a doctor has prescribed, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Prescriptions.
    pub total: u64,
    /// Patients that have one.
    pub patients: u64,
    /// Different medicines in their newest versions.
    pub medications: u64,
    /// Prescriptions that were first written in the last 30 days.
    pub last_30_days: u64,
}

/// Keeps prescriptions. Every writing method is one transaction: rows, audit event, and what follows from it.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait PrescriptionStore: Send + Sync {
    /// Writes the first version, and posts the letter about it.
    async fn insert(
        &self,
        new: &Prescription,
        written: &Recorded<PrescriptionEvent>,
        letter: Option<ReadyLetter>,
        once: Option<Once<Prescription>>,
    ) -> Result<(), InsertError>;

    /// Writes another version over the revision before, and posts the letter about it.
    async fn change(
        &self,
        changed: &Prescription,
        event: &Recorded<PrescriptionEvent>,
        letter: Option<ReadyLetter>,
    ) -> Result<(), StoreError>;

    /// Notes over the revision before that it was withdrawn.
    async fn withdraw(
        &self,
        withdrawn: &Prescription,
        event: &Recorded<PrescriptionEvent>,
        once: Option<Once<Prescription>>,
    ) -> Result<(), StoreError>;

    /// The prescription in its newest version.
    async fn find(&self, id: PrescriptionId) -> Result<Option<Prescription>, PortFailure>;

    /// The prescription in each of its versions, the oldest first.
    async fn versions(&self, id: PrescriptionId) -> Result<Vec<Prescription>, PortFailure>;

    /// The prescription in the version of this code.
    async fn of_code(&self, code: CheckCode) -> Result<Option<Prescription>, PortFailure>;

    /// The prescription in the version of this signature.
    async fn of_signature(&self, signature: Signature) -> Result<Option<Prescription>, PortFailure>;

    /// The page behind `after`.
    async fn list(
        &self,
        within: &Within,
        filter: &Filter,
        after: Option<PrescriptionId>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Page, PortFailure>;

    /// What the doctor has prescribed; `since` is where the last 30 days begin.
    async fn figures(&self, doctor: DoctorId, since: Timestamp) -> Result<Figures, PortFailure>;

    /// All for this patient, in their newest versions.
    async fn of_patient(&self, patient: PatientId) -> Result<Vec<Prescription>, PortFailure>;

    /// Forgets whom it is for, in all its versions; `false` when that was done before.
    async fn forget_name(&self, event: &Recorded<PrescriptionEvent>) -> Result<bool, PortFailure>;

    /// Those whose last valid day was before `day`, the oldest first, behind `after`.
    async fn ended_before(
        &self,
        day: Date,
        after: Option<(Date, PrescriptionId)>,
        limit: u32,
    ) -> Result<Vec<Ended>, PortFailure>;

    /// Takes it away with all its versions, unless its last valid day is not before `day`; `false` then, or when it is
    /// gone.
    async fn purge(&self, day: Date, event: &Recorded<PrescriptionEvent>) -> Result<bool, PortFailure>;
}

/// A prescription that was good for the last time a while ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The last day on which one of its versions was valid.
    pub last_valid_day: Date,
    /// What is told of it, with [`crate::domain::PrescriptionFact::Purged`].
    pub id: PrescriptionId,
    /// For which visit.
    pub appointment: AppointmentId,
    /// Who wrote it.
    pub doctor: DoctorId,
    /// For whom.
    pub patient: PatientId,
    /// Where.
    pub clinic: ClinicId,
    /// How many versions it has.
    pub versions: i32,
}
