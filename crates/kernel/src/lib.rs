//! The words every slice shares.
//!
//! A type enters the kernel when two slices must say the same word; behaviour never does.
//! Nothing here does I/O, knows a database or speaks HTTP.

mod actor;
mod caller;
mod clock;
mod failure;
mod id;
mod interval;
mod money;
mod once;
mod recorded;

pub use actor::Actor;
pub use caller::{Caller, Role, UnknownRole};
pub use clock::{Clock, StoppedClock, SystemClock};
pub use failure::{FailureKind, PortFailure};
pub use id::{AppointmentId, ClinicId, DoctorId, EventId, PatientId, ResourceId, SessionId, UserId, VisitTypeId};
pub use interval::Interval;
pub use money::Money;
pub use once::{KeptAnswer, Once, OnceError};
pub use recorded::{DomainEvent, Recorded};
