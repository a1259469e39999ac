use std::sync::Arc;

use kernel::{AppointmentId, Caller, PortFailure};

use super::policy::Policy;
use super::ports::{AppointmentDetails, AppointmentStore};
use super::view_ports::{Happening, VisitViews};
use super::watch_reads::{Grounds, WatchReads};

/// Why an appointment is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is none, or it is not this actor's.
    #[error("no such appointment")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Shows one appointment to whom it belongs.
#[derive(Clone)]
pub struct ReadAppointment {
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// What happened to visits.
    pub views: Arc<dyn VisitViews>,
}

impl ReadAppointment {
    /// What happened to it, for who may see it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn history(&self, caller: &Caller, id: AppointmentId) -> Result<Vec<Happening>, ReadError> {
        self.run(caller, id).await?;
        let mut history = self.views.history(id).await?;
        if !Policy::is_team(caller) {
            for happening in &mut history {
                happening.account = None;
            }
        }
        Ok(history)
    }

    /// Reads it.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn run(&self, caller: &Caller, id: AppointmentId) -> Result<AppointmentDetails, ReadError> {
        if !Policy::could_reach(caller, id) {
            return Err(ReadError::NotFound);
        }
        let found = self.store.find(id).await?.ok_or(ReadError::NotFound)?;
        let now = self.watch.clock.now();
        let grounds = if self.policy.reaches(caller, &found.appointment, now).await? {
            Grounds::Reach
        } else if self.policy.in_emergency(caller, found.appointment.patient, now).await? {
            Grounds::Emergency
        } else {
            return Err(ReadError::NotFound);
        };
        self.watch.shown_by(caller, grounds, [&found], "appointment").await?;
        Ok(found)
    }
}
