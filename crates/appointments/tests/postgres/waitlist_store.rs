//! What the store of the waitlist refuses leaves nothing behind.

use appointments::application::{CalendarFiles, FileFor, Invited};
use appointments::domain::Appointment;

use super::*;

/// Says that the rules have changed since.
struct Moved;

#[async_trait]
impl CalendarWatch for Moved {
    async fn changed(
        &self,
        _: &mut AsyncPgConnection,
        _: DoctorId,
        _: &[Interval],
        _: Timestamp,
    ) -> Result<(), DieselError> {
        Ok(())
    }

    async fn claimed(
        &self,
        _: &mut AsyncPgConnection,
        _: DoctorId,
        _: &[Interval],
        _: Timestamp,
    ) -> Result<Option<i64>, DieselError> {
        Ok(Some(99))
    }
}

#[tokio::test]
async fn an_offer_that_cannot_be_made_leaves_nothing_behind() {
    let line = Line::new(vec![wanted()]).await;
    let entry = &line.join(1).await[0];
    let make = |offered: Offer| {
        let now = line.clock.now();
        let (hold, opened) = Hold::open(offered, HoldKind::Waitlist, SignedDuration::from_mins(120), now);
        let (offer, event) = WaitlistOffer::make(entry, &hold);
        let (opened, offered) = (Recorded::new(opened, Actor::System, now), Recorded::new(event, Actor::System, now));
        NewOffer { offer, offered, hold, opened, edition: 1, letter: None }
    };
    let tables = async || {
        let rest = "SELECT (SELECT count(*) FROM appointments.waitlist_offer)::text
                        || (SELECT string_agg(e::text, '|' ORDER BY id) FROM appointments.waitlist_entry e)";
        let rest: String = line.house.owner.query_one(rest, &[]).await.unwrap().get(0);
        (line.house.everything().await, rest)
    };
    let before = tables().await;
    assert!(matches!(waitlist(&line.house, Moved).make(&make(wanted())).await, Err(OfferError::RulesChanged)));
    assert_eq!(tables().await, before);
    // The patient sits with another doctor at that time.
    let busy = offer(1, span(10, 40), 0, 0);
    assert!(matches!(line.store.make(&make(busy)).await, Err(OfferError::PatientBusy)));
    assert_eq!(tables().await, before);
    line.store.make(&make(wanted())).await.unwrap();
    assert!(matches!(line.store.make(&make(offer(1, span(1000, 1030), 0, 0))).await, Err(OfferError::NotWaiting)));
}

#[tokio::test]
async fn one_patient_waits_once_for_the_same_and_for_ten_things_at_the_most() {
    let line = Line::new(vec![]).await;
    let entry = line.join(1).await.remove(0);
    let again = waits(entry.patient, morning());
    assert!(matches!(line.store.join(&joining(&again)).await, Err(EntryError::Already)));
    let others: Vec<WaitlistEntry> = (0..20)
        .map(|n| {
            let wanted = Wanted::Specialty { specialty: format!("s{n}"), city: "boston".into() };
            WaitlistEntry { wanted, clinics: vec![], ..waits(entry.patient, morning()) }
        })
        .collect();
    let new: Vec<NewEntry> = others.iter().map(joining).collect();
    let outcomes = join_all(new.iter().map(|new| line.store.join(new))).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 9);
    assert!(outcomes.iter().all(|outcome| matches!(outcome, Ok(()) | Err(EntryError::TooMany))), "{outcomes:?}");
    let mine = Within::Patients(vec![entry.patient]);
    let found = line.store.entries(&mine, None, None, 20).await.unwrap();
    assert_eq!(found[0].entry, entry, "as it was stored");
    assert!(found.iter().skip(1).all(|view| others.contains(&view.entry)) && found.len() == 10);
    let at_clinic = line.store.entries(&Within::Clinics(vec![clinic(1)]), None, None, 20).await.unwrap();
    assert_eq!(at_clinic.len(), 1);
    assert!(line.store.entries(&Within::Clinics(vec![clinic(2)]), None, None, 20).await.unwrap().is_empty());
}

impl CalendarFiles for Town {
    fn write<'a>(&self, _: &Appointment, _: &Names, _: FileFor, _: &str, _: Option<Invited<'a>>) -> String {
        String::new()
    }

    fn write_all(&self, _: &[Appointment], _: &HashMap<ClinicId, Names>, _: &str) -> String {
        String::new()
    }
}
