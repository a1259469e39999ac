use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _, civil::Date};
use kernel::{ClinicId, Clock, DoctorId, Interval, PortFailure, ResourceId, VisitTypeId};

use super::occupied::occupied;
use super::ports::{Agendas, BusyTimes};
use crate::domain::{Occupied, Rules, Slot, VisitType};

/// The longest stretch of days in one question.
pub const MAX_DAYS: i32 = 31;
const DEFAULT_DAYS: i32 = 7;

/// Which slots are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SlotsQuery {
    /// Whose.
    pub doctor: DoctorId,
    /// What for; the doctor's default when left out.
    pub visit_type: Option<VisitTypeId>,
    /// First date of the clinic's calendar; today when left out.
    pub from: Option<Date>,
    /// Last date; a week's worth when left out.
    pub to: Option<Date>,
}

/// The slots, and the zones to write them in.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct FreeSlots {
    /// In order of time.
    pub slots: Vec<Slot>,
    /// Zone of each clinic among them.
    pub zones: HashMap<ClinicId, TimeZone>,
    /// The last instant at which the first of them can be booked.
    pub valid_until: Option<Timestamp>,
    /// How long before its start one must have booked.
    pub notice: SignedDuration,
}

/// Why there is no list.
#[derive(Debug, thiserror::Error)]
pub enum SlotsError {
    /// No active doctor has this id.
    #[error("unknown doctor")]
    UnknownDoctor,
    /// The doctor does not offer this visit type.
    #[error("unknown visit type")]
    UnknownVisitType,
    /// The last date lies before the first.
    #[error("the range ends before it begins")]
    EndsBeforeItBegins,
    /// More than [`MAX_DAYS`].
    #[error("the range is too long")]
    TooLong,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Lists the times of a doctor that are really free.
pub struct ListFreeSlots {
    /// The rules.
    pub agendas: Arc<dyn Agendas>,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ListFreeSlots {
    /// Lists them. A doctor who offers nothing at all has the empty list.
    ///
    /// # Errors
    /// See [`SlotsError`].
    pub async fn run(&self, query: SlotsQuery) -> Result<FreeSlots, SlotsError> {
        let now = self.clock.now();
        let rules = self.agendas.rules(query.doctor).await?.ok_or(SlotsError::UnknownDoctor)?;
        let view = View::of(&rules, &query, now)?;
        let busy = match (view.visit_type, view.span) {
            (Some(visit_type), Some(span)) => occupied(&*self.busy, &rules, visit_type, span, now).await?,
            _ => Occupied::default(),
        };
        Ok(view.free(&busy, now))
    }
}

/// A question as one doctor's rules understand it.
pub(super) struct View<'r> {
    rules: &'r Rules,
    pub(super) visit_type: Option<&'r VisitType>,
    from: Date,
    to: Date,
    /// Where it matters what is taken; `None` where nothing can be free.
    pub(super) span: Option<Interval>,
}

impl<'r> View<'r> {
    /// # Errors
    /// All but [`SlotsError::Failed`].
    pub(super) fn of(rules: &'r Rules, query: &SlotsQuery, now: Timestamp) -> Result<Self, SlotsError> {
        if !rules.active {
            return Err(SlotsError::UnknownDoctor);
        }
        let zone = rules.time_zone(rules.home_clinic).cloned().unwrap_or(TimeZone::UTC);
        let today = zone.to_datetime(now).date();
        let from = query.from.unwrap_or_else(|| query.to.map_or(today, |to| to.min(today)));
        let to = query.to.unwrap_or_else(|| from.saturating_add((DEFAULT_DAYS - 1).days()));
        if to < from {
            return Err(SlotsError::EndsBeforeItBegins);
        }
        if from.until(to).map_or(i32::MAX, |span| span.get_days()) >= MAX_DAYS {
            return Err(SlotsError::TooLong);
        }
        let visit_type = match query.visit_type {
            Some(id) => Some(rules.visit_type(id).ok_or(SlotsError::UnknownVisitType)?),
            None => rules.default_visit_type(),
        };
        // Zones differ by less than a day and a visit with its buffers lasts less than one.
        let margin = SignedDuration::from_hours(48);
        let midnight = |date: Date, otherwise| date.to_zoned(TimeZone::UTC).map_or(otherwise, |day| day.timestamp());
        let asked = Interval {
            start: midnight(from, Timestamp::MIN).checked_sub(margin).unwrap_or(Timestamp::MIN),
            end: midnight(to, Timestamp::MAX).checked_add(margin).unwrap_or(Timestamp::MAX),
        };
        let bookable = rules.bookable_span(now);
        let span = visit_type.and(Interval::new(asked.start.max(bookable.start), asked.end.min(bookable.end)));
        Ok(Self { rules, visit_type, from, to, span })
    }

    /// The rooms and devices that matter.
    pub(super) fn rooms(&self) -> Vec<ResourceId> {
        self.visit_type.map(|visit_type| self.rules.resources_for(visit_type)).unwrap_or_default()
    }

    /// What is left beside what is taken.
    pub(super) fn free(&self, busy: &Occupied, now: Timestamp) -> FreeSlots {
        let slots = match (self.visit_type, self.span) {
            (Some(visit_type), Some(_)) => self.rules.free_slots(visit_type, busy, now, self.from, self.to),
            _ => Vec::new(),
        };
        let zones = self.rules.clinics.iter().map(|clinic| (clinic.id, clinic.time_zone.clone())).collect();
        let notice = SignedDuration::from_mins(i64::from(self.rules.minimum_notice_minutes));
        let valid_until = slots.first().and_then(|first| first.starts_at.checked_sub(notice).ok());
        FreeSlots { slots, zones, valid_until, notice }
    }
}

#[cfg(test)]
mod tests {
    use kernel::StoppedClock;

    use super::super::ports::{MockAgendas, MockBusyTimes};
    use super::super::test_data::{date, nine_to_five, now};
    use super::*;

    fn list(agendas: MockAgendas, busy: MockBusyTimes) -> ListFreeSlots {
        ListFreeSlots { agendas: Arc::new(agendas), busy: Arc::new(busy), clock: Arc::new(StoppedClock::at(now())) }
    }

    fn query(doctor: DoctorId, from: &str, to: &str) -> SlotsQuery {
        SlotsQuery { doctor, visit_type: None, from: Some(date(from)), to: Some(date(to)) }
    }

    #[tokio::test]
    async fn what_is_taken_is_not_listed() {
        let rules = nine_to_five();
        let doctor = rules.doctor;
        let mut agendas = MockAgendas::new();
        agendas.expect_rules().returning(move |_| Ok(Some(rules.clone())));
        let mut busy = MockBusyTimes::new();
        busy.expect_busy().times(1).returning(|_, span, _| {
            let taken = Interval::new("2027-03-02T14:00:00Z".parse().unwrap(), "2027-03-02T15:00:00Z".parse().unwrap())
                .unwrap();
            assert!(span.contains(&taken));
            Ok(vec![taken])
        });
        let free = list(agendas, busy).run(query(doctor, "2027-03-02", "2027-03-02")).await.unwrap();
        // 16 half hours from nine to five in New York, less the first two.
        assert_eq!(free.slots.len(), 14);
        assert_eq!(free.slots[0].starts_at, "2027-03-02T15:00:00Z".parse().unwrap());
    }

    #[tokio::test]
    async fn days_that_cannot_be_booked_are_empty_without_asking_who_is_busy() {
        let rules = nine_to_five();
        let doctor = rules.doctor;
        let mut agendas = MockAgendas::new();
        agendas.expect_rules().returning(move |_| Ok(Some(rules.clone())));
        let mut busy = MockBusyTimes::new();
        busy.expect_busy().never();
        let past = list(agendas, busy).run(query(doctor, "2026-01-05", "2026-01-09")).await.unwrap();
        assert_eq!(past.slots, []);
    }

    #[tokio::test]
    async fn a_range_is_at_most_31_days_and_runs_forward() {
        for (from, to, expected) in [
            ("2027-03-01", "2027-04-01", "the range is too long"),
            ("2027-03-02", "2027-03-01", "the range ends before it begins"),
        ] {
            let rules = nine_to_five();
            let doctor = rules.doctor;
            let mut agendas = MockAgendas::new();
            agendas.expect_rules().returning(move |_| Ok(Some(rules.clone())));
            let refused = list(agendas, MockBusyTimes::new()).run(query(doctor, from, to)).await.unwrap_err();
            assert_eq!(refused.to_string(), expected);
        }
    }

    #[tokio::test]
    async fn an_inactive_doctor_is_an_unknown_one() {
        let mut rules = nine_to_five();
        rules.active = false;
        let doctor = rules.doctor;
        let mut agendas = MockAgendas::new();
        agendas.expect_rules().returning(move |_| Ok(Some(rules.clone())));
        let refused = list(agendas, MockBusyTimes::new()).run(query(doctor, "2027-03-02", "2027-03-02")).await;
        assert!(matches!(refused, Err(SlotsError::UnknownDoctor)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_visit_type_of_somebody_else_is_unknown() {
        let rules = nine_to_five();
        let doctor = rules.doctor;
        let mut agendas = MockAgendas::new();
        agendas.expect_rules().returning(move |_| Ok(Some(rules.clone())));
        let foreign = SlotsQuery { visit_type: Some(VisitTypeId::mint()), ..query(doctor, "2027-03-02", "2027-03-02") };
        let refused = list(agendas, MockBusyTimes::new()).run(foreign).await;
        assert!(matches!(refused, Err(SlotsError::UnknownVisitType)), "{refused:?}");
    }
}
