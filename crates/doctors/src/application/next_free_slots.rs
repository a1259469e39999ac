use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{DoctorId, Interval, PortFailure, VisitTypeId};

use super::occupied::occupied;
use super::ports::{Agendas, BusyTimes};
use crate::domain::Slot;

/// Finds the next free times, for somebody who was refused another one.
pub struct NextFreeSlots {
    /// The rules.
    pub agendas: Arc<dyn Agendas>,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
}

impl NextFreeSlots {
    /// The first `count` free slots from `after` on, each with its zone; empty for an unknown doctor or visit type.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn run(
        &self,
        doctor: DoctorId,
        visit_type: VisitTypeId,
        after: Timestamp,
        count: usize,
        now: Timestamp,
    ) -> Result<Vec<(Slot, TimeZone)>, PortFailure> {
        let Some(rules) = self.agendas.rules(doctor).await? else { return Ok(Vec::new()) };
        let Some(visit_type) = rules.visit_type(visit_type) else { return Ok(Vec::new()) };
        let bookable = rules.bookable_span(now);
        let Some(span) = Interval::new(bookable.start.max(after).min(bookable.end), bookable.end) else {
            return Ok(Vec::new());
        };
        // A visit that began before `after` may still block its first minutes.
        let busy = occupied(&*self.busy, &rules, visit_type, span.widened(720, 0), now).await?;
        let slots = rules.next_free(visit_type, &busy, now, after, count);
        Ok(slots.into_iter().filter_map(|slot| rules.time_zone(slot.clinic).map(|zone| (slot, zone.clone()))).collect())
    }
}
