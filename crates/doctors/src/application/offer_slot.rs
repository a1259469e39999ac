use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use kernel::{DoctorId, Interval, PortFailure, VisitTypeId};

use super::ports::Agendas;
use crate::domain::{Refusal, Resource, Rules, Slot, VisitType};

/// When somebody wants to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestedStart {
    /// An instant.
    Instant(Timestamp),
    /// A reading of the wall clock of the doctor's home clinic.
    Local(DateTime),
}

/// May this time be booked?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OfferQuestion {
    /// Whose time.
    pub doctor: DoctorId,
    /// What for; when left out, the doctor's default, or the first of `duration_minutes`.
    pub visit_type: Option<VisitTypeId>,
    /// When.
    pub start: RequestedStart,
    /// How long; must be the visit type's duration when both are given.
    pub duration_minutes: Option<u16>,
}

/// It may: this is what is offered.
#[derive(Debug, Clone, PartialEq)]
pub struct Offered {
    /// The time.
    pub slot: Slot,
    /// The time with its buffers.
    pub blocked: Interval,
    /// What for.
    pub visit_type: VisitType,
    /// Zone of the clinic.
    pub time_zone: TimeZone,
    /// By which edition of the doctor's rules, see [`Rules::edition`].
    pub edition: i64,
    /// One of these rooms or devices is taken with it, the first that is free; none are needed where it is empty.
    pub resources: Vec<Resource>,
}

/// It may not.
#[derive(Debug, thiserror::Error)]
pub enum OfferError {
    /// No active doctor has this id.
    #[error("unknown doctor")]
    UnknownDoctor,
    /// The doctor does not offer this visit type.
    #[error("unknown visit type")]
    UnknownVisitType,
    /// The doctor offers no visit of this length, or not of this visit type.
    #[error("no visit of this duration")]
    UnknownDuration,
    /// The clocks of the clinic never show this time.
    #[error("nonexistent local time")]
    NonexistentLocalTime,
    /// The clocks of the clinic show this time twice.
    #[error("ambiguous local time")]
    AmbiguousLocalTime,
    /// A rule refuses.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Says what a doctor offers at a given time, going by the rules alone: who is first is the store's to decide.
pub struct OfferSlot {
    /// The rules.
    pub agendas: Arc<dyn Agendas>,
}

impl OfferSlot {
    /// Answers the question.
    ///
    /// # Errors
    /// See [`OfferError`].
    pub async fn run(&self, question: OfferQuestion, now: Timestamp) -> Result<Offered, OfferError> {
        let rules =
            self.agendas.rules(question.doctor).await?.filter(|rules| rules.active).ok_or(OfferError::UnknownDoctor)?;
        let visit_type = chosen(&rules, question)?;
        let starts_at = match question.start {
            RequestedStart::Instant(instant) => instant,
            RequestedStart::Local(reading) => instant_of(&rules, reading)?,
        };
        let slot = rules.check(visit_type, starts_at, now)?;
        Ok(Offered::of(&rules, visit_type, slot))
    }
}

impl Offered {
    /// That slot by these rules.
    pub(super) fn of(rules: &Rules, visit_type: &VisitType, slot: Slot) -> Self {
        let time_zone = rules.time_zone(slot.clinic).cloned().unwrap_or(TimeZone::UTC);
        let blocked = slot.interval().widened(visit_type.buffer_before, visit_type.buffer_after);
        let resources = rules.resources_at(visit_type, slot.clinic).cloned().collect();
        Self { slot, blocked, visit_type: visit_type.clone(), time_zone, edition: rules.edition, resources }
    }
}

pub(super) fn chosen(rules: &Rules, question: OfferQuestion) -> Result<&VisitType, OfferError> {
    let lasts = |visit_type: &&VisitType| {
        question.duration_minutes.is_none_or(|minutes| visit_type.duration_minutes == minutes)
    };
    match question.visit_type {
        Some(id) => {
            let visit_type = rules.visit_type(id).ok_or(OfferError::UnknownVisitType)?;
            Some(visit_type).filter(lasts).ok_or(OfferError::UnknownDuration)
        }
        None if question.duration_minutes.is_none() => rules.default_visit_type().ok_or(OfferError::UnknownVisitType),
        None => rules
            .default_visit_type()
            .filter(lasts)
            .or_else(|| rules.visit_types.iter().find(lasts))
            .ok_or(OfferError::UnknownDuration),
    }
}

pub(super) fn instant_of(rules: &Rules, reading: DateTime) -> Result<Timestamp, OfferError> {
    let zone = rules.time_zone(rules.home_clinic).cloned().unwrap_or(TimeZone::UTC);
    match zone.to_ambiguous_timestamp(reading).offset() {
        AmbiguousOffset::Gap { .. } => Err(OfferError::NonexistentLocalTime),
        AmbiguousOffset::Fold { .. } => Err(OfferError::AmbiguousLocalTime),
        AmbiguousOffset::Unambiguous { offset } => {
            offset.to_timestamp(reading).map_err(|_| OfferError::NonexistentLocalTime)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ports::MockAgendas;
    use super::super::test_data::{nine_to_five, now};
    use super::*;

    async fn ask(
        rules: &Rules,
        start: RequestedStart,
        change: impl Fn(&mut OfferQuestion),
    ) -> Result<Offered, OfferError> {
        let mut agendas = MockAgendas::new();
        let known = rules.clone();
        agendas.expect_rules().returning(move |_| Ok(Some(known.clone())));
        let mut question = OfferQuestion { doctor: rules.doctor, visit_type: None, start, duration_minutes: None };
        change(&mut question);
        OfferSlot { agendas: Arc::new(agendas) }.run(question, now()).await
    }

    fn instant(text: &str) -> RequestedStart {
        RequestedStart::Instant(text.parse().unwrap())
    }

    fn local(text: &str) -> RequestedStart {
        RequestedStart::Local(text.parse().unwrap())
    }

    #[tokio::test]
    async fn an_instant_and_the_clinics_own_reading_of_it_give_the_same_offer() {
        let rules = nine_to_five();
        let one = ask(&rules, instant("2027-03-02T09:30:00-05:00"), |_| ()).await.unwrap();
        let two = ask(&rules, local("2027-03-02T09:30:00"), |_| ()).await.unwrap();
        assert_eq!(one, two);
        assert_eq!(one.slot.ends_at, "2027-03-02T10:00:00-05:00".parse().unwrap());
    }

    #[tokio::test]
    async fn a_reading_the_clocks_skip_or_show_twice_is_refused_by_name() {
        let rules = nine_to_five();
        assert!(matches!(
            ask(&rules, local("2027-03-14T02:30:00"), |_| ()).await,
            Err(OfferError::NonexistentLocalTime)
        ));
        assert!(matches!(ask(&rules, local("2027-11-07T01:30:00"), |_| ()).await, Err(OfferError::AmbiguousLocalTime)));
    }

    #[tokio::test]
    async fn a_duration_picks_the_visit_type_that_lasts_so_long() {
        let rules = nine_to_five();
        let hour = ask(&rules, instant("2027-03-02T15:00:00Z"), |question| question.duration_minutes = Some(60))
            .await
            .unwrap();
        assert_eq!(hour.visit_type.name, "Check-up");
        let odd = ask(&rules, instant("2027-03-02T15:00:00Z"), |question| question.duration_minutes = Some(25)).await;
        assert!(matches!(odd, Err(OfferError::UnknownDuration)), "{odd:?}");
        let default = rules.visit_types[0].id;
        let clash = ask(&rules, instant("2027-03-02T15:00:00Z"), |question| {
            question.visit_type = Some(default);
            question.duration_minutes = Some(60);
        });
        assert!(matches!(clash.await, Err(OfferError::UnknownDuration)));
    }

    #[tokio::test]
    async fn the_rule_that_refuses_is_named() {
        let rules = nine_to_five();
        for (start, rule) in [
            ("2027-03-02T18:00:00-05:00", "weekly-hours"),
            ("2027-03-02T09:10:00-05:00", "grid"),
            ("2027-02-01T09:00:00-05:00", "present"),
            ("2027-03-01T05:30:00-05:00", "minimum-notice"),
            ("2027-09-01T09:00:00-04:00", "horizon"),
        ] {
            match ask(&rules, instant(start), |_| ()).await {
                Err(OfferError::Refused(refusal)) => assert_eq!(refusal.rule(), rule, "{start}"),
                other => panic!("{start}: {other:?}"),
            }
        }
    }
}
