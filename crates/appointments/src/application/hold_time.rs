use jiff::Timestamp;
use kernel::{FailureKind, OnceError, PortFailure};

use super::book_appointment::ALTERNATIVES;
use super::hold_ports::{HoldStore, NewHold, OpenError};
use super::ports::{Ask, DoctorAgenda, FreeSlot, NoOffer};
use crate::domain::{Hold, Offer, PatientError};

const TRIES: usize = 3;

/// Why nothing is held.
#[derive(Debug, thiserror::Error)]
pub enum HoldError {
    /// Who asks does not hold times here, or not in this way.
    #[error("not for this caller")]
    NotAllowed,
    /// The caller does not book in that doctor's calendar.
    #[error("not this caller's calendar")]
    OthersCalendar,
    /// Name or address cannot be one.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// The doctor does not offer this.
    #[error(transparent)]
    NotOffered(#[from] NoOffer),
    /// Somebody was faster.
    #[error("the slot is taken")]
    SlotTaken {
        /// The next free times.
        alternatives: Vec<FreeSlot>,
    },
    /// The address or the client has as many open holds as one may have.
    #[error("too many holds")]
    TooMany {
        /// Seconds until the first of them ends.
        retry_after: i64,
    },
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// What every hold goes through, whatever it is for: the rules are asked, the store keeps the time, and who comes too
/// late is told of others.
pub(super) struct HoldTime<'a> {
    pub(super) holds: &'a dyn HoldStore,
    pub(super) agenda: &'a dyn DoctorAgenda,
    pub(super) now: Timestamp,
}

impl HoldTime<'_> {
    /// Keeps what `make` makes of the offer, or changes nothing.
    pub(super) async fn run(
        &self,
        ask: &Ask,
        make: impl AsyncFn(Offer) -> Result<NewHold, HoldError>,
    ) -> Result<Hold, HoldError> {
        // Between our look and our write the doctor's hours may change.
        for _ in 0..TRIES {
            let offer = self.agenda.offer(ask, self.now).await??;
            let new = make(offer).await?;
            match self.holds.open(&new).await {
                Ok(()) => return Ok(new.hold),
                Err(OpenError::RulesChanged) => {}
                Err(OpenError::SlotTaken) => {
                    let Hold { doctor, visit_type, visit, .. } = new.hold;
                    let alternatives =
                        self.agenda.next_free(doctor, visit_type, visit.start, ALTERNATIVES, self.now).await?;
                    return Err(HoldError::SlotTaken { alternatives });
                }
                Err(OpenError::TooMany { until }) => {
                    let retry_after = until.duration_since(self.now).as_secs().max(0) + 1;
                    return Err(HoldError::TooMany { retry_after });
                }
                Err(OpenError::Once(error)) => return Err(error.into()),
                Err(OpenError::Failed(failure)) => return Err(failure.into()),
            }
        }
        let restless = PortFailure::new("hold a time", "the rules change with every look");
        Err(restless.of_kind(FailureKind::Contention).into())
    }
}
