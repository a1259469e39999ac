//! What front desks ask of doctors' time beyond what patients are offered.

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{ClinicId, DoctorId, PortFailure, VisitTypeId};

use super::ports::{Ask, DoctorAgenda, NoOffer};
use crate::domain::Offer;

/// Leave to put a visit outside the doctor's hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideHours {
    /// Why, in the team's words; up to 500 characters.
    pub reason: String,
    /// Where; at the clinic under which the doctor is listed when left out.
    pub clinic: Option<ClinicId>,
}

/// Where to look for time for somebody who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapIn {
    /// In the doctor's hours.
    Hours,
    /// Anywhere before midnight.
    Today,
}

/// When can somebody who is there be seen?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GapAsked {
    /// By whom.
    pub doctor: DoctorId,
    /// What for; the doctor's default when left out.
    pub visit_type: Option<VisitTypeId>,
    /// Where.
    pub clinic: ClinicId,
    /// Where to look.
    pub within: GapIn,
}

/// Doctors' time as front desks may use it. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DeskAgenda: Send + Sync {
    /// That time, whatever hours, notice, grid and horizon say; at `clinic`, or where the doctor is listed.
    async fn any_time(
        &self,
        ask: &Ask,
        clinic: Option<ClinicId>,
        now: Timestamp,
    ) -> Result<Result<Offer, NoOffer>, PortFailure>;

    /// The earliest time of the clinic's day from now on that nobody has; nothing when the day is full.
    async fn gap(&self, asked: &GapAsked, now: Timestamp) -> Result<Result<Option<Offer>, NoOffer>, PortFailure>;
}

/// That time as the rules offer it or, where they do not and there is leave, outside the hours.
///
/// # Errors
/// When it cannot be found out.
pub(super) async fn offer_within_leave(
    agenda: &dyn DoctorAgenda,
    desk: &dyn DeskAgenda,
    ask: &Ask,
    leave: Option<&OutsideHours>,
    now: Timestamp,
) -> Result<Result<Offer, NoOffer>, PortFailure> {
    let answer = agenda.offer(ask, now).await?;
    let Some(leave) = leave else { return Ok(answer) };
    let needed = match &answer {
        Ok(offer) => leave.clinic.is_some_and(|clinic| clinic != offer.clinic),
        Err(no) => matches!(
            no,
            NoOffer::Outside { .. } | NoOffer::TooSoon { .. } | NoOffer::TooFarAhead { .. } | NoOffer::InThePast
        ),
    };
    if !needed {
        return Ok(answer);
    }
    let offer = desk.any_time(ask, leave.clinic, now).await?;
    Ok(offer.map(|offer| Offer { outside_hours: Some(leave.reason.clone()), ..offer }))
}

#[cfg(test)]
mod tests {
    use super::super::ports::{MockDoctorAgenda, RequestedStart};
    use super::super::test_data::{booked, now, offer_like};
    use super::*;

    fn offer() -> Offer {
        let visit = booked();
        let time = visit.appointment.visit;
        offer_like(&visit, time)
    }

    async fn asked(
        rules: Result<Offer, NoOffer>,
        leave: Option<OutsideHours>,
        desk: Option<Result<Offer, NoOffer>>,
    ) -> Result<Offer, NoOffer> {
        let mut agenda = MockDoctorAgenda::new();
        agenda.expect_offer().returning(move |_, _| Ok(rules.clone()));
        let mut times = MockDeskAgenda::new();
        times.expect_any_time().times(usize::from(desk.is_some())).returning(move |_, _, _| Ok(desk.clone().unwrap()));
        let ask = Ask {
            doctor: DoctorId::mint(),
            visit_type: None,
            start: RequestedStart::Instant(now()),
            duration_minutes: None,
        };
        offer_within_leave(&agenda, &times, &ask, leave.as_ref(), now()).await.unwrap()
    }

    fn leave(clinic: Option<ClinicId>) -> Option<OutsideHours> {
        Some(OutsideHours { reason: "Emergency".into(), clinic })
    }

    #[tokio::test]
    async fn what_the_rules_offer_needs_no_leave_and_keeps_no_reason() {
        let offer = offer();
        assert_eq!(asked(Ok(offer.clone()), leave(None), None).await.unwrap().outside_hours, None);
        assert_eq!(asked(Ok(offer.clone()), leave(Some(offer.clinic)), None).await.unwrap(), offer);
    }

    #[tokio::test]
    async fn where_the_rules_refuse_the_time_the_leave_opens_it_and_its_reason_goes_along() {
        for no in [
            NoOffer::Outside { rule: "weekly-hours" },
            NoOffer::TooSoon { minimum_notice_minutes: 60 },
            NoOffer::TooFarAhead { horizon_days: 90 },
            NoOffer::InThePast,
        ] {
            let opened = asked(Err(no.clone()), leave(None), Some(Ok(offer()))).await.unwrap();
            assert_eq!(opened.outside_hours.as_deref(), Some("Emergency"));
            assert_eq!(asked(Err(no.clone()), None, None).await, Err(no));
        }
        let elsewhere = asked(Ok(offer()), leave(Some(ClinicId::mint())), Some(Ok(offer()))).await.unwrap();
        assert_eq!(elsewhere.outside_hours.as_deref(), Some("Emergency"), "the hours are at another clinic");
    }

    #[tokio::test]
    async fn no_leave_makes_a_doctor_or_a_visit_type_of_what_is_none() {
        for no in [NoOffer::UnknownDoctor, NoOffer::UnknownVisitType, NoOffer::NonexistentLocalTime] {
            assert_eq!(asked(Err(no.clone()), leave(None), None).await, Err(no));
        }
    }
}
