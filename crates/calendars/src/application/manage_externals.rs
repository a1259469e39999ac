use std::sync::Arc;

use kernel::{Caller, Clock, DoctorId, Once, OnceError, PortFailure, Recorded};

use super::external_ports::{CalendarSource, DoctorTime, ExternalStore, StoreExternalError};
use super::policy::reaches;
use super::ports::Places;
use crate::domain::{ExternalCalendar, ExternalEvent, ExternalId, Owner, ReadState};

/// Why nothing was done with calendars elsewhere.
#[derive(Debug, thiserror::Error)]
pub enum ExternalError {
    /// There is none, or the doctor's calendar is not this caller's.
    #[error("no such calendar")]
    NotFound,
    /// The address is none that may be asked.
    #[error("the address is refused")]
    BadAddress,
    /// The doctor has as many as one may.
    #[error("too many calendars")]
    TooMany,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Adds, lists and takes away doctors' calendars elsewhere.
pub struct ManageExternals {
    /// Where they are kept.
    pub store: Arc<dyn ExternalStore>,
    /// Where doctors work.
    pub places: Arc<dyn Places>,
    /// Blocks doctors' time.
    pub time: Arc<dyn DoctorTime>,
    /// Knows which addresses may be asked.
    pub source: Arc<dyn CalendarSource>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ManageExternals {
    /// Adds a calendar; it is read with the worker's next look.
    ///
    /// # Errors
    /// See [`ExternalError`].
    pub async fn add(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        address: String,
        request_id: Option<String>,
        once: Option<Once<ExternalCalendar>>,
    ) -> Result<ExternalCalendar, ExternalError> {
        let added_by = caller.user().ok_or(ExternalError::NotFound)?;
        self.admitted(caller, doctor).await?;
        if !self.source.allows(&address) {
            return Err(ExternalError::BadAddress);
        }
        let time_zone = self.time.zone(doctor).await?.ok_or(ExternalError::NotFound)?;
        let created_at = self.clock.now();
        let state = ReadState::default();
        let id = ExternalId::mint();
        let new = ExternalCalendar { id, doctor, address, time_zone, added_by, created_at, state };
        let event = ExternalEvent::Added { calendar_id: id, doctor_id: doctor };
        let added = Recorded::new(event, caller.actor(), created_at).caused_by(request_id);
        match self.store.add(&new, &added, once).await {
            Ok(()) => Ok(new),
            Err(StoreExternalError::TooMany) => Err(ExternalError::TooMany),
            Err(StoreExternalError::Once(error)) => Err(error.into()),
            Err(StoreExternalError::Failed(failure)) => Err(failure.into()),
        }
    }

    /// A doctor's calendars elsewhere, and how reading them goes.
    ///
    /// # Errors
    /// See [`ExternalError`].
    pub async fn list(&self, caller: &Caller, doctor: DoctorId) -> Result<Vec<ExternalCalendar>, ExternalError> {
        self.admitted(caller, doctor).await?;
        Ok(self.store.of(doctor).await?)
    }

    /// Takes a calendar away; what it blocked is free.
    ///
    /// # Errors
    /// See [`ExternalError`].
    pub async fn remove(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        id: ExternalId,
        request_id: Option<String>,
    ) -> Result<(), ExternalError> {
        self.admitted(caller, doctor).await?;
        let event = ExternalEvent::Removed { calendar_id: id, doctor_id: doctor };
        let removed = Recorded::new(event, caller.actor(), self.clock.now()).caused_by(request_id);
        if !self.store.remove(doctor, id, &removed).await? {
            return Err(ExternalError::NotFound);
        }
        // Should this be interrupted, the worker does it.
        self.time.block(doctor, id, &[]).await?;
        self.store.forget(id).await?;
        Ok(())
    }

    async fn admitted(&self, caller: &Caller, doctor: DoctorId) -> Result<(), ExternalError> {
        let reaches = reaches(self.places.as_ref(), caller, Owner::Doctor(doctor)).await?;
        if reaches { Ok(()) } else { Err(ExternalError::NotFound) }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::external_ports::{MockCalendarSource, MockDoctorTime, MockExternalStore};
    use super::super::ports::MockPlaces;
    use super::*;

    fn manage(store: MockExternalStore, time: MockDoctorTime, allowed: bool) -> ManageExternals {
        let mut source = MockCalendarSource::new();
        source.expect_allows().returning(move |_| allowed);
        ManageExternals {
            store: Arc::new(store),
            places: Arc::new(MockPlaces::new()),
            time: Arc::new(time),
            source: Arc::new(source),
            clock: Arc::new(StoppedClock::at("2027-03-01T12:00:00Z".parse().unwrap())),
        }
    }

    #[tokio::test]
    async fn an_address_that_may_not_be_asked_is_not_kept() {
        let (doctor, address) = (DoctorId::mint(), "https://10.0.0.1/x".to_owned());
        let caller = Caller::doctor(UserId::mint(), doctor, vec![]);
        let manage = manage(MockExternalStore::new(), MockDoctorTime::new(), false);
        let refused = manage.add(&caller, doctor, address, None, None).await;
        assert!(matches!(refused, Err(ExternalError::BadAddress)), "{refused:?}");
    }

    #[tokio::test]
    async fn what_a_calendar_blocked_is_free_when_it_is_taken_away() {
        let doctor = DoctorId::mint();
        let caller = Caller::doctor(UserId::mint(), doctor, vec![]);
        let mut store = MockExternalStore::new();
        store.expect_remove().times(1).returning(|_, _, _| Ok(true));
        store.expect_forget().times(1).returning(|_| Ok(()));
        let mut time = MockDoctorTime::new();
        time.expect_block().withf(|_, _, spans| spans.is_empty()).times(1).returning(|_, _, _| Ok(()));
        manage(store, time, true).remove(&caller, doctor, ExternalId::mint(), None).await.unwrap();
    }

    #[tokio::test]
    async fn calendars_of_other_doctors_are_out_of_reach() {
        let caller = Caller::doctor(UserId::mint(), DoctorId::mint(), vec![]);
        let manage = manage(MockExternalStore::new(), MockDoctorTime::new(), true);
        let other = DoctorId::mint();
        assert!(matches!(manage.list(&caller, other).await, Err(ExternalError::NotFound)));
        let refused = manage.remove(&caller, other, ExternalId::mint(), None).await;
        assert!(matches!(refused, Err(ExternalError::NotFound)));
    }
}
