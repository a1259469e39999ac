//! The adapters on a real database.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use kernel::{Actor, AppointmentId, ClinicId, DoctorId, PatientId, Recorded, UserId};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg;
use prescriptions::application::{
    Addressee, Filter, InsertError, PrescriptionStore as _, ReadyLetter, Seals as _, StoreError, Within,
};
use prescriptions::domain::{
    Content, Heads, MedicineDraft, Prescription, PrescriptionEvent, PrescriptionFact, PrescriptionId, Search,
    Signature, State, Treated, Version, VersionId,
};
use prescriptions::infrastructure::{KeyedSeals, PgPrescriptions, PgSummaries};
use secrecy::SecretString;
use testkit::TestDatabase;

struct House {
    db: TestDatabase,
    owner: tokio_postgres::Client,
    store: Arc<PgPrescriptions>,
    seals: KeyedSeals,
}

fn now() -> Timestamp {
    "2027-03-01T15:00:00Z".parse().unwrap()
}

fn content(medicine: &str) -> Content {
    let draft = MedicineDraft {
        name: Some(medicine.into()),
        dosage: Some("1".into()),
        duration: Some("7 days".into()),
        ..MedicineDraft::default()
    };
    Content::new(&[draft], Some("a note")).unwrap()
}

fn heads() -> Heads {
    Heads {
        clinic: "Harbor Health Center".into(),
        address: "1 Harbor Street".into(),
        phone: None,
        doctor: "Amara Okafor".into(),
        specialty: "Cardiology".into(),
        patient: Treated { name: "Ada Example".into(), birth_date: Some(date(1980, 2, 29)) },
    }
}

impl House {
    async fn new() -> Self {
        let db = testkit::database_with(20).await;
        let secret = SecretString::from("s".repeat(40));
        let (journal, keys) = (Journal::new(&secret), Keyring::derived(&secret));
        Self {
            owner: pg::client(&db.settings).await.unwrap(),
            store: Arc::new(PgPrescriptions {
                pool: db.pool.clone(),
                journal,
                keys: keys.clone(),
                public_url: "https://doktolib.example".into(),
            }),
            seals: KeyedSeals { keys },
            db,
        }
    }

    /// Signed, with a code of its own.
    fn prescription(&self, appointment: AppointmentId) -> Prescription {
        let one = Prescription {
            id: PrescriptionId::mint(),
            appointment,
            doctor: DoctorId::mint(),
            patient: PatientId::mint(),
            clinic: ClinicId::mint(),
            time_zone: "America/New_York".into(),
            newest: 1,
            revision: 1,
            withdrawn: None,
            created_at: now(),
            updated_at: now(),
            version: Version {
                id: VersionId::mint(),
                number: 1,
                issued_at: now(),
                issued_on: date(2027, 3, 1),
                valid_until: date(2027, 6, 1),
                content: content("Amoxicillin 500 mg"),
                heads: heads(),
                code: self.seals.code(),
                signature: Signature::new([0; 32]),
            },
        };
        let signature = self.seals.sign(&one.signed_parts());
        one.signed(signature)
    }

    fn changed(&self, one: &Prescription, medicine: &str) -> Prescription {
        let code = self.seals.code();
        let two = one.changed(content(medicine), heads(), date(2027, 5, 1), code, now()).unwrap().unwrap();
        let signature = self.seals.sign(&two.signed_parts());
        two.signed(signature)
    }

    async fn inserted(&self) -> Prescription {
        let new = self.prescription(AppointmentId::mint());
        self.store.insert(&new, &written(&new), None, None).await.unwrap();
        new
    }

    async fn number(&self, query: &str) -> i64 {
        self.owner.query_one(query, &[]).await.unwrap().get(0)
    }
}

fn recorded(one: &Prescription, fact: PrescriptionFact) -> Recorded<PrescriptionEvent> {
    Recorded::new(one.event(fact), Actor::Doctor(UserId::mint()), now())
}

fn written(one: &Prescription) -> Recorded<PrescriptionEvent> {
    recorded(one, PrescriptionFact::Written { version: 1 })
}

#[tokio::test]
async fn what_was_written_comes_back_and_nothing_of_it_lies_open() {
    let house = House::new().await;
    let new = house.prescription(AppointmentId::mint());
    let to = Addressee { email: "ada@example.org".into(), language: "en".into() };
    let letter = ReadyLetter { to, doctor: "Amara Okafor".into() };
    house.store.insert(&new, &written(&new), Some(letter), None).await.unwrap();
    assert_eq!(house.store.find(new.id).await.unwrap().unwrap(), new);
    assert_eq!(house.store.of_code(new.version.code).await.unwrap().unwrap(), new);
    assert_eq!(house.store.of_signature(new.version.signature).await.unwrap().unwrap(), new);
    assert!(house.store.of_code(house.seals.code()).await.unwrap().is_none());
    let found = house.store.find(new.id).await.unwrap().unwrap();
    assert!(
        house.seals.is_of(&found.version.signature, &found.signed_parts()),
        "it is genuine after the way there and back"
    );
    for table in ["prescriptions.prescription", "prescriptions.version", "journal.audit_event", "journal.outbox"] {
        let rows: Vec<String> = house
            .owner
            .query(&format!("SELECT t::text || encode(convert_to(t::text, 'UTF8'), 'escape') FROM {table} t"), &[])
            .await
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect();
        assert!(!rows.is_empty(), "{table}");
        for secret in ["Amoxicillin", "a note", "Ada", &new.version.code.to_string()] {
            assert!(!rows.concat().contains(secret), "{secret} lies open in {table}");
        }
    }
    assert_eq!(house.number("SELECT count(*) FROM journal.outbox WHERE topic = 'mail'").await, 1);
}

#[tokio::test]
async fn of_many_who_prescribe_for_one_visit_at_once_one_wins_and_the_others_hear_which() {
    let house = House::new().await;
    for _ in 0..10 {
        let visit = AppointmentId::mint();
        let rivals: Vec<_> = (0..8)
            .map(|_| {
                let (store, new) = (house.store.clone(), house.prescription(visit));
                tokio::spawn(async move { (new.id, store.insert(&new, &written(&new), None, None).await) })
            })
            .collect();
        let (mut won, mut told) = (Vec::new(), Vec::new());
        for rival in rivals {
            match rival.await.unwrap() {
                (id, Ok(())) => won.push(id),
                (_, Err(InsertError::Exists(id))) => told.push(id),
                (_, Err(other)) => panic!("{other:?}"),
            }
        }
        assert_eq!((won.len(), told), (1, vec![won[0]; 7]));
    }
    let counts = "SELECT count(*) FROM prescriptions.prescription";
    assert_eq!(
        (house.number(counts).await, house.number("SELECT count(*) FROM prescriptions.version").await),
        (10, 10)
    );
    assert_eq!(
        house.number("SELECT count(*) FROM journal.audit_event WHERE action LIKE 'prescription.%'").await,
        10,
        "who lost left nothing"
    );
}

#[tokio::test]
async fn of_many_who_change_the_same_version_one_wins_and_nothing_is_lost() {
    let house = House::new().await;
    let mut present = house.inserted().await;
    for round in 1..6 {
        let rivals: Vec<_> = (0..6)
            .map(|rival| {
                let (store, two) = (house.store.clone(), house.changed(&present, &format!("Medicine {round} {rival}")));
                let event = recorded(&two, PrescriptionFact::Changed { version: two.newest });
                tokio::spawn(async move { (store.change(&two, &event, None).await, two) })
            })
            .collect();
        let mut won = Vec::new();
        for rival in rivals {
            match rival.await.unwrap() {
                (Ok(()), two) => won.push(two),
                (Err(StoreError::Stale), _) => {}
                (Err(other), _) => panic!("{other:?}"),
            }
        }
        assert_eq!(won.len(), 1);
        present = house.store.find(present.id).await.unwrap().unwrap();
        assert_eq!(present, won[0]);
    }
    let versions = house.store.versions(present.id).await.unwrap();
    assert_eq!(versions.iter().map(|one| one.version.number).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6]);
    assert!(versions.iter().all(|one| house.seals.is_of(&one.version.signature, &one.signed_parts())));
    let old = house.store.of_code(versions[0].version.code).await.unwrap().unwrap();
    assert_eq!((old.version.number, old.newest, old.state(now())), (1, 6, State::Replaced));
    assert_eq!(house.number("SELECT count(*) FROM journal.audit_event WHERE action LIKE 'prescription.%'").await, 6);
}

#[tokio::test]
async fn it_is_found_by_words_of_its_newest_version_within_a_reach() {
    let house = House::new().await;
    let one = house.inserted().await;
    let other = house.inserted().await;
    let two = house.changed(&one, "Ibuprofen 400 mg");
    house.store.change(&two, &recorded(&two, PrescriptionFact::Changed { version: 2 }), None).await.unwrap();
    let found = async |within: &Within, search: Search| {
        let filter = Filter { search, ..Filter::default() };
        let page = house.store.list(within, &filter, None, 20, now()).await.unwrap();
        page.prescriptions.into_iter().map(|one| one.id).collect::<Vec<_>>()
    };
    let medication = |name: &str| Search { medication: Some(name.into()), patient: None };
    let within = Within::Patients(vec![one.patient, other.patient]);
    assert_eq!(found(&within, medication("ibu")).await, [one.id]);
    assert_eq!(found(&within, medication("amoxi")).await, [other.id], "by the newest version alone");
    let patient = Search { patient: Some("example ada".into()), medication: None };
    assert_eq!(found(&within, patient.clone()).await, [other.id, one.id]);
    assert_eq!(found(&Within::Doctor(one.doctor), patient).await, [one.id]);
    assert_eq!(found(&Within::Patients(Vec::new()), Search::default()).await, []);
}

#[tokio::test]
async fn a_withdrawal_is_stored_once_and_calendars_hear_of_it() {
    let house = House::new().await;
    let one = house.inserted().await;
    let gone = one.withdrawn("Wrong dose".into(), now()).unwrap();
    let event = recorded(&gone, PrescriptionFact::Withdrawn { last_version: 1 });
    house.store.withdraw(&gone, &event, None).await.unwrap();
    assert_eq!(house.store.find(one.id).await.unwrap().unwrap(), gone);
    assert!(matches!(house.store.withdraw(&gone, &event, None).await, Err(StoreError::Stale)));
    let summaries = PgSummaries { pool: house.db.pool.clone() };
    let of = [one.appointment, AppointmentId::mint()];
    let told = summaries.of_visits(one.doctor, &of, now()).await.unwrap();
    assert_eq!((told.len(), told[&one.appointment].state), (1, State::Withdrawn));
    assert!(summaries.of_visits(DoctorId::mint(), &of, now()).await.unwrap().is_empty(), "of one's own alone");
}

#[tokio::test]
async fn what_is_good_for_longer_in_any_version_is_not_purged() {
    let house = House::new().await;
    let one = house.inserted().await;
    // The newer version ends earlier; a paper of the older one may still be about.
    let two = house.changed(&one, "Ibuprofen");
    house.store.change(&two, &recorded(&two, PrescriptionFact::Changed { version: 2 }), None).await.unwrap();
    let purged = recorded(&two, PrescriptionFact::Purged { versions: 2 });
    let last = date(2027, 6, 1);
    assert!(house.store.ended_before(last, None, 10).await.unwrap().is_empty());
    assert!(!house.store.purge(last, &purged).await.unwrap());
    let after = date(2027, 6, 2);
    let ended = house.store.ended_before(after, None, 10).await.unwrap();
    assert_eq!((ended.len(), ended[0].versions, ended[0].last_valid_day), (1, 2, last));
    assert!(house.store.ended_before(after, Some((last, one.id)), 10).await.unwrap().is_empty());
    assert!(house.store.purge(after, &purged).await.unwrap());
    assert!(!house.store.purge(after, &purged).await.unwrap(), "once more finds nothing");
    assert_eq!(house.number("SELECT count(*) FROM prescriptions.version").await, 0);
    let events = "SELECT count(*) FROM journal.audit_event WHERE action = 'prescription.purged'";
    assert_eq!(house.number(events).await, 1);
}

#[tokio::test]
async fn a_name_is_forgotten_once_and_a_change_that_has_read_it_is_refused() {
    let house = House::new().await;
    let one = house.inserted().await;
    let late = house.changed(&one, "Ibuprofen");
    let forgotten = recorded(&one, PrescriptionFact::Pseudonymised { versions_without_name: 1 });
    assert!(house.store.forget_name(&forgotten).await.unwrap());
    assert!(!house.store.forget_name(&forgotten).await.unwrap());
    let event = recorded(&late, PrescriptionFact::Changed { version: 2 });
    assert!(matches!(house.store.change(&late, &event, None).await, Err(StoreError::Stale)));
    let found = house.store.find(one.id).await.unwrap().unwrap();
    assert_eq!((found.version.heads.patient.name.as_str(), found.revision), ("Erased person", 2));
    assert!(house.seals.is_of(&found.version.signature, &found.signed_parts()), "papers stay checkable");
    let ada = Filter { search: Search { patient: Some("ada".into()), medication: None }, ..Filter::default() };
    let page = house.store.list(&Within::Doctor(one.doctor), &ada, None, 20, now()).await.unwrap();
    assert!(page.prescriptions.is_empty());
    let events = "SELECT count(*) FROM journal.audit_event WHERE action = 'prescription.pseudonymised'";
    assert_eq!(house.number(events).await, 1);
}
