use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use kernel::{Caller, Clock, DoctorId, Interval, PortFailure, VisitTypeId};

use super::occupied::occupied;
use super::ports::{Agendas, BusyTimes};
use super::practice::{Practice, runs_calendar};
use crate::domain::{
    DayOverride, Holiday, Obstacle, Occupied, Refusal, Rules, Slot, TimeOff, VisitType, WeeklyBreak, WeeklyHours,
};

/// How many other times are named.
const NEXT: usize = 3;

/// Why there is no explanation.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// No active doctor has this id.
    #[error("unknown doctor")]
    UnknownDoctor,
    /// The doctor does not offer this visit type.
    #[error("unknown visit type")]
    UnknownVisitType,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// What exactly stands in the way, for those who run the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// So many minutes ahead at least.
    Notice(u32),
    /// So many days ahead at most.
    Horizon(u32),
    /// The hours of that weekday, none of which holds the visit; also where they are kept for other visit types.
    Hours(Vec<WeeklyHours>),
    /// The breaks of that date.
    Breaks(Vec<WeeklyBreak>),
    /// The hours of that date.
    Override(DayOverride),
    /// The holidays of that date.
    Holidays(Vec<Holiday>),
    /// Visits begin every so many minutes from the opening on.
    Grid(u16),
    /// The time off that is touched.
    TimeOff(Vec<TimeOff>),
    /// What is taken, buffers included.
    Taken(Vec<Interval>),
    /// The rooms or devices that would do, by name, each with when it is taken around that time; none where the clinic has
    /// none. Whose visits take them is not told.
    Resources(Vec<(String, Vec<Interval>)>),
}

/// Whether a time can be booked, and what stands in its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// The slot, or the first obstacle.
    pub answer: Result<Slot, Obstacle>,
    /// What it is exactly; only for those who run the calendar.
    pub detail: Option<Detail>,
    /// The next free times from then on, each with the zone of its clinic.
    pub next: Vec<(Slot, TimeZone)>,
    /// The zone of the clinic that is meant first.
    pub time_zone: TimeZone,
}

/// Tells why a time can be booked or not.
pub struct ExplainSlot {
    /// The rules.
    pub agendas: Arc<dyn Agendas>,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
    /// Who runs which calendar, and what stands in it.
    pub practice: Arc<dyn Practice>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ExplainSlot {
    /// Explains; without a visit type for the doctor's default.
    ///
    /// # Errors
    /// See [`ExplainError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        visit_type: Option<VisitTypeId>,
        starts_at: Timestamp,
    ) -> Result<Explained, ExplainError> {
        let now = self.clock.now();
        let rules = self.agendas.rules(doctor).await?.filter(|rules| rules.active);
        let rules = rules.ok_or(ExplainError::UnknownDoctor)?;
        let visit_type = match visit_type {
            Some(id) => rules.visit_type(id),
            None => rules.default_visit_type(),
        };
        let visit_type = visit_type.ok_or(ExplainError::UnknownVisitType)?;
        let bookable = rules.bookable_span(now);
        let from = bookable.start.max(starts_at).min(bookable.end);
        // A visit that began before may still take the first minutes.
        let span = Interval { start: from, end: bookable.end }.widened(720, 0);
        let busy = if from < bookable.end {
            occupied(&*self.busy, &rules, visit_type, span, now).await?
        } else {
            Occupied::default()
        };
        let answer = rules.explain(visit_type, starts_at, &busy, now);
        let next = rules.next_free(visit_type, &busy, now, starts_at.max(now), NEXT);
        let zone = |slot: &Slot| rules.time_zone(slot.clinic).cloned().unwrap_or(TimeZone::UTC);
        let next = next.into_iter().map(|slot| (slot, zone(&slot))).collect();
        let time_zone = rules.time_zone(rules.home_clinic).cloned().unwrap_or(TimeZone::UTC);
        let detail = match answer {
            Err(obstacle) if self.may(caller, doctor).await? => {
                let local = time_zone.to_datetime(starts_at);
                let day = (local.date(), local.weekday());
                self.detail(&rules, visit_type, obstacle, (starts_at, day), &busy, now).await?
            }
            Ok(_) | Err(_) => None,
        };
        Ok(Explained { answer, detail, next, time_zone })
    }

    async fn may(&self, caller: &Caller, doctor: DoctorId) -> Result<bool, PortFailure> {
        if caller.role().is_none() {
            return Ok(false);
        }
        Ok(self.practice.doctor(doctor).await?.is_some_and(|doctor| runs_calendar(caller, &doctor)))
    }

    async fn detail(
        &self,
        rules: &Rules,
        visit_type: &VisitType,
        obstacle: Obstacle,
        (starts_at, (date, weekday)): (Timestamp, (Date, Weekday)),
        busy: &Occupied,
        now: Timestamp,
    ) -> Result<Option<Detail>, PortFailure> {
        let end = starts_at.checked_add(jiff::SignedDuration::from_mins(i64::from(visit_type.duration_minutes)));
        let visit = Interval { start: starts_at, end: end.unwrap_or(Timestamp::MAX) };
        let blocked = visit.widened(visit_type.buffer_before, visit_type.buffer_after);
        Ok(match obstacle {
            Obstacle::Rule(Refusal::Inactive | Refusal::InThePast) => None,
            Obstacle::Rule(Refusal::TooSoon { minimum_notice_minutes }) => Some(Detail::Notice(minimum_notice_minutes)),
            Obstacle::Rule(Refusal::TooFarAhead { horizon_days }) => Some(Detail::Horizon(horizon_days)),
            Obstacle::Rule(Refusal::OutsideHours | Refusal::NotThisVisitType) => {
                let that_day = rules.weekly_hours.iter().filter(|hours| hours.weekday == weekday);
                let holding = that_day.filter(|hours| {
                    hours.valid_from.is_none_or(|from| from <= date) && hours.valid_until.is_none_or(|to| date <= to)
                });
                Some(Detail::Hours(holding.cloned().collect()))
            }
            Obstacle::Rule(Refusal::Break) => {
                let that_day = rules.breaks.iter().filter(|pause| pause.holds_on(date, weekday));
                Some(Detail::Breaks(that_day.cloned().collect()))
            }
            Obstacle::Rule(Refusal::Closed | Refusal::OutsideDayHours) => {
                rules.overrides.iter().find(|day| day.date == date).cloned().map(Detail::Override)
            }
            Obstacle::Rule(Refusal::Holiday) => {
                Some(Detail::Holidays(rules.holidays.iter().filter(|day| day.date == date).copied().collect()))
            }
            Obstacle::Rule(Refusal::OffTheGrid) => Some(Detail::Grid(visit_type.grid_minutes)),
            Obstacle::Rule(Refusal::TimeOff) => {
                let mut away = self.practice.time_off(rules.doctor, now).await?;
                away.retain(|away| away.span.overlaps(&visit));
                Some(Detail::TimeOff(away))
            }
            Obstacle::Rule(Refusal::NoResource) => Some(Detail::Resources(Vec::new())),
            Obstacle::Resource => {
                let clinic = rules.check(visit_type, starts_at, now).map_or(rules.home_clinic, |slot| slot.clinic);
                Some(Detail::Resources(rules.resources_taken(visit_type, clinic, blocked, busy)))
            }
            Obstacle::Busy | Obstacle::Buffer => {
                Some(Detail::Taken(busy.doctor.iter().filter(|taken| taken.overlaps(&blocked)).copied().collect()))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, StoppedClock, UserId};

    use super::super::ports::{MockAgendas, MockBusyTimes};
    use super::super::practice::MockPractice;
    use super::super::practice::test_data::doctor_at;
    use super::super::test_data::{nine_to_five, now};
    use super::*;

    fn explain(rules: &Rules, busy: Vec<Interval>, home: ClinicId) -> ExplainSlot {
        let (rules, doctor) = (rules.clone(), doctor_at(home));
        let mut agendas = MockAgendas::new();
        agendas.expect_rules().returning(move |_| Ok(Some(rules.clone())));
        let mut taken = MockBusyTimes::new();
        taken.expect_busy().returning(move |_, _, _| Ok(busy.clone()));
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        ExplainSlot {
            agendas: Arc::new(agendas),
            busy: Arc::new(taken),
            practice: Arc::new(practice),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    #[tokio::test]
    async fn only_who_runs_the_calendar_hears_what_is_taken() {
        let (rules, home) = (nine_to_five(), ClinicId::mint());
        let start: Timestamp = "2027-03-02T15:00:00Z".parse().unwrap();
        let busy = vec![Interval { start, end: start + jiff::SignedDuration::from_mins(30) }];
        let asked = async |caller: Caller| {
            explain(&rules, busy.clone(), home).run(&caller, rules.doctor, None, start).await.unwrap()
        };
        let desk = asked(Caller::staff(UserId::mint(), vec![home])).await;
        assert_eq!((desk.answer, desk.detail), (Err(Obstacle::Busy), Some(Detail::Taken(busy.clone()))));
        assert_eq!(desk.next.len(), NEXT);
        assert_eq!(desk.next[0].0.starts_at, busy[0].end);
        for stranger in [
            Caller::guest(),
            Caller::patient(UserId::mint()),
            Caller::staff(UserId::mint(), vec![ClinicId::mint()]),
            Caller::doctor(UserId::mint(), DoctorId::mint(), vec![home]),
        ] {
            let told = asked(stranger).await;
            assert_eq!((told.answer, told.detail), (Err(Obstacle::Busy), None));
        }
    }

    #[tokio::test]
    async fn a_time_long_gone_or_far_ahead_is_explained_without_asking_what_is_taken() {
        let rules = nine_to_five();
        let guest = Caller::guest();
        for (at, obstacle) in [
            ("2020-03-02T15:00:00Z", Refusal::InThePast),
            ("2037-03-02T15:00:00Z", Refusal::TooFarAhead { horizon_days: rules.horizon_days }),
        ] {
            let told = explain(&rules, Vec::new(), ClinicId::mint());
            let told = told.run(&guest, rules.doctor, None, at.parse().unwrap()).await.unwrap();
            assert_eq!(told.answer, Err(Obstacle::Rule(obstacle)));
        }
    }
}
