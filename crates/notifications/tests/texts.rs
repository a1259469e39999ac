//! Texts out of a real outbox to a provider that speaks Twilio's API on this machine.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, StoppedClock};
use notifications::application::{Ledger as _, SendText, Told};
use notifications::domain::DeliveryState;
use notifications::infrastructure::{PgLedger, PostedTexts, TwilioSettings, TwilioTexts};
use platform::crypto::Keyring;
use platform::outbox::{Courier, Outbox};
use platform::pg;
use platform::texts::{self, Text};
use secrecy::SecretString;
use testkit::TestDatabase;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::watch;
use uuid::Uuid;

const SITE: &str = "https://doktolib.example";
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
const SERVICE: &str = "MG0123456789abcdef0123456789abcdef";
const NUMBER: &str = "+12125550100";

fn now() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

/// How the provider answers; an empty text is silence.
type Answers = Arc<Mutex<Vec<(&'static str, &'static str)>>>;

/// A provider on this machine, and what it was asked.
struct Provider {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    answers: Answers,
}

impl Provider {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let (asked, answers) = (Arc::default(), Answers::default());
        let provider = Self { address, asked: Arc::clone(&asked), answers: Arc::clone(&answers) };
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (asked, answers): (Arc<Mutex<Vec<String>>>, Answers) = (Arc::clone(&asked), Arc::clone(&answers));
                tokio::spawn(async move {
                    let request = whole(&mut stream).await;
                    asked.lock().unwrap().push(request);
                    let next = {
                        let mut answers = answers.lock().unwrap();
                        if answers.is_empty() { ("201 Created", r#"{"sid": "SM1"}"#) } else { answers.remove(0) }
                    };
                    if next.0.is_empty() {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    }
                    let (status, body) = next;
                    let answer = format!(
                        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
                        body.len()
                    );
                    let _sent = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        provider
    }

    fn will(&self, answers: &[(&'static str, &'static str)]) {
        self.answers.lock().unwrap().extend_from_slice(answers);
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// A request, head and body.
async fn whole(stream: &mut tokio::net::TcpStream) -> String {
    let mut request = Vec::new();
    loop {
        let mut some = [0; 4096];
        let length = stream.read(&mut some).await.unwrap_or(0);
        request.extend_from_slice(&some[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let announced = text.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
        });
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if length == 0 || body.is_some_and(|body| body >= announced.unwrap_or(0)) {
            return text;
        }
    }
}

/// An outbox whose texts go to one provider.
struct House {
    db: TestDatabase,
    keys: Keyring,
    ledger: Arc<PgLedger>,
    clock: Arc<StoppedClock>,
    courier: Courier,
    going: watch::Receiver<bool>,
    _stop: watch::Sender<bool>,
}

impl House {
    async fn new(address: &str, from: &str, site: &str) -> Self {
        let db = testkit::database().await;
        let keys = Keyring::derived(&SecretString::from("s".repeat(40)));
        let clock = Arc::new(StoppedClock::at(now()));
        let token = SecretString::from("p:ss".to_owned());
        let mut settings =
            TwilioSettings::new(address.parse().unwrap(), ACCOUNT.to_owned(), token, from.parse().unwrap());
        settings.patience = Duration::from_millis(500);
        let texts = Arc::new(TwilioTexts::new(settings, site).unwrap());
        let ledger = Arc::new(PgLedger::new(db.pool.clone(), keys.clone()));
        let posted = PostedTexts::new(SendText { texts }, keys.clone(), ledger.clone(), clock.clone());
        let courier = Courier::new(Outbox::new(db.pool.clone()), vec![Arc::new(posted)], clock.clone());
        let (stop, going) = watch::channel(false);
        Self { db, keys, ledger, clock, courier, going, _stop: stop }
    }

    async fn post(&self, to: &str) -> Uuid {
        let text = Text::new("reminder", to, "en")
            .with("doctor", "Amara Okafor & Co")
            .with("clinic", "Harbor")
            .with("when", "2027-03-01 09:00");
        let mut conn = pg::conn(&self.db.pool).await.unwrap();
        texts::post(&mut conn, &self.keys, &text, Uuid::now_v7(), self.clock.now()).await.unwrap().as_uuid()
    }

    async fn work(&self) {
        while self.courier.round(&self.going).await.unwrap() > 0 {}
    }

    async fn ledger(&self) -> Vec<String> {
        let client = pg::client(&self.db.settings).await.unwrap();
        let sql = "SELECT concat_ws(' ', state, tries, provider_id, trouble) FROM notifications.message ORDER BY id";
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

#[tokio::test]
async fn a_text_is_asked_for_as_the_provider_documents_it_and_its_name_is_kept() {
    let provider = Provider::start().await;
    for (from, sender) in
        [("+12125550199", "From=%2B12125550199"), (SERVICE, &format!("MessagingServiceSid={SERVICE}") as &str)]
    {
        let house = House::new(&provider.address, from, SITE).await;
        let id = house.post(NUMBER).await;
        house.work().await;
        let asked = provider.asked().pop().unwrap();
        let (head, body) = asked.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("POST /2010-04-01/Accounts/{ACCOUNT}/Messages.json HTTP/1.1\r\n")), "{head}");
        assert!(head.contains("content-type: application/x-www-form-urlencoded"), "{head}");
        // Name and password, as RFC 7617 has them.
        assert!(head.contains("Basic QUMwMTIzNDU2Nzg5YWJjZGVmMDEyMzQ1Njc4OWFiY2RlZjpwOnNz\r\n"), "{head}");
        assert_eq!(
            body,
            format!(
                "To=%2B12125550100&{sender}&Body=Reminder%3A+Mon+1+Mar+2027+09%3A00%2C+Amara+Okafor+%26+Co%2C+Harbor.+If+you+cannot+come%2C+please+use+the+link+in+your+mail+or+call+us.&StatusCallback=https%3A%2F%2Fdoktolib.example%2Fapi%2Fv1%2Fnotifications%2Fsms-status%3Fmessage%3D{id}"
            )
        );
        assert_eq!(house.ledger().await, ["sent 1 SM1"]);
    }
    let house = House::new(&provider.address, SERVICE, "http://localhost:8080").await;
    house.post(NUMBER).await;
    house.work().await;
    assert!(!provider.asked().pop().unwrap().contains("StatusCallback"), "nobody could reach this machine");
}

#[tokio::test]
async fn refusals_for_good_are_given_up_and_all_else_is_tried_again() {
    let provider = Provider::start().await;
    let house = House::new(&provider.address, SERVICE, SITE).await;
    provider.will(&[
        ("400 Bad Request", r#"{"code": 21211, "message": "The 'To' number +12125550100 is not valid"}"#),
        ("400 Bad Request", r#"{"code": 21610, "message": "unsubscribed"}"#),
        ("400 Bad Request", r#"{"code": 21606, "message": "From is not ours"}"#),
        ("401 Unauthorized", r#"{"code": 20003}"#),
        ("429 Too Many Requests", r#"{"code": 20429}"#),
        ("503 Service Unavailable", "busy"),
        ("", ""),
        ("201 Created", "no JSON at all"),
    ]);
    for _ in 0..8 {
        house.post(NUMBER).await;
    }
    house.post("0612345678").await;
    house.work().await;
    assert_eq!(
        house.ledger().await,
        [
            "failed 1 refused by the provider of texts (21211)",
            "failed 1 refused by the provider of texts (21610)",
            "queued 1 the provider of texts refuses our set-up (21606)",
            "queued 1 the provider of texts refuses our account (401)",
            "queued 1 the provider of texts puts it off (429)",
            "queued 1 the provider of texts puts it off (503)",
            "queued 1 the provider of texts does not answer in time",
            "sent 1",
            "failed 1 the number is not in international form",
        ]
    );
    assert_eq!(provider.asked().len(), 8, "a number of no country is not even asked for");
    house.clock.advance(SignedDuration::from_mins(1));
    house.work().await;
    let states = house.ledger().await;
    assert_eq!(states.iter().filter(|state| *state == "sent 2 SM1").count(), 5, "{states:?}");
    assert_eq!(provider.asked().len(), 13, "and each of them once more");
}

#[tokio::test]
async fn while_the_provider_is_away_nothing_is_lost() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let house = House::new(&format!("http://{closed}"), SERVICE, SITE).await;
    house.post(NUMBER).await;
    house.work().await;
    assert_eq!(house.ledger().await, ["queued 1 the provider of texts cannot be reached"]);
}

/// The worker died, or heard no answer; the provider's own word says that it has the text.
#[tokio::test]
async fn what_the_provider_tells_of_a_text_in_doubt_keeps_it_from_being_sent_twice() {
    let provider = Provider::start().await;
    let house = House::new(&provider.address, SERVICE, SITE).await;
    provider.will(&[("", "")]);
    let id = house.post(NUMBER).await;
    house.work().await;
    assert_eq!(house.ledger().await, ["queued 1 the provider of texts does not answer in time"]);
    let told = |state, name: &str| Told { id, provider_id: name.to_owned(), state, trouble: None };
    let ledger = &house.ledger;
    assert!(ledger.told(&told(DeliveryState::Sent, "SM9"), house.clock.now()).await.unwrap());
    house.clock.advance(SignedDuration::from_mins(1));
    house.work().await;
    assert_eq!((house.ledger().await, provider.asked().len()), (vec!["sent 1 SM9".to_owned()], 1));

    // From there on it goes forward alone, and a word about another text of theirs counts for nothing.
    for (state, name, taken) in [
        (DeliveryState::Sent, "SM9", false),
        (DeliveryState::Delivered, "SM8", false),
        (DeliveryState::Delivered, "SM9", true),
        (DeliveryState::Delivered, "SM9", false),
        (DeliveryState::Failed, "SM9", false),
        (DeliveryState::Sent, "SM9", false),
    ] {
        assert_eq!(ledger.told(&told(state, name), house.clock.now()).await.unwrap(), taken, "{state} {name}");
    }
    assert_eq!(house.ledger().await, ["delivered 1 SM9"]);
    let found = ledger.about(&[], &[id]).await.unwrap();
    assert_eq!((found.len(), found[0].state, found[0].tries), (1, DeliveryState::Delivered, 1));
}

#[tokio::test]
async fn two_workers_that_take_the_same_message_leave_one_row_and_old_ones_are_forgotten() {
    let provider = Provider::start().await;
    let house = House::new(&provider.address, SERVICE, SITE).await;
    let ids = [house.post(NUMBER).await, house.post(NUMBER).await];
    let waiting = house.ledger.about(&[], &ids).await.unwrap();
    assert_eq!((waiting.len(), waiting[0].state, waiting[0].tries), (2, DeliveryState::Queued, 0), "not tried yet");
    house.work().await;
    let words: Vec<_> = (0..8)
        .map(|number| {
            let ledger = Arc::clone(&house.ledger);
            let told = Told {
                id: ids[0],
                provider_id: "SM1".into(),
                state: if number % 2 == 0 { DeliveryState::Delivered } else { DeliveryState::Undelivered },
                trouble: None,
            };
            tokio::spawn(async move { ledger.told(&told, now()).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for word in words {
        taken += usize::from(word.await.unwrap());
    }
    assert_eq!(taken, 1, "one of the last words wins");
    let days = |days: i64| now() + SignedDuration::from_hours(24 * days);
    assert_eq!(house.ledger.purge(days(89)).await.unwrap(), 0);
    assert_eq!(house.ledger.purge(days(91)).await.unwrap(), 2);
}
