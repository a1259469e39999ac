use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::{ClinicId, DoctorId, Interval, VisitTypeId};

use super::occupied::occupied;
use super::offer_slot::{OfferError, OfferQuestion, Offered, RequestedStart, chosen, instant_of};
use super::ports::{Agendas, BusyTimes};
use crate::domain::{Reach, Refusal, Slot};

/// So many days ahead a front desk may put a visit outside the doctor's hours.
pub const FARTHEST_DAYS: u32 = 366;
/// A visit may have begun so long ago when it is written down.
const LATE_ENTRY: SignedDuration = SignedDuration::from_mins(15);
/// Nothing that blocks time reaches farther.
const WIDEST: u16 = 720;

/// When could somebody who is there be seen?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GapQuestion {
    /// By whom.
    pub doctor: DoctorId,
    /// What for; the doctor's default when left out.
    pub visit_type: Option<VisitTypeId>,
    /// Where.
    pub clinic: ClinicId,
    /// Where to look.
    pub reach: Reach,
}

/// Finds times for front desks, which may go beyond the rules that patients are held to.
pub struct DeskTimes {
    /// The rules.
    pub agendas: Arc<dyn Agendas>,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
}

impl DeskTimes {
    /// A time outside the doctor's hours, notice, horizon and grid: on a whole minute, begun at most fifteen minutes ago,
    /// at most [`FARTHEST_DAYS`] ahead; at `clinic`, or where the doctor is listed. Who is first is the store's to decide.
    ///
    /// # Errors
    /// See [`OfferError`].
    pub async fn any_time(
        &self,
        question: OfferQuestion,
        clinic: Option<ClinicId>,
        now: Timestamp,
    ) -> Result<Offered, OfferError> {
        let rules = self.agendas.rules(question.doctor).await?.filter(|rules| rules.active);
        let rules = rules.ok_or(OfferError::UnknownDoctor)?;
        let visit_type = chosen(&rules, question)?;
        let clinic = clinic.unwrap_or(rules.home_clinic);
        if rules.time_zone(clinic).is_none() {
            return Err(Refusal::OutsideHours.into());
        }
        let starts_at = match question.start {
            RequestedStart::Instant(instant) => instant,
            RequestedStart::Local(reading) => instant_of(&rules, reading)?,
        };
        if starts_at < now.checked_sub(LATE_ENTRY).unwrap_or(now) {
            return Err(Refusal::InThePast.into());
        }
        let days = SignedDuration::from_hours(24 * i64::from(FARTHEST_DAYS));
        let length = SignedDuration::from_mins(i64::from(visit_type.duration_minutes));
        let ends_at = starts_at.checked_add(length).ok().filter(|_| starts_at.duration_since(now) <= days);
        let ends_at = ends_at.ok_or(Refusal::TooFarAhead { horizon_days: FARTHEST_DAYS })?;
        if starts_at.as_second() % 60 != 0 || starts_at.subsec_nanosecond() != 0 {
            return Err(Refusal::OffTheGrid.into());
        }
        Ok(Offered::of(&rules, visit_type, Slot { starts_at, ends_at, visit_type: visit_type.id, clinic }))
    }

    /// The earliest time today at which somebody who is there can be seen ([`crate::domain::Rules::gap`]); nothing when
    /// the day is full.
    ///
    /// # Errors
    /// See [`OfferError`].
    pub async fn gap(&self, question: GapQuestion, now: Timestamp) -> Result<Option<Offered>, OfferError> {
        let GapQuestion { doctor, visit_type, clinic, reach } = question;
        let rules = self.agendas.rules(doctor).await?.filter(|rules| rules.active);
        let rules = rules.ok_or(OfferError::UnknownDoctor)?;
        if rules.time_zone(clinic).is_none() {
            return Err(OfferError::UnknownDoctor);
        }
        let asked = OfferQuestion { doctor, visit_type, start: RequestedStart::Instant(now), duration_minutes: None };
        let visit_type = chosen(&rules, asked)?;
        let busy = occupied(&*self.busy, &rules, visit_type, rest_of_day(now), now).await?;
        let slot = rules.gap(visit_type, clinic, &busy, now, reach);
        Ok(slot.map(|slot| Offered::of(&rules, visit_type, slot)))
    }
}

/// A stretch that covers the rest of the day in every zone, and what reaches into it.
fn rest_of_day(now: Timestamp) -> Interval {
    let end = now.checked_add(SignedDuration::from_hours(26)).unwrap_or(Timestamp::MAX);
    Interval { start: now, end }.widened(WIDEST, WIDEST)
}

#[cfg(test)]
mod tests {
    use super::super::ports::{MockAgendas, MockBusyTimes};
    use super::super::test_data::{nine_to_five, now};
    use super::*;
    use crate::domain::Rules;

    fn times(rules: &Rules, busy: Vec<Interval>) -> DeskTimes {
        let mut agendas = MockAgendas::new();
        let known = rules.clone();
        agendas.expect_rules().returning(move |id| Ok((id == known.doctor).then(|| known.clone())));
        let mut taken = MockBusyTimes::new();
        taken.expect_busy().returning(move |_, _, _| Ok(busy.clone()));
        DeskTimes { agendas: Arc::new(agendas), busy: Arc::new(taken) }
    }

    async fn any_time(rules: &Rules, start: &str, clinic: Option<ClinicId>) -> Result<Offered, OfferError> {
        let start = RequestedStart::Instant(start.parse().unwrap());
        let question = OfferQuestion { doctor: rules.doctor, visit_type: None, start, duration_minutes: None };
        times(rules, Vec::new()).any_time(question, clinic, now()).await
    }

    #[tokio::test]
    async fn a_front_desk_goes_beyond_hours_notice_grid_and_horizon() {
        let rules = nine_to_five();
        for start in
            ["2027-03-01T10:05:00Z", "2027-03-01T09:45:00Z", "2027-03-06T03:17:00-05:00", "2027-12-24T21:00:00-05:00"]
        {
            let offered = any_time(&rules, start, None).await.unwrap();
            assert_eq!(offered.slot.starts_at, start.parse().unwrap());
            assert_eq!((offered.slot.clinic, offered.slot.interval().length().as_mins()), (rules.home_clinic, 30));
        }
    }

    #[tokio::test]
    async fn what_is_long_past_too_far_off_a_minute_or_elsewhere_is_refused_by_name() {
        let rules = nine_to_five();
        for (start, clinic, rule) in [
            ("2027-03-01T09:44:00Z", None, "present"),
            ("2028-03-03T10:00:00Z", None, "horizon"),
            ("2027-03-01T12:00:30Z", None, "grid"),
            ("2027-03-01T15:00:00Z", Some(ClinicId::mint()), "weekly-hours"),
        ] {
            match any_time(&rules, start, clinic).await {
                Err(OfferError::Refused(refusal)) => assert_eq!(refusal.rule(), rule, "{start}"),
                other => panic!("{start}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn who_is_there_gets_the_first_gap_of_the_day_or_hears_that_there_is_none() {
        let rules = nine_to_five();
        let question = |reach| GapQuestion { doctor: rules.doctor, visit_type: None, clinic: rules.home_clinic, reach };
        let morning = Interval::new("2027-03-01T14:00:00Z".parse().unwrap(), "2027-03-01T15:10:00Z".parse().unwrap());
        let found = times(&rules, vec![morning.unwrap()]).gap(question(Reach::OpenHours), now()).await.unwrap();
        assert_eq!(found.unwrap().slot.starts_at, "2027-03-01T15:10:00Z".parse().unwrap());
        let full = Interval::new("2027-03-01T14:00:00Z".parse().unwrap(), "2027-03-01T22:00:00Z".parse().unwrap());
        let desk = times(&rules, vec![full.unwrap()]);
        assert_eq!(desk.gap(question(Reach::OpenHours), now()).await.unwrap(), None);
        assert_eq!(desk.gap(question(Reach::Today), now()).await.unwrap().unwrap().slot.starts_at, now());
        let elsewhere = GapQuestion { clinic: ClinicId::mint(), ..question(Reach::Today) };
        assert!(matches!(desk.gap(elsewhere, now()).await, Err(OfferError::UnknownDoctor)));
    }
}
