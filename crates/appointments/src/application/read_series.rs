use std::sync::Arc;

use kernel::{Caller, PortFailure};

use super::policy::Policy;
use super::series_ports::{SeriesDetails, SeriesStore};
use super::watch_reads::WatchReads;
use crate::domain::SeriesId;

/// Why a series is not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadSeriesError {
    /// There is none, or it is out of the caller's reach.
    #[error("no such series")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Shows a series with those of its visits that are within the caller's reach.
#[derive(Clone)]
pub struct ReadSeries {
    /// Where series are kept.
    pub store: Arc<dyn SeriesStore>,
    /// Who may.
    pub policy: Policy,
    /// Writes down who is shown what.
    pub watch: WatchReads,
}

impl ReadSeries {
    /// The series.
    ///
    /// # Errors
    /// See [`ReadSeriesError`].
    pub async fn run(&self, caller: &Caller, id: SeriesId) -> Result<SeriesDetails, ReadSeriesError> {
        let SeriesDetails { series, mut visits } =
            self.store.find_series(id).await?.ok_or(ReadSeriesError::NotFound)?;
        if !self.policy.reaches_series(caller, &series).await? {
            return Err(ReadSeriesError::NotFound);
        }
        visits.retain(|visit| Policy::sees_in_series(caller, visit.appointment.clinic));
        if visits.is_empty() {
            return Err(ReadSeriesError::NotFound);
        }
        self.watch.shown(caller, &visits, "series").await?;
        Ok(SeriesDetails { series, visits })
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, DoctorId, UserId};

    use super::super::patient_ports::MockPatientTies;
    use super::super::series_ports::MockSeriesStore;
    use super::super::test_data::{series_of_three, unwatched};
    use super::super::view_ports::MockAccessLog;
    use super::*;

    fn reads(found: SeriesDetails, looks_after: bool) -> ReadSeries {
        let (mut store, mut ties, mut log) = (MockSeriesStore::new(), MockPatientTies::new(), MockAccessLog::new());
        store.expect_find_series().returning(move |_| Ok(Some(found.clone())));
        ties.expect_looks_after().returning(move |_, _| Ok(looks_after));
        log.expect_record().returning(|_| Ok(()));
        let watch = WatchReads { log: Arc::new(log), ..unwatched() };
        ReadSeries { store: Arc::new(store), policy: Policy { ties: Arc::new(ties) }, watch }
    }

    #[tokio::test]
    async fn both_sides_see_it_and_a_front_desk_what_is_at_its_clinic() {
        let mut found = series_of_three();
        let elsewhere = ClinicId::mint();
        found.visits[2].appointment.clinic = elsewhere;
        let (series, user) = (found.series.clone(), UserId::mint());
        for (caller, looks_after, shown) in [
            (Caller::patient(user), true, 3),
            (Caller::patient(user), false, 0),
            (Caller::doctor(user, series.doctor, vec![]), false, 3),
            (Caller::doctor(user, DoctorId::mint(), vec![series.clinic]), false, 0),
            (Caller::staff(user, vec![series.clinic]), false, 2),
            (Caller::staff(user, vec![elsewhere]), false, 1),
            (Caller::staff(user, vec![ClinicId::mint()]), false, 0),
            (Caller::admin(user), false, 3),
            (Caller::guest(), true, 0),
            (Caller::link_holder(found.visits[0].appointment.id), true, 0),
        ] {
            let visits = match reads(found.clone(), looks_after).run(&caller, series.id).await {
                Ok(details) => details.visits.len(),
                Err(ReadSeriesError::NotFound) => 0,
                Err(other) => panic!("{other:?}"),
            };
            assert_eq!(visits, shown, "{caller:?}");
        }
    }
}
