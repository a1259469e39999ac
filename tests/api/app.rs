//! The application on a database with the fixed set of `docs/test-data.md`, and what comes back from it.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_web::dev::Service as _;
use actix_web::test::{TestRequest, init_service};
use appointments::application::GuestBooking;
use auth::infrastructure::TokenKeys;
use calendars::infrastructure::WebCalendars;
use doktolib::application::{Application, Figures, Handling, Parts, SignInRules};
use doktolib::limits::Rates;
use doktolib::mailing::Mailing;
use doktolib::seed::{SeedOptions, TEST_DATA_NOW, load_test_accounts, seed, seed_test_data};
use doktolib::texting::Texting;
use files::application::VirusScanner;
use files::infrastructure::Spool;
use files::infrastructure::inspection::{ContentInspector, LocalTextReader};
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use kernel::StoppedClock;
use platform::crypto::Keyring;
use platform::http::TrustedProxies;
use platform::outgoing::Reach;
use platform::pg::{self, PgPool};
use platform::signing::LinkSigner;
use platform::storage::{Storage, StorageSettings};
use secrecy::SecretString;
use serde_json::{Value, json};
use testkit::TestDatabase;
use tokio::sync::Mutex;
use uuid::Uuid;
use webhooks::infrastructure::WebReceivers;

pub use crate::answer::{Answer, Opened};
use crate::who::Badges;
pub use crate::who::Who;

use crate::logs;
pub const PUBLIC_URL: &str = "https://doktolib.example";
const SECRET: &str = "a secret of the tests, longer than 32 characters";

/// How an application differs from the usual one.
pub struct Wishes {
    pub guests: GuestBooking,
    pub trusted_proxies: TrustedProxies,
    pub rates: Rates,
    pub cors_origins: Vec<String>,
    pub figures: Option<Figures>,
    /// Look at sessions, not at badges ([`Who::bearer`]).
    pub real_doors: bool,
    pub mailing: Mailing,
    pub storage: Storage,
    /// How files that are handed in are looked through.
    pub handling: Handling,
    pub texting: Texting,
    /// The keys of access tokens, in place of the derived one.
    pub token_keys: Option<TokenKeys>,
    /// Which addresses messages are posted to.
    pub webhooks: Reach,
    /// So many made-up doctors in place of the fixed set.
    pub demo_doctors: Option<u32>,
}

impl Default for Wishes {
    fn default() -> Self {
        Self {
            guests: GuestBooking::Immediate,
            trusted_proxies: TrustedProxies::default(),
            rates: Rates::default(),
            cors_origins: Vec::new(),
            figures: None,
            real_doors: false,
            mailing: mail_into(std::env::temp_dir().join("doktolib-api-mail")),
            storage: objects_in(&std::env::temp_dir().join("doktolib-api-objects")),
            handling: handling_in(&std::env::temp_dir().join("doktolib-api-spool"), None),
            texting: Texting::into_folder(std::env::temp_dir().join("doktolib-api-texts")),
            token_keys: None,
            webhooks: Reach::Loopback,
            demo_doctors: None,
        }
    }
}

/// Mail of this application goes into a folder.
pub fn mail_into(folder: std::path::PathBuf) -> Mailing {
    Mailing::into_folder(folder, "doktolib@localhost".parse().unwrap(), PUBLIC_URL)
}

/// Objects of this application lie in a folder.
pub fn objects_in(folder: &std::path::Path) -> Storage {
    Storage::open(&StorageSettings::Folder(folder.to_owned())).unwrap()
}

/// Files of this application are really looked through, and scanned by this.
pub fn handling_in(folder: &std::path::Path, scanner: Option<Arc<dyn VirusScanner>>) -> Handling {
    Handling {
        spool: Spool::open(folder).unwrap(),
        inspector: Arc::new(ContentInspector::new()),
        scanner,
        reader: Arc::new(LocalTextReader::new()),
        retention_years: 7,
    }
}

type Send = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, Opened>>;

/// A running application with a database and a clock of its own.
pub struct App {
    send: Send,
    pub clock: Arc<StoppedClock>,
    pub application: Application,
    db: Option<Arc<TestDatabase>>,
}

impl App {
    /// With the fixed set, at the instant it is made for.
    pub async fn start() -> Self {
        Self::with(Wishes::default()).await
    }

    pub async fn with(wishes: Wishes) -> Self {
        let db = testkit::database().await;
        let mut client = pg::client(&db.settings).await.unwrap();
        let options = wishes.demo_doctors.map(|doctors| SeedOptions { doctors, ..SeedOptions::new(TEST_DATA_NOW) });
        match &options {
            None => seed_test_data(&mut client, &keys()).await.unwrap(),
            Some(options) => seed(&mut client, &keys(), options).await.unwrap(),
        };
        let mut app = Self::on(db.pool.clone(), wishes).await;
        if options.is_none() {
            load_test_accounts(&app.application.users).await.unwrap();
        }
        app.db = Some(Arc::new(db));
        app
    }

    /// With the fixed set in a database that all such tests share: it refuses every change, and is quicker.
    pub async fn reading() -> Self {
        Self::reading_with(Wishes::default()).await
    }

    pub async fn reading_with(wishes: Wishes) -> Self {
        static SHARED: Mutex<Weak<TestDatabase>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        let db = match shared.upgrade() {
            Some(db) => db,
            None => {
                let app = Self::start().await;
                doktolib::worker::refresh(&app.application).await.unwrap();
                app.sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$").await;
                let db = app.db.clone().unwrap();
                *shared = Arc::downgrade(&db);
                db
            }
        };
        drop(shared);
        let mut app = Self::on(pg::pool(&db.settings).unwrap(), wishes).await;
        app.db = Some(db);
        app
    }

    /// On somebody else's connections.
    pub async fn on(pool: PgPool, wishes: Wishes) -> Self {
        logs::start();
        let clock = Arc::new(StoppedClock::at(TEST_DATA_NOW));
        let application = Application::new(Parts {
            pool,
            secret: secret(),
            keys: keys(),
            token_keys: wishes.token_keys.unwrap_or_else(|| TokenKeys::derived(&secret())),
            doorkeeper: if wishes.real_doors { None } else { Some(Arc::new(Badges)) },
            storage: wishes.storage,
            handling: wishes.handling,
            clock: clock.clone(),
            guests: wishes.guests,
            waitlist_answer: jiff::SignedDuration::from_mins(120),
            calendars_every: jiff::SignedDuration::from_mins(15),
            leads: Default::default(),
            text_lead: Default::default(),
            retention: Default::default(),
            job_rules: Default::default(),
            sign_in: SignInRules { password_cost: 4, limits: true },
            public_url: PUBLIC_URL.to_owned(),
            mailing: wishes.mailing,
            texting: wishes.texting,
            calendar_source: Arc::new(WebCalendars::new(Reach::Loopback, Duration::from_secs(20)).unwrap()),
            receivers: Arc::new(WebReceivers::new(wishes.webhooks, Duration::from_secs(20)).unwrap()),
            rates: wishes.rates,
            trusted_proxies: wishes.trusted_proxies,
            cors_origins: wishes.cors_origins,
            figures: wishes.figures,
        });
        let service = Rc::new(init_service(doktolib::app(&application)).await);
        let send: Send = Box::new(move |request| {
            let service = Rc::clone(&service);
            Box::pin(async move {
                let response = match service.call(request.to_request()).await {
                    Ok(response) => response.into_parts().1,
                    Err(error) => error.error_response(),
                };
                let (status, headers) = (response.status().as_u16(), response.headers().clone());
                Opened { status, headers, body: response.into_body() }
            })
        });
        Self { send, clock, application, db: None }
    }

    /// Another server on the same database, with connections and a clock of its own.
    pub async fn beside(&self, wishes: Wishes) -> Self {
        let db = self.db.clone().expect("a database of its own");
        let mut app = Self::on(pg::pool(&db.settings).unwrap(), wishes).await;
        app.db = Some(db);
        app
    }

    pub async fn send(&self, request: TestRequest) -> Answer {
        logs::answered(self.open(request).await.whole().await)
    }

    /// Sends it, and leaves the answer's body to be read piece by piece.
    pub async fn open(&self, request: TestRequest) -> Opened {
        (self.send)(request).await
    }

    pub async fn get(&self, uri: &str) -> Answer {
        self.send(TestRequest::get().uri(uri)).await
    }

    pub async fn get_with(&self, uri: &str, header: (&str, &str)) -> Answer {
        self.send(TestRequest::get().uri(uri).insert_header(header)).await
    }

    pub async fn post(&self, uri: &str, body: &Value) -> Answer {
        self.send(logs::posting(uri, body)).await
    }

    pub async fn post_with(&self, uri: &str, body: &Value, header: (&str, &str)) -> Answer {
        self.send(logs::posting(uri, body).insert_header(header)).await
    }

    /// Sends it as somebody who is signed in.
    pub async fn send_as(&self, who: Who, request: TestRequest) -> Answer {
        self.send(request.insert_header(who.bearer())).await
    }

    pub async fn get_as(&self, who: Who, uri: &str) -> Answer {
        self.send_as(who, TestRequest::get().uri(uri)).await
    }

    pub async fn post_as(&self, who: Who, uri: &str, body: &Value) -> Answer {
        self.send_as(who, TestRequest::post().uri(uri).set_json(body)).await
    }

    /// Books, and panics unless it works.
    pub async fn booked(&self, body: &Value) -> Answer {
        let answer = self.post("/api/v1/appointments", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer
    }

    pub fn set_clock(&self, now: &str) {
        self.clock.set(now.parse().unwrap());
    }

    /// Runs SQL beside the application.
    pub async fn sql(&self, statements: &str) {
        self.client().await.batch_execute(statements).await.unwrap();
    }

    /// One number out of the database.
    pub async fn number(&self, query: &str) -> i64 {
        self.client().await.query_one(query, &[]).await.unwrap().get(0)
    }

    /// The texts of one column.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        self.client().await.query(query, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    pub async fn client(&self) -> tokio_postgres::Client {
        pg::client(&self.db.as_ref().expect("a database of its own").settings).await.unwrap()
    }

    /// Every business table and a hash over its rows. Left out is what asking alone may write: first free times, which
    /// reading mends, and tries at passwords and codes.
    pub async fn tables(&self) -> BTreeMap<String, String> {
        let client = self.client().await;
        let tables = "SELECT schemaname || '.' || tablename FROM pg_tables
             WHERE schemaname IN ('appointments', 'auth', 'calendars', 'doctors', 'files', 'journal', 'notifications', 'platform', 'reports',
                                  'webhooks')
             AND tablename NOT IN ('soonest', 'attempt')";
        let mut hashes = BTreeMap::new();
        for row in client.query(tables, &[]).await.unwrap() {
            let table: String = row.get(0);
            let hash = format!(
                "SELECT count(*) || ':' || md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
            );
            hashes.insert(table, client.query_one(&hash, &[]).await.unwrap().get(0));
        }
        hashes
    }

    /// Walks the audit chains; gives how many events they hold.
    pub async fn audited(&self) -> u64 {
        let mut conn = pg::conn(&self.application.pool).await.unwrap();
        let report = platform::journal::verify(&mut conn, &self.application.journal).await.unwrap();
        assert!(report.breaks.is_empty(), "{:?}", report.breaks);
        report.events
    }
}

pub fn secret() -> SecretString {
    SecretString::from(SECRET)
}

pub fn keys() -> Keyring {
    Keyring::derived(&secret())
}

/// An id of the fixed set: the letter of its kind and its number.
pub fn id(kind: char, number: u32) -> String {
    format!("01900000-0000-7000-8000-{kind}{number:011}")
}

pub fn doctor(number: u32) -> String {
    id('d', number)
}

pub fn visit_type(doctor: u32, place: u32) -> String {
    id('e', doctor * 10 + place)
}

/// The link of an appointment of the fixed set, with `step` behind its address.
pub fn link(id: &str, step: &str) -> String {
    let token = LinkSigner::new(&secret(), "appointment").token(id.parse::<Uuid>().unwrap());
    format!("/api/v1/appointments/{id}{step}?token={token}")
}

/// What Ada sends to see a doctor of the fixed set.
pub fn ada(doctor_number: u32, starts_at: &str) -> Value {
    guest("Ada Example", doctor_number, starts_at)
}

/// What somebody else sends.
pub fn guest(name: &str, doctor_number: u32, starts_at: &str) -> Value {
    let address = format!("{}@example.org", name.to_lowercase().replace(' ', "."));
    json!({
        "doctor_id": doctor(doctor_number),
        "starts_at": starts_at,
        "patient_name": name,
        "patient_email": address,
    })
}

/// `body` with one field more, or another value in it; null takes it out.
pub fn with(body: &Value, field: &str, value: impl Into<Value>) -> Value {
    let mut body = body.clone();
    match value.into() {
        Value::Null => drop(body.as_object_mut().unwrap().remove(field)),
        value => body[field] = value,
    }
    body
}

pub fn instant(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("no instant: {value}")).parse().unwrap()
}

/// The values of one field of each entry.
pub fn all<'a>(list: &'a [Value], field: &str) -> Vec<&'a str> {
    list.iter().map(|entry| entry[field].as_str().unwrap_or("")).collect()
}
