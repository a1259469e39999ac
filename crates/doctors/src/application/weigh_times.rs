use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{ClinicId, DoctorId, Interval, PortFailure, VisitTypeId};

use super::occupied::occupied;
use super::offer_slot::Offered;
use super::ports::{Agendas, BusyTimes};
use crate::domain::{Obstacle, Occupied, Rules, Slot, VisitType};

/// Around the times in question so many minutes more are looked at: what began before, and where other times are
/// proposed.
const MARGIN_MINUTES: (u16, u16) = (24 * 60, 9 * 24 * 60);

/// Which times of a doctor can be booked, one beside the other?
#[derive(Debug, Clone)]
pub struct TimesQuestion {
    /// Whose times.
    pub doctor: DoctorId,
    /// What for; the doctor's default when left out.
    pub visit_type: Option<VisitTypeId>,
    /// The starts.
    pub starts: Vec<Timestamp>,
    /// How many days ahead may be booked at least, whatever the doctor's own horizon is.
    pub horizon_days: u32,
    /// When the patient is elsewhere.
    pub elsewhere: Vec<Interval>,
    /// Stretches that look taken and are kept for who asks.
    pub kept: Vec<Interval>,
    /// How many other times are named for each that cannot be booked.
    pub alternatives: usize,
}

/// What stands in the way of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hurdle {
    /// A rule, or another visit.
    Obstacle(Obstacle),
    /// The patient is elsewhere.
    Elsewhere,
}

/// What is to be said of one time.
#[derive(Debug, Clone, PartialEq)]
pub struct WeighedTime {
    /// The start.
    pub starts_at: Timestamp,
    /// The end of a visit of that kind.
    pub ends_at: Timestamp,
    /// What is offered, or what stands in the way.
    pub answer: Result<Offered, Hurdle>,
    /// Free times near it, where it cannot be booked.
    pub near: Vec<(Slot, TimeZone)>,
}

/// Why nothing can be said of any time.
#[derive(Debug, thiserror::Error)]
pub enum TimesError {
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

/// Says which of many times can be booked one beside the other, and what is free near those that cannot.
pub struct WeighTimes {
    /// The rules.
    pub agendas: Arc<dyn Agendas>,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
}

impl WeighTimes {
    /// Where a visit at `first` would be, and the zone of the clock there; the doctor's home clinic when it cannot be
    /// booked.
    ///
    /// # Errors
    /// See [`TimesError`].
    pub async fn place(
        &self,
        asked: &TimesQuestion,
        first: Timestamp,
        now: Timestamp,
    ) -> Result<(ClinicId, TimeZone), TimesError> {
        let rules = self.rules(asked).await?;
        let visit_type = chosen(&rules, asked)?;
        let clinic = rules.check(visit_type, first, now).map_or(rules.home_clinic, |slot| slot.clinic);
        Ok((clinic, rules.time_zone(clinic).cloned().unwrap_or(TimeZone::UTC)))
    }

    /// Weighs the times, in their order. Of two that get in each other's way the first is free.
    ///
    /// # Errors
    /// See [`TimesError`].
    pub async fn run(&self, asked: &TimesQuestion, now: Timestamp) -> Result<Vec<WeighedTime>, TimesError> {
        let rules = self.rules(asked).await?;
        let visit_type = chosen(&rules, asked)?;
        let (first, last) = (asked.starts.iter().min(), asked.starts.iter().max());
        let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
        let (before, after) = MARGIN_MINUTES;
        let span = Interval { start: *first, end: *last }.widened(before, after);
        let mut taken = occupied(&*self.busy, &rules, visit_type, span, now).await?;
        for kept in &asked.kept {
            if let Some(at) = taken.doctor.iter().position(|taken| taken == kept) {
                taken.doctor.swap_remove(at);
                // Its room as well; which one of those that are taken just then does not matter.
                if let Some(at) = taken.resources.iter().position(|(_, taken)| taken == kept) {
                    taken.resources.swap_remove(at);
                }
            }
        }
        let mut weighed = Vec::with_capacity(asked.starts.len());
        for start in &asked.starts {
            let answer = weigh(&rules, visit_type, *start, (&taken, &asked.elsewhere), now);
            if let Ok(offered) = &answer {
                let room = rules.resource_free(visit_type, offered.slot.clinic, offered.blocked, &taken);
                taken.resources.extend(room.ok().flatten().map(|room| (room, offered.blocked)));
                taken.doctor.push(offered.blocked);
            }
            let ends_at = start.saturating_add(visit_type_length(visit_type)).unwrap_or(Timestamp::MAX);
            weighed.push(WeighedTime { starts_at: *start, ends_at, answer, near: Vec::new() });
        }
        let wishes: Vec<Timestamp> =
            weighed.iter().filter(|time| time.answer.is_err()).map(|time| time.starts_at).collect();
        let near = rules.near(visit_type, &wishes, (&taken, &asked.elsewhere), now, asked.alternatives);
        let zone = |slot: &Slot| rules.time_zone(slot.clinic).cloned().unwrap_or(TimeZone::UTC);
        for (time, slots) in weighed.iter_mut().filter(|time| time.answer.is_err()).zip(near) {
            time.near = slots.into_iter().map(|slot| (slot, zone(&slot))).collect();
        }
        Ok(weighed)
    }

    async fn rules(&self, asked: &TimesQuestion) -> Result<Rules, TimesError> {
        let rules = self.agendas.rules(asked.doctor).await?.filter(|rules| rules.active);
        let rules = rules.ok_or(TimesError::UnknownDoctor)?;
        Ok(Rules { horizon_days: rules.horizon_days.max(asked.horizon_days), ..rules })
    }
}

fn chosen<'a>(rules: &'a Rules, asked: &TimesQuestion) -> Result<&'a VisitType, TimesError> {
    let visit_type = match asked.visit_type {
        Some(id) => rules.visit_type(id),
        None => rules.default_visit_type(),
    };
    visit_type.ok_or(TimesError::UnknownVisitType)
}

fn visit_type_length(visit_type: &VisitType) -> jiff::SignedDuration {
    jiff::SignedDuration::from_mins(i64::from(visit_type.duration_minutes))
}

fn weigh(
    rules: &Rules,
    visit_type: &VisitType,
    start: Timestamp,
    (taken, elsewhere): (&Occupied, &[Interval]),
    now: Timestamp,
) -> Result<Offered, Hurdle> {
    let slot = rules.explain(visit_type, start, taken, now).map_err(Hurdle::Obstacle)?;
    if elsewhere.iter().any(|there| there.overlaps(&slot.interval())) {
        return Err(Hurdle::Elsewhere);
    }
    let time_zone = rules.time_zone(slot.clinic).cloned().unwrap_or(TimeZone::UTC);
    let blocked = rules.blocked_by(&slot);
    let resources = rules.resources_at(visit_type, slot.clinic).cloned().collect();
    let visit_type = visit_type.clone();
    Ok(Offered { slot, blocked, visit_type, time_zone, edition: rules.edition, resources })
}

#[cfg(test)]
mod tests {
    use super::super::ports::{MockAgendas, MockBusyTimes};
    use super::super::test_data::{nine_to_five, now};
    use super::*;
    use crate::domain::Refusal;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn half_hour(start: &str) -> Interval {
        let start = at(start);
        Interval { start, end: start + jiff::SignedDuration::from_mins(30) }
    }

    fn question(rules: &Rules, starts: &[&str]) -> TimesQuestion {
        TimesQuestion {
            doctor: rules.doctor,
            visit_type: None,
            starts: starts.iter().map(|start| at(start)).collect(),
            horizon_days: 0,
            elsewhere: Vec::new(),
            kept: Vec::new(),
            alternatives: 2,
        }
    }

    async fn weighed(rules: &Rules, busy: Vec<Interval>, asked: &TimesQuestion) -> Vec<WeighedTime> {
        let (known, mut agendas, mut taken) = (rules.clone(), MockAgendas::new(), MockBusyTimes::new());
        agendas.expect_rules().returning(move |_| Ok(Some(known.clone())));
        taken.expect_busy().times(1).returning(move |_, _, _| Ok(busy.clone()));
        WeighTimes { agendas: Arc::new(agendas), busy: Arc::new(taken) }.run(asked, now()).await.unwrap()
    }

    fn words(times: &[WeighedTime]) -> Vec<&'static str> {
        let word = |time: &WeighedTime| match time.answer {
            Ok(_) => "free",
            Err(Hurdle::Obstacle(obstacle)) => obstacle.word(),
            Err(Hurdle::Elsewhere) => "elsewhere",
        };
        times.iter().map(word).collect()
    }

    #[tokio::test]
    async fn each_time_is_told_free_or_by_what_it_is_hindered() {
        let rules = nine_to_five();
        let (one, two, three) = ("2027-03-02T10:00:00-05:00", "2027-03-09T10:00:00-05:00", "2027-03-16T10:00:00-04:00");
        let late = "2027-03-16T19:00:00-04:00";
        let mut asked = question(&rules, &[one, two, three, late, one]);
        asked.elsewhere = vec![half_hour(three)];
        let times = weighed(&rules, vec![half_hour(two)], &asked).await;
        assert_eq!(words(&times), ["free", "busy", "elsewhere", "weekly-hours", "busy"]);
        let near: Vec<Timestamp> = times[1].near.iter().map(|(slot, _)| slot.starts_at).collect();
        assert_eq!(near, [at("2027-03-09T09:30:00-05:00"), at("2027-03-09T10:30:00-05:00")]);
        assert!(times[0].near.is_empty());
        assert_eq!(times[3].ends_at, at("2027-03-16T19:30:00-04:00"));
    }

    #[tokio::test]
    async fn what_is_kept_for_who_asks_is_free_to_them_and_a_wider_horizon_opens_later_days() {
        let rules = nine_to_five();
        let (near, far) = ("2027-03-02T10:00:00-05:00", "2028-03-07T10:00:00-05:00");
        let mut asked = question(&rules, &[near, far]);
        let refused = weighed(&rules, vec![half_hour(near)], &asked).await;
        assert_eq!(words(&refused), ["busy", "horizon"]);
        assert!(matches!(refused[1].answer, Err(Hurdle::Obstacle(Obstacle::Rule(Refusal::TooFarAhead { .. })))));
        (asked.kept, asked.horizon_days) = (vec![half_hour(near)], 1827);
        assert_eq!(words(&weighed(&rules, vec![half_hour(near)], &asked).await), ["free", "free"]);
    }
}
