use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{Actor, AppointmentId, Clock, PortFailure, Recorded};

use super::ports::{AppointmentStore, Change, UpdateError};
use crate::domain::Mark;

/// Visits that are read together.
const PAGE: u32 = 200;

/// Visits that are over and that nobody has marked.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait UnmarkedVisits: Send + Sync {
    /// The first booked visits on this wall clock that had ended by `ended_by`, by start and id, behind `after`.
    async fn unmarked(
        &self,
        time_zone: &str,
        ended_by: Timestamp,
        after: Option<(Timestamp, AppointmentId)>,
        limit: u32,
    ) -> Result<Vec<(Timestamp, AppointmentId)>, PortFailure>;
}

/// Marks that patients did not come, where a visit is over and nobody has said anything else of it.
///
/// A front desk that finds it wrong corrects it within 24 hours, as its own mistakes.
pub struct SweepMissed {
    /// What is over.
    pub visits: Arc<dyn UnmarkedVisits>,
    /// Where appointments are kept.
    pub store: Arc<dyn AppointmentStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl SweepMissed {
    /// Marks those on this wall clock; gives how many. Nobody's rights are asked for: the installation does it by
    /// itself. Ends early when `stop` says so; tried again, it goes on.
    ///
    /// # Errors
    /// When something fails; what was marked before stays so.
    pub async fn run(&self, time_zone: &str, stop: &(dyn Fn() -> bool + Sync)) -> Result<usize, PortFailure> {
        let now = self.clock.now();
        let (mut marked, mut after) = (0, None);
        while !stop() {
            let page = self.visits.unmarked(time_zone, now, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            for (_, id) in &page {
                marked += usize::from(self.mark(*id, now).await?);
            }
        }
        Ok(marked)
    }

    async fn mark(&self, id: AppointmentId, now: Timestamp) -> Result<bool, PortFailure> {
        let Some(found) = self.store.find(id).await? else { return Ok(false) };
        // Marked, moved or called off since it was read.
        let Ok((marked, event)) = found.appointment.mark(Mark::NoShow, now) else { return Ok(false) };
        let mut after = found.clone();
        after.appointment = marked;
        let change = Change {
            before: found.appointment,
            after,
            event: Recorded::new(event, Actor::System, now),
            edition: None,
            letter: None,
            once: None,
        };
        match self.store.update(&change).await {
            Ok(_) => Ok(true),
            Err(UpdateError::Failed(failure)) => Err(failure),
            // Somebody was faster; the next night sees what became of it.
            Err(
                UpdateError::Stale
                | UpdateError::RulesChanged
                | UpdateError::SlotTaken
                | UpdateError::PatientBusy
                | UpdateError::Once(_),
            ) => Ok(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::StoppedClock;

    use super::super::ports::MockAppointmentStore;
    use super::super::test_data::{booked, now};
    use super::*;
    use crate::domain::{Room, Status};

    fn sweep(store: MockAppointmentStore, page: Vec<(Timestamp, AppointmentId)>, at: Timestamp) -> SweepMissed {
        let mut visits = MockUnmarkedVisits::new();
        visits
            .expect_unmarked()
            .returning(move |_, _, after, _| Ok(if after.is_none() { page.clone() } else { Vec::new() }));
        SweepMissed { visits: Arc::new(visits), store: Arc::new(store), clock: Arc::new(StoppedClock::at(at)) }
    }

    #[tokio::test]
    async fn who_never_arrived_is_marked_by_the_installation_itself() {
        let visit = booked();
        let id = visit.appointment.id;
        let end = visit.appointment.visit.end;
        let mut store = MockAppointmentStore::new();
        store.expect_find().returning(move |_| Ok(Some(visit.clone())));
        store.expect_update().once().returning(move |change| {
            let after = &change.after.appointment;
            assert_eq!((after.status, after.missed_at, change.event.actor), (Status::NoShow, Some(end), Actor::System));
            assert!(change.letter.is_none());
            Ok(Room::Nothing)
        });
        let swept = sweep(store, vec![(now(), id)], end).run("America/Chicago", &|| false).await;
        assert_eq!(swept.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_was_marked_moved_or_changed_meanwhile_is_left_alone() {
        let mut arrived = booked();
        arrived.appointment.status = Status::Arrived;
        let end = arrived.appointment.visit.end + SignedDuration::from_hours(8);
        let (other, id) = (booked(), AppointmentId::mint());
        let mut store = MockAppointmentStore::new();
        store
            .expect_find()
            .returning(move |wanted| Ok(if wanted == id { Some(arrived.clone()) } else { Some(other.clone()) }));
        store.expect_update().once().returning(|_| Err(UpdateError::Stale));
        let page = vec![(now(), id), (now(), AppointmentId::mint())];
        assert_eq!(sweep(store, page, end).run("America/Chicago", &|| false).await.unwrap(), 0);
    }
}
