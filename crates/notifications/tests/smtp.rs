//! Letters out of a real outbox to a real mail server.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use kernel::{Clock as _, StoppedClock};
use notifications::application::SendLetter;
use notifications::infrastructure::{Letters, PgLedger, SmtpPost, SmtpSettings};
use platform::crypto::Keyring;
use platform::letters::{self, Letter};
use platform::outbox::{Courier, Failed, Outbox};
use platform::pg;
use secrecy::SecretString;
use testkit::{MailPrivacy, MailServer, MailServerOptions, TakenMail, TestDatabase};
use tokio::sync::watch;
use uuid::Uuid;

const SITE: &str = "https://doktolib.example";

fn now() -> Timestamp {
    "2027-03-01T12:00:00Z".parse().unwrap()
}

/// An outbox whose letters go to one mail server.
struct House {
    db: TestDatabase,
    keys: Keyring,
    clock: Arc<StoppedClock>,
    courier: Courier,
    going: watch::Receiver<bool>,
    _stop: watch::Sender<bool>,
}

impl House {
    async fn new(url: &str, root_cert: Option<PathBuf>) -> Self {
        Self::with(url, root_cert, Duration::from_secs(20)).await
    }

    async fn with(url: &str, root_cert: Option<PathBuf>, patience: Duration) -> Self {
        let db = testkit::database().await;
        let keys = Keyring::derived(&SecretString::from("s".repeat(40)));
        let clock = Arc::new(StoppedClock::at(now()));
        let mut settings: SmtpSettings = url.parse().unwrap();
        settings.root_cert = root_cert;
        settings.patience = patience;
        let post = SmtpPost::new(&settings, "Doktolib <no-reply@clinic.example>".parse().unwrap(), SITE).unwrap();
        let send = SendLetter { post: Arc::new(post), public_url: SITE.into() };
        let ledger = Arc::new(PgLedger::new(db.pool.clone(), keys.clone()));
        let letters = Letters::new(send, keys.clone(), ledger, clock.clone());
        let courier = Courier::new(Outbox::new(db.pool.clone()), vec![Arc::new(letters)], clock.clone());
        let (stop, going) = watch::channel(false);
        Self { db, keys, clock, courier, going, _stop: stop }
    }

    async fn post(&self, letter: &Letter) -> Uuid {
        let mut conn = pg::conn(&self.db.pool).await.unwrap();
        let id = letters::post(&mut conn, &self.keys, letter, Uuid::now_v7(), self.clock.now()).await.unwrap();
        id.as_uuid()
    }

    async fn work(&self) {
        while self.courier.round(&self.going).await.unwrap() > 0 {}
    }

    async fn failed(&self) -> Vec<Failed> {
        self.courier.outbox().failed().await.unwrap()
    }

    /// What the outbox says of the last failure of each waiting letter.
    async fn troubles(&self) -> Vec<String> {
        let client = pg::client(&self.db.settings).await.unwrap();
        let sql = "SELECT last_error FROM journal.outbox WHERE done_at IS NULL AND failed_at IS NULL ORDER BY id";
        let rows = client.query(sql, &[]).await.unwrap();
        rows.iter().map(|row| row.get::<_, Option<String>>(0).unwrap_or_default()).collect()
    }

    /// What the ledger says of each message: its template, state, tries and trouble.
    async fn ledger(&self) -> Vec<String> {
        let client = pg::client(&self.db.settings).await.unwrap();
        let sql = "SELECT concat_ws(' ', template, state, tries, trouble) FROM notifications.message ORDER BY id";
        client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    async fn sealed(&self) -> i64 {
        let client = pg::client(&self.db.settings).await.unwrap();
        client.query_one("SELECT count(*) FROM journal.outbox WHERE sealed IS NOT NULL", &[]).await.unwrap().get(0)
    }
}

fn code_for(to: &str) -> Letter {
    Letter::new("sign-in-code", to, "en").with("code", "424242").with("minutes", "10")
}

fn server(privacy: MailPrivacy, login: Option<(&str, &str)>) -> MailServer {
    let login = login.map(|(name, password)| (name.to_owned(), password.to_owned()));
    MailServer::start(MailServerOptions { privacy, login, ..MailServerOptions::default() })
}

fn only(mut taken: Vec<TakenMail>) -> TakenMail {
    assert_eq!(taken.len(), 1, "{taken:?}");
    taken.remove(0)
}

#[tokio::test]
async fn a_letter_arrives_over_starttls_from_who_may_send_it_whole_and_with_its_own_id() {
    let server = server(MailPrivacy::StartTls, Some(("clinic@mail.example", "p%ss w:rd")));
    let url = format!("smtp://clinic%40mail.example:p%25ss%20w%3Ard@localhost:{}?tls=required", server.port());
    let house = House::new(&url, Some(server.root_cert())).await;
    let id = house.post(&code_for("ada@example.org")).await;
    assert_eq!(house.sealed().await, 1);
    house.work().await;
    assert_eq!(house.troubles().await, [""; 0]);

    let mail = only(server.taken());
    assert!(mail.private && mail.to == ["ada@example.org"] && mail.from == "no-reply@clinic.example", "{mail:?}");
    assert_eq!(mail.hello, "doktolib.example");
    for (field, expected) in [
        ("Message-ID", format!("<{id}@doktolib.example>").as_str()),
        ("From", "Doktolib <no-reply@clinic.example>"),
        ("To", "ada@example.org"),
        ("Subject", "Your code to sign in to Doktolib"),
        ("Date", "Mon, 01 Mar 2027 12:00:00 +0000"),
        ("Auto-Submitted", "auto-generated"),
        ("Content-Language", "en"),
    ] {
        assert_eq!(mail.field(field), Some(expected), "{field}");
    }
    assert_eq!(mail.content.matches("424242").count(), 2, "once as text and once as HTML: {}", mail.content);
    assert_eq!((house.sealed().await, house.failed().await.len()), (0, 0), "what was sent is forgotten");
}

#[tokio::test]
async fn a_calendar_file_travels_as_a_form_of_the_message_and_as_an_attachment() {
    let server = server(MailPrivacy::Nothing, None);
    let house = House::new(&format!("smtp://localhost:{}", server.port()), None).await;
    // Longer than a line of mail may be, and with signs that are not ASCII.
    let file = format!("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\nX-A:{}\r\nEND:VCALENDAR\r\n", "Déjà = ".repeat(9));
    let letter = Letter::new("booking-cancelled", "ada@example.org", "fr")
        .with("name", "Ada Example")
        .with("doctor", "Amara Okafor")
        .with("clinic", "Harbor")
        .with("when", "2027-03-09 09:00 (America/New_York)");
    house.post(&letter.calendar("CANCEL", &file)).await;
    house.work().await;
    assert_eq!(house.troubles().await, [""; 0]);
    let parts = testkit::mail_parts(&only(server.taken()).content);
    let told: Vec<_> =
        parts.iter().map(|part| (part.media_type.as_str(), part.method.as_str(), part.file_name.as_str())).collect();
    let expected = [
        ("text/plain", "", ""),
        ("text/html", "", ""),
        ("text/calendar", "CANCEL", ""),
        ("application/ics", "", "appointment.ics"),
    ];
    assert_eq!(told, expected);
    assert_eq!((parts[2].content.as_str(), parts[2].charset.as_str()), (file.as_str(), "utf-8"));
    assert_eq!(parts[3].content, file);
    assert!(parts[0].content.contains("2027-03-09 09:00 (America/New_York)"));
}

#[tokio::test]
async fn tls_from_the_first_byte_and_none_at_all_work_where_they_are_asked_for() {
    for (privacy, scheme) in [(MailPrivacy::Tls, "smtps"), (MailPrivacy::Nothing, "smtp")] {
        let server = server(privacy, Some(("u", "p")));
        let url = format!("{scheme}://u:p@localhost:{}", server.port());
        let house = House::new(&url, Some(server.root_cert())).await;
        // Ten of them, over a connection that is kept.
        for number in 0..10 {
            house.post(&code_for(&format!("reader-{number}@example.org"))).await;
        }
        house.work().await;
        assert_eq!(house.troubles().await, [""; 0]);
        assert_eq!(server.taken().len(), 10, "{privacy:?}");
    }
}

#[tokio::test]
async fn nothing_is_said_to_a_server_whose_certificate_or_privacy_is_not_as_it_must_be() {
    let tls = server(MailPrivacy::StartTls, None);
    let open = server(MailPrivacy::Nothing, None);
    let stranger = server(MailPrivacy::StartTls, None);
    for (url, root, trouble) in [
        // An authority nobody has named, another one, and a certificate for another host.
        (format!("smtp://localhost:{}?tls=required", tls.port()), None, "TLS"),
        (format!("smtp://localhost:{}?tls=required", tls.port()), Some(stranger.root_cert()), "TLS"),
        (format!("smtp://127.0.0.1:{}?tls=required", tls.port()), Some(tls.root_cert()), "TLS"),
        // A server that offers no STARTTLS, as somebody in between would make it look.
        (format!("smtp://localhost:{}?tls=required", open.port()), None, "offers no STARTTLS"),
        (format!("smtps://localhost:{}", open.port()), None, "mail server"),
    ] {
        let house = House::new(&url, root).await;
        house.post(&code_for("ada@example.org")).await;
        house.work().await;
        assert_eq!((tls.taken().len(), open.taken().len()), (0, 0), "{url}");
        let troubles = house.troubles().await;
        assert!(troubles.len() == 1 && troubles[0].contains(trouble), "{url}: {troubles:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_our_fault_so_the_letter_is_kept_until_it_is_mended() {
    let mut server = server(MailPrivacy::StartTls, Some(("u", "right")));
    let url = format!("smtp://u:wrong@localhost:{}?tls=required", server.port());
    let house = House::new(&url, Some(server.root_cert())).await;
    house.post(&code_for("ada@example.org")).await;
    house.work().await;
    assert_eq!(house.troubles().await, ["the mail server refuses our name and password (535)"]);
    server.change(|options| options.login = Some(("u".into(), "wrong".into())));
    server.come_back();
    house.clock.advance(SignedDuration::from_secs(5));
    house.work().await;
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test]
async fn a_reader_who_is_refused_for_good_is_given_up_at_once_and_others_get_their_letters() {
    let server = MailServer::start(MailServerOptions {
        refuses: vec!["nobody@example.org".into()],
        defers: vec!["later@example.org".into()],
        ..MailServerOptions::default()
    });
    let house = House::new(&format!("smtp://localhost:{}", server.port()), None).await;
    let refused = house.post(&code_for("nobody@example.org")).await;
    house.post(&code_for("later@example.org")).await;
    house.post(&code_for("ada@example.org")).await;
    let broken = house.post(&Letter::new("sign-in-code", "ada@example.org", "en").with("code", "1")).await;
    let nonsense = house.post(&code_for("no address")).await;
    let umlaut = house.post(&code_for("jürgen@example.org")).await;
    house.work().await;
    assert_eq!(only(server.taken()).to, ["ada@example.org"]);
    let failed = house.failed().await;
    let why = |id: Uuid| {
        let found = failed.iter().find(|failed| failed.id == id).unwrap();
        (found.attempts, found.last_error.as_str())
    };
    assert_eq!(failed.len(), 4);
    // The server's own words hold the address, so they are not kept.
    assert_eq!(why(refused), (1, "refused by the mail server (550)"));
    assert_eq!(why(broken), (1, "sign-in-code: the value minutes is missing"));
    assert_eq!(why(nonsense), (1, "the address cannot be written to"));
    assert_eq!(why(umlaut), (1, "the address cannot be written to"));
    assert_eq!(house.troubles().await, ["the mail server puts it off (451)"]);
    assert_eq!(
        house.ledger().await,
        [
            "sign-in-code failed 1 refused by the mail server (550)",
            "sign-in-code queued 1 the mail server puts it off (451)",
            "sign-in-code sent 1",
            "sign-in-code failed 1 sign-in-code: the value minutes is missing",
            "sign-in-code failed 1 the address cannot be written to",
            "sign-in-code failed 1 the address cannot be written to",
        ]
    );
}

/// A worker that dies after the mail server's answer: before it writes into the ledger, and after it.
#[tokio::test]
async fn what_the_ledger_knows_to_be_handed_over_is_not_sent_again_and_what_is_in_doubt_bears_the_same_id() {
    let server = server(MailPrivacy::Nothing, None);
    let house = House::new(&format!("smtp://localhost:{}", server.port()), None).await;
    let id = house.post(&code_for("ada@example.org")).await;
    let client = pg::client(&house.db.settings).await.unwrap();
    let sealed: Vec<u8> =
        client.query_one("SELECT sealed FROM journal.outbox WHERE id = $1", &[&id]).await.unwrap().get(0);
    house.work().await;
    assert_eq!(house.ledger().await, ["sign-in-code sent 1"]);
    let again = "UPDATE journal.outbox SET done_at = NULL, sealed = $2 WHERE id = $1";
    client.execute(again, &[&id, &sealed]).await.unwrap();
    house.clock.advance(SignedDuration::from_secs(100));
    house.work().await;
    assert_eq!((server.taken().len(), house.sealed().await), (1, 0), "it was written down before the worker died");

    client.execute(again, &[&id, &sealed]).await.unwrap();
    let doubt = "UPDATE notifications.message SET state = 'queued', trying_since = changed_at";
    client.execute(doubt, &[]).await.unwrap();
    house.clock.advance(SignedDuration::from_secs(100));
    house.work().await;
    let ids: Vec<_> = server.taken().iter().map(|mail| mail.field("Message-ID").unwrap().to_owned()).collect();
    assert_eq!(ids, vec![format!("<{id}@doktolib.example>"); 2]);
    assert_eq!(house.ledger().await, ["sign-in-code sent 2"]);
}

#[tokio::test]
async fn while_the_mail_server_is_away_nothing_is_lost_and_all_goes_out_when_it_is_back() {
    let mut server = server(MailPrivacy::Nothing, None);
    let house = House::new(&format!("smtp://localhost:{}", server.port()), None).await;
    house.post(&code_for("first@example.org")).await;
    house.work().await;
    assert_eq!(server.taken().len(), 1, "there is a kept connection now");
    server.go_away();
    let mut ids = BTreeSet::new();
    for number in 0..40 {
        ids.insert(house.post(&code_for(&format!("reader-{number}@example.org"))).await);
    }
    // Half an hour of tries.
    for _ in 0..30 {
        house.work().await;
        house.clock.advance(SignedDuration::from_mins(1));
    }
    assert_eq!(house.failed().await.len(), 0);
    assert_eq!(house.troubles().await, vec!["the mail server cannot be reached"; 40]);
    server.come_back();
    house.clock.advance(SignedDuration::from_mins(16));
    house.work().await;
    let taken = server.taken();
    let id_of = |mail: &TakenMail| -> Uuid {
        mail.field("Message-ID").unwrap().trim_start_matches('<').split('@').next().unwrap().parse().unwrap()
    };
    let sent: BTreeSet<Uuid> = taken[1..].iter().map(id_of).collect();
    assert_eq!((taken.len(), sent), (41, ids), "each once");
}

#[tokio::test]
async fn a_server_that_takes_the_connection_and_says_nothing_holds_nobody_up_for_long() {
    let deaf = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://127.0.0.1:{}", deaf.local_addr().unwrap().port());
    let house = House::with(&url, None, Duration::from_millis(300)).await;
    house.post(&code_for("ada@example.org")).await;
    let begun = Instant::now();
    house.work().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(house.troubles().await, ["the mail server does not answer in time"]);
}
