use jiff::Timestamp;
use kernel::{AppointmentId, Caller, Interval, Once};

use super::change_ports::{ApplyError, ChangeOrder, Impact, VisitOrder};
use super::preview_change::ChangeParts;
use super::{Affected, Asked, ChangeError, PracticeError, Subject, TRIES, Wanted};
use crate::domain::{CalendarChange, ChangeId, Fault, MOST_VISITS, Trouble, VisitTrouble};

/// What somebody wants to become of a visit that is in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Another time; the first one that is proposed, where none is named.
    Move {
        /// When.
        to: Option<Timestamp>,
    },
    /// It does not take place.
    Cancel {
        /// Why, 1 to 500 characters; the patient reads it.
        reason: String,
    },
    /// It stays as it is booked.
    Keep,
}

/// A change of hours, and what is to become of the visits in its way.
#[derive(Debug, Clone)]
pub struct Changing {
    /// The change.
    pub wanted: Wanted,
    /// What is to become of these visits.
    pub decisions: Vec<(AppointmentId, Decision)>,
    /// What is to become of all others; without it there must be no others.
    pub otherwise: Option<Decision>,
    /// Only if rules and visits are those of this preview.
    pub plan: Option<String>,
}

/// Changes hours together with the visits in their way: all of it or nothing.
pub struct ApplyChange(
    /// What it needs.
    pub ChangeParts,
);

impl ApplyChange {
    /// Changes.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        whose: Subject,
        wish: &Changing,
        asked: Asked,
        once: Option<Once<CalendarChange>>,
    ) -> Result<CalendarChange, PracticeError> {
        let ChangeParts { practice, changes, .. } = &self.0;
        if wish.wanted.replaces() && wish.plan.is_none() {
            return Err(vec![Fault::required("plan")].into());
        }
        // Rivals may book, move or cancel between the look and the change; what they leave is looked at anew.
        for _ in 0..TRIES {
            let now = practice.clock.now();
            let id = ChangeId::mint();
            let change = practice.drafted(caller, whose, &wish.wanted, &asked, id, now).await?;
            let impact = changes.preview(&change).await?;
            if wish.plan.as_ref().is_some_and(|plan| *plan != impact.plan) {
                return Err(PracticeError::PlanChanged);
            }
            let visits = wish.orders(&impact, now)?;
            let order = ChangeOrder { id, caller: caller.clone(), change, visits, once: once.clone() };
            match changes.apply(&order).await {
                Ok(made) => return Ok(made),
                Err(ApplyError::Change(ChangeError::Stale)) => {}
                // A visit that was booked meanwhile is decided on as the others are.
                Err(ApplyError::Change(ChangeError::Affected(_))) if wish.otherwise.is_some() => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(PracticeError::PlanChanged)
    }
}

impl Changing {
    /// What is to become of each visit that the change would leave outside of the hours.
    fn orders(&self, impact: &Impact, now: Timestamp) -> Result<Vec<VisitOrder>, PracticeError> {
        if impact.visits.len() > MOST_VISITS {
            return Err(PracticeError::TooManyVisits { visits: impact.visits.len() });
        }
        let known = |id: &AppointmentId| impact.visits.iter().any(|visit| visit.affected.visit.id == *id);
        let mut troubles: Vec<VisitTrouble> = self
            .decisions
            .iter()
            .filter(|(id, _)| !known(id))
            .map(|(id, _)| VisitTrouble::new(*id, Trouble::NotAffected))
            .collect();
        let decided = |id| self.decisions.iter().find(|(visit, _)| *visit == id).map(|(_, decision)| decision);
        let undecided = impact.visits.iter().filter(|visit| decided(visit.affected.visit.id).is_none());
        if self.otherwise.is_none() {
            let undecided: Vec<_> = undecided.map(|visit| visit.affected.clone()).collect();
            if !undecided.is_empty() {
                return Err(PracticeError::Affected(Affected::of(undecided)));
            }
        }
        let mut proposals = impact.proposals(now, 1).into_iter().map(|slots| slots.first().copied());
        let mut orders = Vec::with_capacity(impact.visits.len());
        for at_stake in &impact.visits {
            let visit = at_stake.affected.visit.id;
            let proposed = proposals.next().flatten();
            let decision = decided(visit).or(self.otherwise.as_ref());
            let order = match decision {
                None | Some(Decision::Keep) => Ok(VisitOrder::Keep { visit }),
                Some(Decision::Cancel { reason }) => Ok(VisitOrder::Cancel { visit, reason: reason.clone() }),
                Some(Decision::Move { to }) => {
                    let rules = impact.rules_for(at_stake);
                    let visit_type = rules.and_then(|rules| rules.visit_type(at_stake.affected.visit.visit_type));
                    match (rules.zip(visit_type), to, proposed) {
                        (Some((rules, visit_type)), Some(to), _) => {
                            rules.check(visit_type, *to, now).map(|slot| (rules, slot)).map_err(|refusal| {
                                VisitTrouble { refusal: Some(refusal), ..VisitTrouble::new(visit, Trouble::NotOffered) }
                            })
                        }
                        (Some((rules, _)), None, Some(slot)) => Ok((rules, slot)),
                        _ => Err(VisitTrouble::new(visit, Trouble::NothingFree)),
                    }
                    .map(|(rules, to)| VisitOrder::Move {
                        visit,
                        to,
                        blocked: rules.blocked_by(&to),
                        time_zone: rules.time_zone(to.clinic).cloned().unwrap_or(jiff::tz::TimeZone::UTC),
                    })
                }
            };
            match order {
                Ok(order) => orders.push(order),
                Err(trouble) => troubles.push(trouble),
            }
        }
        troubles.extend(in_each_others_way(&orders, impact));
        if troubles.is_empty() { Ok(orders) } else { Err(PracticeError::Visits(troubles)) }
    }
}

/// Two moves to the same time of one doctor, or to a time that another of these visits has until it is moved.
fn in_each_others_way(orders: &[VisitOrder], impact: &Impact) -> Vec<VisitTrouble> {
    let doctor_of = |id: AppointmentId| {
        impact.visits.iter().find(|visit| visit.affected.visit.id == id).map(|visit| visit.affected.visit.doctor)
    };
    let mut moves: Vec<(Option<kernel::DoctorId>, Interval, AppointmentId)> = Vec::new();
    for order in orders {
        if let VisitOrder::Move { visit, blocked, .. } = order {
            moves.push((doctor_of(*visit), *blocked, *visit));
        }
    }
    moves.sort_unstable();
    let clash = moves.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1.overlaps(&pair[1].1));
    clash.map(|pair| VisitTrouble::new(pair[1].2, Trouble::SlotTaken)).collect()
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::change_ports::{MockCalendarChanges, MockPatientNames};
    use super::super::test_data::{change_parts, doctor_at, impact_of_a_day_off, made, off};
    use super::super::{DoctorRecord, MockPractice};
    use super::*;

    fn at_home(doctor: &DoctorRecord) -> MockPractice {
        let doctor = doctor.clone();
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_time_off().returning(|_, _| Ok(Vec::new()));
        practice
    }

    fn wish(decisions: Vec<(AppointmentId, Decision)>, otherwise: Option<Decision>) -> Changing {
        Changing { wanted: off(), decisions, otherwise, plan: None }
    }

    async fn applied(doctor: &DoctorRecord, impact: &Impact, wish: Changing) -> Result<Vec<VisitOrder>, PracticeError> {
        let (seen, given) = (std::sync::Arc::new(std::sync::Mutex::new(Vec::new())), impact.clone());
        let mut changes = MockCalendarChanges::new();
        changes.expect_preview().returning(move |_| Ok(given.clone()));
        let keep = seen.clone();
        changes.expect_apply().times(0..=1).returning(move |order| {
            *keep.lock().unwrap() = order.visits.clone();
            Ok(made(order.id))
        });
        let apply = ApplyChange(change_parts(at_home(doctor), changes, MockPatientNames::new()));
        let admin = Caller::admin(UserId::mint());
        apply.run(&admin, Subject::Doctor(doctor.id), &wish, Asked::default(), None).await?;
        Ok(seen.lock().unwrap().clone())
    }

    #[tokio::test]
    async fn each_visit_is_decided_on_and_the_rest_goes_to_the_first_proposal() {
        let doctor = doctor_at(ClinicId::mint());
        let impact = impact_of_a_day_off(doctor.id);
        let first = impact.visits[0].affected.visit.id;
        let reason = Decision::Cancel { reason: "The doctor is away.".into() };
        let rest = Some(Decision::Move { to: None });
        let orders = applied(&doctor, &impact, wish(vec![(first, reason)], rest)).await.unwrap();
        assert!(matches!(&orders[0], VisitOrder::Cancel { visit, .. } if *visit == first), "{orders:?}");
        assert!(matches!(&orders[1], VisitOrder::Move { .. }), "{orders:?}");
    }

    #[tokio::test]
    async fn what_nobody_decided_on_stops_the_change() {
        let doctor = doctor_at(ClinicId::mint());
        let impact = impact_of_a_day_off(doctor.id);
        let first = impact.visits[0].affected.visit.id;
        let refused = applied(&doctor, &impact, wish(vec![(first, Decision::Keep)], None)).await;
        assert!(matches!(refused, Err(PracticeError::Affected(Affected { total: 1, .. }))), "{refused:?}");
        let stranger = wish(vec![(AppointmentId::mint(), Decision::Keep)], Some(Decision::Keep));
        let refused = applied(&doctor, &impact, stranger).await;
        assert!(
            matches!(&refused, Err(PracticeError::Visits(wrong)) if wrong[0].trouble == Trouble::NotAffected),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn a_time_that_is_closed_or_wanted_twice_stops_the_change() {
        let doctor = doctor_at(ClinicId::mint());
        let impact = impact_of_a_day_off(doctor.id);
        let ids: Vec<AppointmentId> = impact.visits.iter().map(|visit| visit.affected.visit.id).collect();
        let to = |at| Decision::Move { to: Some(at) };
        let closed = impact.visits[0].affected.visit.visit.start;
        let refused = applied(&doctor, &impact, wish(vec![(ids[0], to(closed))], Some(Decision::Keep))).await;
        assert!(
            matches!(&refused, Err(PracticeError::Visits(wrong)) if wrong[0].trouble == Trouble::NotOffered),
            "{refused:?}"
        );
        let free = impact.proposals(super::super::super::test_data::now(), 1)[0][0].starts_at;
        let refused = applied(&doctor, &impact, wish(vec![(ids[0], to(free)), (ids[1], to(free))], None)).await;
        assert!(
            matches!(&refused, Err(PracticeError::Visits(wrong)) if wrong[0].trouble == Trouble::SlotTaken),
            "{refused:?}"
        );
    }

    #[tokio::test]
    async fn another_plan_than_the_previewed_one_is_not_carried_out() {
        let doctor = doctor_at(ClinicId::mint());
        let impact = impact_of_a_day_off(doctor.id);
        let mut late = wish(Vec::new(), Some(Decision::Keep));
        late.plan = Some("another".into());
        let refused = applied(&doctor, &impact, late).await;
        assert!(matches!(refused, Err(PracticeError::PlanChanged)), "{refused:?}");
        let mut week = wish(Vec::new(), Some(Decision::Keep));
        week.wanted = Wanted::WeeklyHours { hours: Vec::new() };
        let refused = applied(&doctor, &impact, week).await;
        assert!(matches!(refused, Err(PracticeError::Invalid(_))), "{refused:?}");
    }
}
