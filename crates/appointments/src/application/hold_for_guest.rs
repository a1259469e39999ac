use std::sync::Arc;

use kernel::{Actor, Caller, Clock, Once, Recorded};

use super::book_appointment::{Booking, Whom};
use super::hold_ports::{CodeLetter, Draft, GuestHold, HOLD_LASTS, HoldCodes, HoldOwner, HoldStore, NewHold};
use super::hold_time::{HoldError, HoldTime};
use super::ports::{DoctorAgenda, NoOffer, Practices};
use crate::domain::{Hold, HoldKind, Patient, PatientError};

/// Holds a time for a guest, and mails the code that books it.
#[derive(Clone)]
pub struct HoldForGuest {
    /// Where holds are kept.
    pub holds: Arc<dyn HoldStore>,
    /// Makes codes.
    pub codes: Arc<dyn HoldCodes>,
    /// What doctors offer.
    pub agenda: Arc<dyn DoctorAgenda>,
    /// What doctors and clinics are called.
    pub practices: Arc<dyn Practices>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl HoldForGuest {
    /// Holds, or changes nothing. What the store knows of the person is not asked for: nobody has proven to be it.
    ///
    /// # Errors
    /// See [`HoldError`].
    pub async fn run(
        &self,
        caller: &Caller,
        booking: Booking,
        client: &str,
        request_id: Option<String>,
        once: Option<Once<Hold>>,
    ) -> Result<Hold, HoldError> {
        let (Actor::Guest, Whom::Person(particulars)) = (caller.actor(), booking.whom) else {
            return Err(HoldError::NotAllowed);
        };
        let now = self.clock.now();
        let person = Patient::take_down(particulars, now)?;
        let email = person.email.ok_or(PatientError::BadEmail)?;
        let draft = Draft { name: person.name, email, notes: booking.notes };

        let time = HoldTime { holds: &*self.holds, agenda: &*self.agenda, now };
        time.run(&booking.ask, async |offer| {
            let names = self.practices.names(offer.doctor, offer.clinic).await?.ok_or(NoOffer::UnknownDoctor)?;
            let edition = offer.edition;
            let (hold, event) = Hold::open(offer, HoldKind::Guest, HOLD_LASTS, now);
            let code = self.codes.code();
            let digest = self.codes.digest(hold.id, &code);
            let letter = CodeLetter { language: "en".to_owned(), code, names };
            Ok(NewHold {
                owner: HoldOwner::Client(client.to_owned()),
                guest: Some(GuestHold { draft: draft.clone(), digest, letter }),
                instead_of: booking.hold,
                edition,
                opened: Recorded::new(event, caller.actor(), now).caused_by(request_id.clone()),
                once: once.clone(),
                hold,
            })
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use kernel::{StoppedClock, UserId};

    use super::super::hold_ports::{MockHoldCodes, MockHoldStore, OpenError};
    use super::super::ports::{Ask, MockDoctorAgenda, MockPractices, Names, RequestedStart};
    use super::super::test_data::{booked, now, offer_like};
    use super::*;
    use crate::domain::{Offer, Particulars};

    fn offer() -> Offer {
        let visit = booked();
        let time = visit.appointment.visit;
        offer_like(&visit, time)
    }

    fn wish(offer: &Offer) -> Booking {
        let ada =
            Particulars { name: "Ada Example".into(), email: Some("Ada@Example.org".into()), ..Particulars::default() };
        Booking {
            ask: Ask {
                doctor: offer.doctor,
                visit_type: None,
                start: RequestedStart::Instant(offer.visit.start),
                duration_minutes: None,
            },
            whom: Whom::Person(ada),
            notes: Some("By wheelchair".into()),
            hold: None,
            outside: None,
        }
    }

    fn use_case(holds: MockHoldStore, agenda: MockDoctorAgenda) -> HoldForGuest {
        let mut codes = MockHoldCodes::new();
        codes.expect_code().returning(|| "424242".to_owned());
        codes.expect_digest().withf(|_, code| code == "424242").returning(|_, _| [7; 32]);
        let mut practices = MockPractices::new();
        let names = Names { doctor: "Amara Okafor".into(), clinic: "Harbor".into(), address: "1 Quay".into() };
        practices.expect_names().returning(move |_, _| Ok(Some(names.clone())));
        HoldForGuest {
            holds: Arc::new(holds),
            codes: Arc::new(codes),
            agenda: Arc::new(agenda),
            practices: Arc::new(practices),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    fn offering(offer: Offer) -> MockDoctorAgenda {
        let mut agenda = MockDoctorAgenda::new();
        agenda.expect_offer().returning(move |_, _| Ok(Ok(offer.clone())));
        agenda
    }

    async fn refused(error: OpenError) -> HoldError {
        let offer = offer();
        let mut agenda = offering(offer.clone());
        agenda.expect_next_free().returning(|_, _, _, count, _| {
            assert_eq!(count, 3);
            Ok(Vec::new())
        });
        let mut holds = MockHoldStore::new();
        let error = std::sync::Mutex::new(Some(error));
        holds.expect_open().times(1).returning(move |_| Err(error.lock().unwrap().take().unwrap()));
        use_case(holds, agenda).run(&Caller::guest(), wish(&offer), "192.0.2.7", None, None).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_guest_s_time_is_held_for_ten_minutes_with_a_code_in_the_mail() {
        let offer = offer();
        let mut holds = MockHoldStore::new();
        holds
            .expect_open()
            .withf(|new| {
                let guest = new.guest.as_ref().unwrap();
                (guest.digest, guest.letter.code.as_str()) == ([7; 32], "424242")
                    && guest.draft.email == "Ada@Example.org"
                    && new.owner == HoldOwner::Client("192.0.2.7".into())
                    && (new.opened.actor, new.opened.at) == (Actor::Guest, now())
            })
            .times(1)
            .returning(|_| Ok(()));
        let hold = use_case(holds, offering(offer.clone()))
            .run(&Caller::guest(), wish(&offer), "192.0.2.7", None, None)
            .await
            .unwrap();
        assert_eq!((hold.kind, hold.held_until), (HoldKind::Guest, now() + SignedDuration::from_mins(10)));
        assert_eq!((hold.doctor, hold.visit), (offer.doctor, offer.visit));
    }

    #[tokio::test]
    async fn what_the_store_refuses_is_told_and_too_many_say_how_long_to_wait() {
        assert!(matches!(refused(OpenError::SlotTaken).await, HoldError::SlotTaken { .. }));
        let until: Timestamp = now() + SignedDuration::from_secs(90);
        let refused = refused(OpenError::TooMany { until }).await;
        assert!(matches!(refused, HoldError::TooMany { retry_after: 91 }), "{refused:?}");
    }

    #[tokio::test]
    async fn when_the_rules_change_under_it_they_are_asked_again() {
        let offer = offer();
        let mut holds = MockHoldStore::new();
        let mut order = mockall::Sequence::new();
        holds.expect_open().times(1).in_sequence(&mut order).returning(|_| Err(OpenError::RulesChanged));
        holds.expect_open().times(1).in_sequence(&mut order).returning(|_| Ok(()));
        let mut agenda = MockDoctorAgenda::new();
        let offered = offer.clone();
        agenda.expect_offer().times(2).returning(move |_, _| Ok(Ok(offered.clone())));
        use_case(holds, agenda).run(&Caller::guest(), wish(&offer), "c", None, None).await.unwrap();
    }

    #[tokio::test]
    async fn nothing_is_held_for_a_name_that_is_none_a_time_that_is_not_offered_or_who_is_signed_in() {
        let run = async |caller: Caller, change: fn(&mut Booking), answer: Result<Offer, NoOffer>| {
            let mut holds = MockHoldStore::new();
            holds.expect_open().never();
            let mut agenda = MockDoctorAgenda::new();
            agenda.expect_offer().returning(move |_, _| Ok(answer.clone()));
            let mut wish = wish(&offer());
            change(&mut wish);
            use_case(holds, agenda).run(&caller, wish, "c", None, None).await.unwrap_err()
        };
        let nameless = run(Caller::guest(), |wish| wish.whom = Whom::Person(Particulars::default()), Ok(offer())).await;
        assert!(matches!(nameless, HoldError::BadPatient(_)), "{nameless:?}");
        let past = run(Caller::guest(), |_| {}, Err(NoOffer::InThePast)).await;
        assert!(matches!(past, HoldError::NotOffered(NoOffer::InThePast)), "{past:?}");
        let signed_in = run(Caller::patient(UserId::mint()), |_| {}, Ok(offer())).await;
        assert!(matches!(signed_in, HoldError::NotAllowed), "{signed_in:?}");
    }
}
