use std::sync::Mutex;

use jiff::SignedDuration;
use kernel::{ClinicId, DoctorId, StoppedClock};

use super::super::patient_ports::{MockAccounts, MockPatientStore, Person};
use super::super::ports::MockPractices;
use super::super::reminder_ports::{MockReminderBatches, MockReminderStore};
use super::super::test_data::{booked, now};
use super::super::view_ports::Called;
use super::super::wishes::MockWishes;
use super::*;
use crate::domain::{Leads, Quiet, TextLead};

fn due(details: &AppointmentDetails) -> DueReminder {
    let visit = &details.appointment;
    DueReminder {
        visit: visit.id,
        patient: visit.patient,
        starts_at: visit.visit.start,
        told_at: Timestamp::UNIX_EPOCH,
        time_zone: visit.time_zone.clone(),
    }
}

/// A store in which these visits are due, on one page.
fn store_with(found: Vec<DueReminder>) -> MockReminderStore {
    let mut store = MockReminderStore::new();
    store.expect_due().returning(move |_, _, after, _| Ok(if after.is_none() { found.clone() } else { Vec::new() }));
    store.expect_accounts_of().returning(|_| Ok(HashMap::new()));
    store
}

fn nobodys_wishes() -> Arc<MockWishes> {
    Arc::new(MockWishes::new())
}

fn finder(store: MockReminderStore, batches: MockReminderBatches) -> FindDueReminders {
    FindDueReminders {
        store: Arc::new(store),
        batches: Arc::new(batches),
        wishes: nobodys_wishes(),
        plan: ReminderPlan::Mails(Leads::default()),
    }
}

/// The same patient at another time, with the same people.
fn at(details: &AppointmentDetails, hours: i64) -> AppointmentDetails {
    let mut other = details.clone();
    other.appointment.id = AppointmentId::mint();
    let step = SignedDuration::from_hours(hours);
    other.appointment.visit.start += step;
    other.appointment.visit.end += step;
    other
}

fn writer(found: Vec<AppointmentDetails>, store: MockReminderStore) -> RemindPatients {
    let mut store = store;
    store.expect_with_their_days().returning(move |_, _, _| Ok(found.clone()));
    store.expect_accounts_of().returning(|_| Ok(HashMap::new()));
    let mut practices = MockPractices::new();
    practices.expect_called().returning(|doctors: &[DoctorId], clinics: &[ClinicId]| {
        Ok(Called {
            doctors: doctors.iter().map(|id| (*id, "Amara Okafor".to_owned())).collect(),
            clinics: clinics.iter().map(|id| (*id, "Harbor".to_owned())).collect(),
        })
    });
    let mut patients = MockPatientStore::new();
    patients.expect_caretakers().returning(|_| Ok(Vec::new()));
    RemindPatients {
        store: Arc::new(store),
        addressees: Addressees { patients: Arc::new(patients), accounts: Arc::new(MockAccounts::new()) },
        practices: Arc::new(practices),
        wishes: nobodys_wishes(),
        by_text: false,
        clock: Arc::new(StoppedClock::at(now())),
    }
}

#[tokio::test]
async fn due_visits_are_handed_on_in_batches() {
    let found: Vec<DueReminder> = (0..250).map(|_| due(&booked())).collect();
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sizes);
    let mut batches = MockReminderBatches::new();
    batches.expect_hand_on().returning(move |lead, visits, at| {
        assert_eq!((lead, at), (24, now()));
        seen.lock().unwrap().push(visits.len());
        Ok(())
    });
    let looked = finder(store_with(found), batches).run(now() + SignedDuration::ZERO).await;
    // It is six in the morning in Chicago then.
    assert_eq!(looked.unwrap(), Looked { due: 0, quiet: 250, left_out: 0 });
    assert!(sizes.lock().unwrap().is_empty());
    let morning = now() + SignedDuration::from_hours(3);
    let found: Vec<DueReminder> = (0..250).map(|_| due(&booked())).collect();
    let seen = Arc::clone(&sizes);
    let mut batches = MockReminderBatches::new();
    batches.expect_hand_on().returning(move |_, visits, _| {
        seen.lock().unwrap().push(visits.len());
        Ok(())
    });
    let finder = finder(store_with(found), batches);
    assert_eq!(finder.run(morning).await.unwrap(), Looked { due: 250, quiet: 0, left_out: 0 });
    assert_eq!(*sizes.lock().unwrap(), [100, 100, 50]);
    assert_eq!(finder.list(morning).await.unwrap().len(), 250, "and a look hands nothing on");
    assert_eq!(sizes.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn several_visits_of_a_patient_on_a_day_make_one_message_in_their_order() {
    let (ada, other) = (booked(), booked());
    let mut day = vec![at(&ada, 4), ada.clone(), at(&ada, 24), other];
    day.extend((5..10).map(|hours| at(&ada, hours)));
    let mut store = MockReminderStore::new();
    store.expect_post().once().returning(move |reminders, _| {
        let mut sizes: Vec<usize> = reminders.iter().map(|reminder| reminder.visits.len()).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [1, 1, 1, 6], "seven on the day, one on the next, one of somebody else");
        for reminder in reminders {
            assert!(reminder.visits.is_sorted_by_key(|(details, _)| details.appointment.visit.start));
            let RemindBy::Mail(to) = &reminder.to else { panic!("by text") };
            assert_eq!((to.email.as_str(), reminder.lead), ("ada@example.org", 24));
        }
        Ok(Reminded { messages: 4, visits: 9 })
    });
    let reminded = writer(day, store).run(24, &[ada.appointment.id], now()).await.unwrap();
    assert_eq!(reminded, Reminded { messages: 4, visits: 9 });
}

#[tokio::test]
async fn whom_nobody_can_write_to_is_left_for_the_next_look() {
    let mut nobody = booked();
    nobody.patient.email = None;
    let mut store = MockReminderStore::new();
    store.expect_post().never();
    let reminded = writer(vec![nobody], store).run(24, &[], now()).await.unwrap();
    assert_eq!(reminded, Reminded::default());
}

/// Two patients with a visit each at the same time: one whose account has told a wish, and a guest.
fn wishing(wish: ReminderWish) -> (Vec<AppointmentDetails>, MockReminderStore, Arc<MockWishes>) {
    let (mut ada, mut guest) = (booked(), booked());
    for (details, number) in [(&mut ada, "+12125550100"), (&mut guest, "2125550100")] {
        details.patient.phone = Some(number.to_owned());
    }
    let (patient, user) = (ada.appointment.patient, UserId::mint());
    let mut store = MockReminderStore::new();
    store.expect_accounts_of().returning(move |_| Ok(HashMap::from([(patient, user)])));
    let mut wishes = MockWishes::new();
    wishes.expect_of().withf(move |users| users == [user]).returning(move |_| Ok(HashMap::from([(user, wish)])));
    (vec![ada, guest], store, Arc::new(wishes))
}

#[tokio::test]
async fn who_does_not_wish_it_is_not_reminded_and_quiet_hours_are_ones_own() {
    let noon_to_two = Quiet { from: 12 * 60, until: 14 * 60 };
    let no = ReminderWish { by_mail: false, ..ReminderWish::default() };
    let quiet = ReminderWish { quiet: noon_to_two, ..ReminderWish::default() };
    let lunch = "2027-02-28T18:30:00Z".parse().unwrap();
    for (wish, expected) in [
        (ReminderWish::default(), Looked { due: 2, quiet: 0, left_out: 0 }),
        (no, Looked { due: 1, quiet: 0, left_out: 1 }),
        (quiet, Looked { due: 1, quiet: 1, left_out: 0 }),
    ] {
        let (visits, mut store, wishes) = wishing(wish);
        let found: Vec<DueReminder> = visits.iter().map(due).collect();
        store
            .expect_due()
            .returning(move |_, _, after, _| Ok(if after.is_none() { found.clone() } else { Vec::new() }));
        let mut batches = MockReminderBatches::new();
        batches.expect_hand_on().returning(|_, _, _| Ok(()));
        let finder = FindDueReminders { wishes, ..finder(store, batches) };
        assert_eq!(finder.run(lunch).await.unwrap(), expected, "{wish:?}");
    }
}

#[tokio::test]
async fn a_text_goes_to_a_number_with_its_country_and_to_nobody_who_said_no_meanwhile() {
    for (by_text, posted) in [(true, 1), (false, 0)] {
        let (visits, mut store, wishes) = wishing(ReminderWish { by_text, ..ReminderWish::default() });
        store.expect_with_their_days().returning(move |_, _, _| Ok(visits.clone()));
        store.expect_post().times(posted).returning(|reminders, _| {
            let numbers: Vec<_> = reminders
                .iter()
                .map(|reminder| match &reminder.to {
                    RemindBy::Text { number, language } => (number.clone(), language.clone()),
                    RemindBy::Mail(_) => panic!("by mail"),
                })
                .collect();
            assert_eq!(numbers, [("+12125550100".to_owned(), "fr".to_owned())]);
            Ok(Reminded { messages: 1, visits: 1 })
        });
        let mut accounts = MockAccounts::new();
        accounts.expect_person().returning(|_| {
            Ok(Some(Person { name: "Ada".into(), email: "ada@example.org".into(), language: "fr".into() }))
        });
        let mut usual = writer(Vec::new(), MockReminderStore::new());
        usual.addressees.accounts = Arc::new(accounts);
        let writer = RemindPatients { store: Arc::new(store), wishes, by_text: true, ..usual };
        assert_eq!(writer.run(2, &[], now()).await.unwrap().messages, posted);
    }
}

#[tokio::test]
async fn texts_are_looked_for_among_those_who_have_told_a_number() {
    let mut store = MockReminderStore::new();
    store.expect_due().withf(|window, by_phone, _, _| window.lead == 2 && *by_phone).returning(|_, _, _, _| Ok(vec![]));
    let plan = ReminderPlan::Texts(TextLead::default());
    let finder = FindDueReminders { plan, ..finder(store, MockReminderBatches::new()) };
    assert_eq!(finder.run(now()).await.unwrap(), Looked::default());
}
