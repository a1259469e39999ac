use std::sync::Arc;

use kernel::{Actor, AppointmentId, Caller, Clock, Once, PortFailure, Recorded};

use super::book_appointment::GuestBooking;
use super::hold_ports::{HOLD_LASTS, HeldBy, HoldOwner, HoldStore, NewHold, ReleasedBy};
use super::hold_time::{HoldError, HoldTime};
use super::policy::Policy;
use super::ports::{Ask, DoctorAgenda};
use crate::domain::{Hold, HoldKind};

/// A wish to have a time kept while a form is filled in.
#[derive(Debug, Clone)]
pub struct HoldWish {
    /// Which time of which doctor.
    pub ask: Ask,
    /// An earlier hold of who asks, proven by its token, which is given up for this one. That of the same account is
    /// given up unasked.
    pub instead_of: Option<AppointmentId>,
    /// Where the request comes from: by it the holds of who is not signed in are counted.
    pub client: String,
}

/// Keeps a time while somebody fills in the form. An account has one such hold, and who is not signed in
/// [`super::hold_ports::MOST_HOLDS`].
pub struct HoldForForm {
    /// Where holds are kept.
    pub holds: Arc<dyn HoldStore>,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What guests may do: who may not book needs no hold.
    pub guests: GuestBooking,
}

impl HoldForForm {
    /// Holds, or changes nothing. Nothing is asked of who will come.
    ///
    /// # Errors
    /// See [`HoldError`].
    pub async fn run(
        &self,
        caller: &Caller,
        wish: HoldWish,
        request_id: Option<String>,
        once: Option<Once<Hold>>,
    ) -> Result<Hold, HoldError> {
        let owner = match (caller.actor().user(), caller.actor()) {
            (Some(user), _) => HoldOwner::User(user),
            (None, Actor::Guest) if self.guests != GuestBooking::Off => HoldOwner::Client(wish.client.clone()),
            (None, _) => return Err(HoldError::NotAllowed),
        };
        let now = self.clock.now();
        let time = HoldTime { holds: &*self.holds, agenda: &*self.agenda, now };
        time.run(&wish.ask, async |offer| {
            if !Policy::books_with(caller, offer.doctor, offer.clinic) {
                return Err(HoldError::OthersCalendar);
            }
            let edition = offer.edition;
            let (hold, event) = Hold::open(offer, HoldKind::Form, HOLD_LASTS, now);
            Ok(NewHold {
                owner: owner.clone(),
                guest: None,
                instead_of: wish.instead_of,
                edition,
                opened: Recorded::new(event, caller.actor(), now).caused_by(request_id.clone()),
                once: once.clone(),
                hold,
            })
        })
        .await
    }

    /// Ends a form's hold before its time: that of the account that asks, or that whose token was shown (`proven`).
    /// `false` when there is none such.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn release(
        &self,
        caller: &Caller,
        id: AppointmentId,
        proven: bool,
        request_id: Option<String>,
    ) -> Result<bool, PortFailure> {
        let by = match caller.actor().user() {
            _ if proven => HeldBy::Token,
            Some(user) => HeldBy::User(user),
            None => return Ok(false),
        };
        let event = ReleasedBy { actor: caller.actor(), at: self.clock.now(), request_id };
        self.holds.release(id, by, &event).await
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, DoctorId, StoppedClock, UserId};

    use super::super::hold_ports::{MockHoldStore, OpenError};
    use super::super::ports::{MockDoctorAgenda, NoOffer, RequestedStart};
    use super::super::test_data::{booked, now, offer_like};
    use super::*;
    use crate::domain::Offer;

    fn offer() -> Offer {
        let visit = booked();
        let time = visit.appointment.visit;
        offer_like(&visit, time)
    }

    fn wish(offer: &Offer) -> HoldWish {
        HoldWish {
            ask: Ask {
                doctor: offer.doctor,
                visit_type: Some(offer.visit_type),
                start: RequestedStart::Instant(offer.visit.start),
                duration_minutes: None,
            },
            instead_of: None,
            client: "192.0.2.7".into(),
        }
    }

    fn use_case(holds: MockHoldStore, offer: &Offer, guests: GuestBooking) -> HoldForForm {
        let mut agenda = MockDoctorAgenda::new();
        let offered = offer.clone();
        agenda.expect_offer().returning(move |_, _| Ok(Ok(offered.clone())));
        agenda.expect_next_free().returning(|_, _, _, _, _| Ok(Vec::new()));
        HoldForForm {
            holds: Arc::new(holds),
            agenda: Arc::new(agenda),
            clock: Arc::new(StoppedClock::at(now())),
            guests,
        }
    }

    async fn owner_of(caller: Caller, offer: &Offer) -> HoldOwner {
        let kept = Arc::new(std::sync::Mutex::new(None));
        let seen = kept.clone();
        let mut holds = MockHoldStore::new();
        holds.expect_open().times(1).returning(move |new| {
            assert_eq!((new.hold.kind, &new.guest), (HoldKind::Form, &None));
            *seen.lock().unwrap() = Some(new.owner.clone());
            Ok(())
        });
        use_case(holds, offer, GuestBooking::Code).run(&caller, wish(offer), None, None).await.unwrap();
        kept.lock().unwrap().take().unwrap()
    }

    #[tokio::test]
    async fn a_hold_belongs_to_the_account_or_to_the_client_of_who_is_not_signed_in() {
        let offer = offer();
        let user = UserId::mint();
        assert_eq!(owner_of(Caller::patient(user), &offer).await, HoldOwner::User(user));
        assert_eq!(owner_of(Caller::staff(user, vec![offer.clinic]), &offer).await, HoldOwner::User(user));
        assert_eq!(owner_of(Caller::guest(), &offer).await, HoldOwner::Client("192.0.2.7".into()));
    }

    #[tokio::test]
    async fn who_may_not_book_there_holds_nothing_there() {
        let offer = offer();
        let refused = async |caller: Caller, guests| {
            let mut holds = MockHoldStore::new();
            holds.expect_open().never();
            use_case(holds, &offer, guests).run(&caller, wish(&offer), None, None).await.unwrap_err()
        };
        let off = refused(Caller::guest(), GuestBooking::Off).await;
        assert!(matches!(off, HoldError::NotAllowed), "{off:?}");
        let other_clinic = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
        let other_doctor = Caller::doctor(UserId::mint(), DoctorId::mint(), Vec::new());
        for caller in [other_clinic, other_doctor] {
            let refused = refused(caller, GuestBooking::Immediate).await;
            assert!(matches!(refused, HoldError::OthersCalendar), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn who_comes_too_late_is_told_so_and_what_the_rules_refuse_is_not_held() {
        let offer = offer();
        let mut holds = MockHoldStore::new();
        holds.expect_open().times(1).returning(|_| Err(OpenError::SlotTaken));
        let patient = Caller::patient(UserId::mint());
        let late =
            use_case(holds, &offer, GuestBooking::Off).run(&patient, wish(&offer), None, None).await.unwrap_err();
        assert!(matches!(late, HoldError::SlotTaken { .. }), "{late:?}");
        let mut agenda = MockDoctorAgenda::new();
        agenda.expect_offer().returning(|_, _| Ok(Err(NoOffer::InThePast)));
        let mut closed = use_case(MockHoldStore::new(), &offer, GuestBooking::Off);
        closed.agenda = Arc::new(agenda);
        let past = closed.run(&patient, wish(&offer), None, None).await.unwrap_err();
        assert!(matches!(past, HoldError::NotOffered(NoOffer::InThePast)), "{past:?}");
    }

    #[tokio::test]
    async fn a_hold_is_ended_by_its_account_or_by_its_token_and_by_nobody_else() {
        let offer = offer();
        let (id, user) = (AppointmentId::mint(), UserId::mint());
        let ends = async |caller: Caller, proven: bool, by: Option<HeldBy>| {
            let mut holds = MockHoldStore::new();
            holds
                .expect_release()
                .times(usize::from(by.is_some()))
                .withf(move |which, with, event| *which == id && Some(*with) == by && event.at == now())
                .returning(|_, _, _| Ok(true));
            use_case(holds, &offer, GuestBooking::Code).release(&caller, id, proven, None).await.unwrap()
        };
        assert!(ends(Caller::patient(user), false, Some(HeldBy::User(user))).await);
        assert!(ends(Caller::guest(), true, Some(HeldBy::Token)).await);
        assert!(!ends(Caller::guest(), false, None).await);
    }
}
