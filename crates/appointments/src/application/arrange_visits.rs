use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{AppointmentId, Caller, ClinicId, DoctorId, Interval, PortFailure, Recorded};

use super::policy::Policy;
use super::ports::{AppointmentDetails, Change, DoctorAgenda, Names};
use super::visit_letters::VisitLetters;
use super::watch_reads::WatchReads;
use crate::domain::{Appointment, Offer, Room, Side, Status};

/// Visits by their ids.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ManyVisits: Send + Sync {
    /// Those of these visits that there are, in any order.
    async fn find_all(&self, ids: &[AppointmentId]) -> Result<Vec<AppointmentDetails>, PortFailure>;
}

/// What is to become of a visit when the doctor's hours change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arrangement {
    /// It takes place then.
    Move {
        /// When, without buffers.
        visit: Interval,
        /// The same with buffers.
        blocked: Interval,
        /// Where.
        clinic: ClinicId,
        /// IANA zone of the clinic.
        time_zone: String,
    },
    /// It does not take place.
    Cancel {
        /// Why.
        reason: String,
    },
    /// It stays as it is booked.
    Keep,
}

/// How a visit is put back to where it was before its doctor's hours changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PutBack {
    /// When it was, without buffers.
    pub was: Interval,
    /// The same with buffers.
    pub was_blocked: Interval,
    /// Where.
    pub clinic: ClinicId,
    /// IANA zone of that clinic.
    pub time_zone: String,
    /// Where it was moved to; `None` when it was cancelled.
    pub moved_to: Option<Interval>,
}

/// Why a visit cannot be arranged so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindrance {
    /// There is none, or it is out of the caller's reach.
    NotYours,
    /// It has begun, or is over.
    Begun,
    /// Somebody has changed it since.
    ChangedSince,
}

/// A visit that is ready to be changed, or to stay.
#[derive(Debug, Clone)]
pub struct Arranged {
    /// The visit as it is.
    pub before: Appointment,
    /// What is to be stored; `None` when it stays.
    pub change: Option<Change>,
}

/// Who arranges visits, when, and by which request.
#[derive(Debug, Clone, Copy)]
pub struct Arranging<'a> {
    /// Who.
    pub caller: &'a Caller,
    /// When.
    pub now: Timestamp,
    /// The request, for the audit trail.
    pub request_id: Option<&'a str>,
}

type Outcome = (Vec<Arranged>, Vec<(AppointmentId, Hindrance)>);

/// Gets visits ready for another time, because their doctor's hours change; stores nothing.
#[derive(Clone)]
pub struct ArrangeVisits {
    /// Where visits are kept.
    pub visits: Arc<dyn ManyVisits>,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// Who may.
    pub policy: Policy,
    /// Makes what patients are told.
    pub letters: VisitLetters,
    /// Writes down who is shown what.
    pub watch: WatchReads,
}

impl ArrangeVisits {
    /// Moves, cancels and keeps visits.
    ///
    /// # Errors
    /// When something cannot be found out.
    pub async fn run(
        &self,
        by: Arranging<'_>,
        wishes: &[(AppointmentId, Arrangement)],
    ) -> Result<Outcome, PortFailure> {
        self.each(by, wishes, |visit, wish| match wish {
            Arrangement::Keep => Ok(None),
            Arrangement::Cancel { reason } => {
                visit.cancel(Some(reason.clone()), Side::Team, by.now).map(Some).map_err(|_| Hindrance::Begun)
            }
            Arrangement::Move { visit: to, blocked, clinic, time_zone } => {
                let offer = elsewhere(visit, *to, *blocked, *clinic, time_zone);
                visit.reschedule(&offer, by.now).map(Some).map_err(|_| Hindrance::Begun)
            }
        })
        .await
    }

    /// Puts visits back: those that are still as the change of hours has left them, and whose old time has not come.
    ///
    /// # Errors
    /// When something cannot be found out.
    pub async fn back(&self, by: Arranging<'_>, wishes: &[(AppointmentId, PutBack)]) -> Result<Outcome, PortFailure> {
        self.each(by, wishes, |visit, wish| {
            if wish.was.start <= by.now {
                return Err(Hindrance::Begun);
            }
            match wish.moved_to {
                Some(to) if visit.status == Status::Booked && visit.visit == to => {
                    let offer = elsewhere(visit, wish.was, wish.was_blocked, wish.clinic, &wish.time_zone);
                    visit.reschedule(&offer, by.now).map(Some).map_err(|_| Hindrance::Begun)
                }
                None if visit.status == Status::Cancelled && visit.visit == wish.was => {
                    visit.reinstate(by.now).map(Some).ok_or(Hindrance::ChangedSince)
                }
                Some(_) | None => Err(Hindrance::ChangedSince),
            }
        })
        .await
    }

    /// The names of the patients of those visits that are within the caller's reach.
    ///
    /// # Errors
    /// When something cannot be found out, or the look cannot be written down.
    pub async fn names(
        &self,
        caller: &Caller,
        visits: &[AppointmentId],
    ) -> Result<Vec<(AppointmentId, String)>, PortFailure> {
        let mut seen = Vec::new();
        let now = self.watch.clock.now();
        for found in self.visits.find_all(visits).await? {
            if self.policy.reaches(caller, &found.appointment, now).await? {
                seen.push(found);
            }
        }
        self.watch.shown(caller, &seen, "change of hours").await?;
        Ok(seen.into_iter().map(|found| (found.appointment.id, found.patient.name)).collect())
    }

    async fn each<W: Sync>(
        &self,
        by: Arranging<'_>,
        wishes: &[(AppointmentId, W)],
        decide: impl Fn(&Appointment, &W) -> Result<Option<(Appointment, crate::domain::AppointmentEvent)>, Hindrance>
        + Sync,
    ) -> Result<Outcome, PortFailure> {
        let ids: Vec<AppointmentId> = wishes.iter().map(|(id, _)| *id).collect();
        let found = if ids.is_empty() { Vec::new() } else { self.visits.find_all(&ids).await? };
        let (mut arranged, mut hindered) = (Vec::new(), Vec::new());
        let mut called: HashMap<(DoctorId, ClinicId), Option<Names>> = HashMap::new();
        for (id, wish) in wishes {
            let Some(details) = found.iter().find(|details| details.appointment.id == *id) else {
                hindered.push((*id, Hindrance::NotYours));
                continue;
            };
            let before = details.appointment.clone();
            match decide(&before, wish) {
                Ok(None) => arranged.push(Arranged { before, change: None }),
                Err(hindrance) => hindered.push((*id, hindrance)),
                Ok(Some(_)) if !self.policy.reaches(by.caller, &before, by.now).await? => {
                    hindered.push((*id, Hindrance::NotYours));
                }
                Ok(Some((mut after, event))) => {
                    after.room = self.room(&before, &after).await?;
                    let after = AppointmentDetails { appointment: after, patient: details.patient.clone() };
                    let event =
                        Recorded::new(event, by.caller.actor(), by.now).caused_by(by.request_id.map(str::to_owned));
                    let place = (before.doctor, after.appointment.clinic);
                    let known = match called.get(&place) {
                        Some(known) => Clone::clone(known),
                        None => {
                            let names = self.letters.practices.names(place.0, place.1).await?;
                            called.entry(place).or_insert(names).clone()
                        }
                    };
                    let letter = self.letters.naming(by.caller, &after, known).await?;
                    let change = Change { before: before.clone(), after, event, edition: None, letter, once: None };
                    arranged.push(Arranged { before, change: Some(change) });
                }
            }
        }
        Ok((arranged, hindered))
    }

    /// What such a visit may take where it goes; what it has stays where there is nothing else, or nothing is taken.
    async fn room(&self, before: &Appointment, after: &Appointment) -> Result<Room, PortFailure> {
        if before.room == Room::Nothing || !after.status.is_active() {
            return Ok(before.room.clone());
        }
        let found = self.agenda.resources(after.doctor, after.visit_type, after.clinic).await?;
        let room = if found.is_empty() { Room::of(before.room.candidates().to_vec()) } else { Room::of(found) };
        Ok(room.preferring(&before.room))
    }
}

/// The visit's own terms at another time.
fn elsewhere(visit: &Appointment, to: Interval, blocked: Interval, clinic: ClinicId, time_zone: &str) -> Offer {
    Offer {
        doctor: visit.doctor,
        clinic,
        visit_type: visit.visit_type,
        mode: visit.mode,
        price: visit.price,
        visit: to,
        blocked,
        time_zone: time_zone.to_owned(),
        open_to_new_patients: true,
        edition: 0,
        resources: visit.room.candidates().to_vec(),
        outside_hours: None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::UserId;

    use super::super::ports::MockDoctorAgenda;
    use super::super::test_data::{booked, letters, now, policy, unwatched};
    use super::*;

    fn arrange(visits: Vec<AppointmentDetails>) -> ArrangeVisits {
        let mut many = MockManyVisits::new();
        many.expect_find_all().returning(move |_| Ok(visits.clone()));
        let agenda = Arc::new(MockDoctorAgenda::new());
        ArrangeVisits { visits: Arc::new(many), agenda, policy: policy(), letters: letters(), watch: unwatched() }
    }

    fn by(caller: &Caller) -> Arranging<'_> {
        Arranging { caller, now: now(), request_id: None }
    }

    fn put_back(visit: &Appointment, moved_to: Option<Interval>) -> PutBack {
        let time_zone = visit.time_zone.clone();
        PutBack { was: visit.visit, was_blocked: visit.blocked, clinic: visit.clinic, time_zone, moved_to }
    }

    #[tokio::test]
    async fn a_visit_out_of_reach_may_stay_but_is_not_cancelled() {
        let visit = booked();
        let id = visit.appointment.id;
        let stranger = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
        let cancel = Arrangement::Cancel { reason: "away".into() };
        let (arranged, hindered) =
            arrange(vec![visit.clone()]).run(by(&stranger), &[(id, cancel.clone())]).await.unwrap();
        assert!(arranged.is_empty() && hindered == [(id, Hindrance::NotYours)]);
        let (arranged, hindered) =
            arrange(vec![visit.clone()]).run(by(&stranger), &[(id, Arrangement::Keep)]).await.unwrap();
        assert!(arranged[0].change.is_none() && hindered.is_empty());
        let desk = Caller::staff(UserId::mint(), vec![visit.appointment.clinic]);
        let (arranged, _) = arrange(vec![visit]).run(by(&desk), &[(id, cancel)]).await.unwrap();
        let after = &arranged[0].change.as_ref().unwrap().after.appointment;
        assert_eq!((after.status, after.cancel_reason.as_deref()), (Status::Cancelled, Some("away")));
        assert!(arranged[0].change.as_ref().unwrap().letter.is_some());
    }

    #[tokio::test]
    async fn only_what_is_still_as_it_was_left_is_put_back() {
        let admin = Caller::admin(UserId::mint());
        let before = booked();
        let id = before.appointment.id;
        let wish = put_back(&before.appointment, None);
        let mut cancelled = before.clone();
        cancelled.appointment = before.appointment.cancel(None, Side::Team, now()).unwrap().0;
        let (arranged, _) = arrange(vec![cancelled]).back(by(&admin), &[(id, wish.clone())]).await.unwrap();
        let after = &arranged[0].change.as_ref().unwrap().after.appointment;
        assert_eq!((after.status, after.visit, after.version), (Status::Booked, before.appointment.visit, 3));
        let (_, hindered) = arrange(vec![before.clone()]).back(by(&admin), &[(id, wish)]).await.unwrap();
        assert_eq!(hindered, [(id, Hindrance::ChangedSince)]);
        let hour = SignedDuration::from_hours(1);
        let visit = before.appointment.visit;
        let to = Interval { start: visit.start + hour, end: visit.end + hour };
        let moved_on = put_back(&before.appointment, Some(to));
        let (_, hindered) = arrange(vec![before.clone()]).back(by(&admin), &[(id, moved_on.clone())]).await.unwrap();
        assert_eq!(hindered, [(id, Hindrance::ChangedSince)]);
        let late = Arranging { caller: &admin, now: visit.start, request_id: None };
        let (_, hindered) = arrange(vec![before]).back(late, &[(id, moved_on)]).await.unwrap();
        assert_eq!(hindered, [(id, Hindrance::Begun)]);
    }
}
