use std::sync::Arc;

use kernel::{AppointmentId, Caller, Clock, Once, OnceError, PortFailure, Recorded};

use super::policy::Policy;
use super::ports::{AppointmentDetails, Change, Practices};
use super::read_series::{ReadSeries, ReadSeriesError};
use super::series_letters::SeriesLetters;
use super::series_ports::{SeriesCut, SeriesCutError, SeriesDetails, SeriesStore};
use crate::domain::{Appointment, CancelRefusal, Series, SeriesId, Side};

const TRIES: usize = 3;

/// A wish to end a series early.
#[derive(Debug, Clone)]
pub struct SeriesCancellation {
    /// Which series.
    pub id: SeriesId,
    /// From which of its visits on.
    pub from: AppointmentId,
    /// Why.
    pub reason: Option<String>,
}

/// Why nothing was called off.
#[derive(Debug, thiserror::Error)]
pub enum CancelSeriesError {
    /// There is none, or it is out of the caller's reach.
    #[error("no such series")]
    NotFound,
    /// The visit is not of this series.
    #[error("not a visit of this series")]
    NotInSeries,
    /// Those who run the calendar say why.
    #[error("no reason is given")]
    ReasonRequired,
    /// So close to one of the visits a patient says why, too.
    #[error("no reason is given inside the cut-off")]
    LateReasonRequired {
        /// The doctor's cut-off.
        cutoff_hours: i64,
    },
    /// A visit does not allow it any more.
    #[error(transparent)]
    Refused(#[from] CancelRefusal),
    /// Others change the visits all the time.
    #[error("the visits change with every look")]
    Restless,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<ReadSeriesError> for CancelSeriesError {
    fn from(error: ReadSeriesError) -> Self {
        match error {
            ReadSeriesError::NotFound => Self::NotFound,
            ReadSeriesError::Failed(failure) => failure.into(),
        }
    }
}

/// Calls off a visit of a series and all that come after it.
pub struct CancelSeries {
    /// Finds it, for whom it is there.
    pub read: ReadSeries,
    /// Where series are kept.
    pub store: Arc<dyn SeriesStore>,
    /// Tells patients.
    pub letters: SeriesLetters,
    /// From when on patients are bound.
    pub practices: Arc<dyn Practices>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl CancelSeries {
    /// Calls off what is booked and has not begun, from that visit on. Where there is nothing left to call off, nothing
    /// changes, and the series is given as it is.
    ///
    /// # Errors
    /// See [`CancelSeriesError`].
    pub async fn run(
        &self,
        caller: &Caller,
        wish: SeriesCancellation,
        request_id: Option<String>,
        once: Option<Once<SeriesDetails>>,
    ) -> Result<SeriesDetails, CancelSeriesError> {
        let by = if Policy::is_team(caller) { Side::Team } else { Side::Patient };
        // Another writer may come between our look and our change; what it left is looked at anew.
        for _ in 0..TRIES {
            let now = self.clock.now();
            let found = self.read.run(caller, wish.id).await?;
            let visits = || found.visits.iter().map(|visit| &visit.appointment);
            let from = visits().find(|visit| visit.id == wish.from).ok_or(CancelSeriesError::NotInSeries)?;
            let gone = Series::cut(visits(), from, wish.reason.as_deref(), by, now)?;
            if gone.is_empty() {
                if let Some(once) = &once {
                    self.store.keep_series_answer(&found, once, now).await??;
                }
                return Ok(found);
            }
            self.explained(by, &wish, gone.iter().map(|(visit, _)| visit)).await?;
            let ids: Vec<AppointmentId> = gone.iter().map(|(visit, _)| visit.id).collect();
            let record = |event| Recorded::new(event, caller.actor(), now).caused_by(request_id.clone());
            let mut after = found.clone();
            let mut changes = Vec::with_capacity(gone.len());
            for (visit, event) in gone {
                let Some(place) = after.visits.iter_mut().find(|known| known.appointment.id == visit.id) else {
                    continue;
                };
                let before = std::mem::replace(&mut place.appointment, visit);
                let event = record(event);
                changes.push(Change { before, after: place.clone(), event, edition: None, letter: None, once: None });
            }
            let told: Vec<AppointmentDetails> = changes.iter().map(|change| change.after.clone()).collect();
            let letter = self.letters.about(caller, &told).await?;
            let event = found.series.cut_at(wish.from, ids);
            let event = Recorded::new(event, caller.actor(), now).caused_by(request_id.clone());
            let cut = SeriesCut { changes, event, after, letter, once: once.clone() };
            match self.store.cut_series(&cut).await {
                Ok(()) => return Ok(cut.after),
                Err(SeriesCutError::Stale) => {}
                Err(SeriesCutError::Once(error)) => return Err(error.into()),
                Err(SeriesCutError::Failed(failure)) => return Err(failure.into()),
            }
        }
        Err(CancelSeriesError::Restless)
    }

    /// A team always says why, a patient where one of the visits is too close.
    async fn explained<'a>(
        &self,
        by: Side,
        wish: &SeriesCancellation,
        mut visits: impl Iterator<Item = &'a Appointment> + Send,
    ) -> Result<(), CancelSeriesError> {
        if wish.reason.is_some() {
            return Ok(());
        }
        if by == Side::Team {
            return Err(CancelSeriesError::ReasonRequired);
        }
        let Some(first) = visits.next() else { return Ok(()) };
        let cutoff = self.practices.change_cutoff(first.doctor).await?;
        // They come by start: none is closer than the first.
        if first.is_inside(cutoff, self.clock.now()) {
            return Err(CancelSeriesError::LateReasonRequired { cutoff_hours: cutoff.as_hours() });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
