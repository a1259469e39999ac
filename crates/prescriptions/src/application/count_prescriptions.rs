use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::{Caller, Clock, DoctorId};

use super::parts::PrescriptionError;
use super::ports::{Figures, PrescriptionStore};

/// What counts as the last days.
const LAST_DAYS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Counts what a doctor has prescribed.
pub struct CountPrescriptions {
    /// Where prescriptions are kept.
    pub store: Arc<dyn PrescriptionStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl CountPrescriptions {
    /// For the doctor alone; whose figures when nobody is named: one's own.
    ///
    /// # Errors
    /// See [`PrescriptionError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: Option<DoctorId>,
    ) -> Result<(DoctorId, Figures), PrescriptionError> {
        let own = caller.profile().ok_or(PrescriptionError::NotFound)?;
        if doctor.is_some_and(|asked| asked != own) {
            return Err(PrescriptionError::NotFound);
        }
        let since = self.clock.now().checked_sub(LAST_DAYS).unwrap_or(Timestamp::UNIX_EPOCH);
        Ok((own, self.store.figures(own, since).await?))
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::ports::MockPrescriptionStore;
    use super::super::test_data::now;
    use super::*;

    #[tokio::test]
    async fn doctors_are_told_their_own_figures_and_nobody_elses() {
        let own = DoctorId::mint();
        let mut store = MockPrescriptionStore::new();
        store
            .expect_figures()
            .withf(move |doctor, since| *doctor == own && *since == "2027-01-30T15:00:00Z".parse().unwrap())
            .times(2)
            .returning(|_, _| Ok(Figures::default()));
        let count = CountPrescriptions { store: Arc::new(store), clock: Arc::new(StoppedClock::at(now())) };
        let caller = Caller::doctor(UserId::mint(), own, vec![]);
        assert_eq!(count.run(&caller, None).await.unwrap().0, own);
        assert_eq!(count.run(&caller, Some(own)).await.unwrap().0, own);
        for (caller, asked) in
            [(caller, Some(DoctorId::mint())), (Caller::admin(UserId::mint()), Some(own)), (Caller::guest(), None)]
        {
            assert!(matches!(count.run(&caller, asked).await, Err(PrescriptionError::NotFound)));
        }
    }
}
