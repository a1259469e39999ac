//! The whole application behind a real socket, on a database with the fixed test data.

use std::sync::Arc;

use actix_web::HttpServer;
use actix_web::dev::ServerHandle;
use appointments::application::GuestBooking;
use auth::infrastructure::TokenKeys;
use calendars::infrastructure::WebCalendars;
use doktolib::application::{Application, Parts, SignInRules};
use doktolib::mailing::Mailing;
use doktolib::seed::{TEST_DATA_NOW, seed_test_data};
use kernel::StoppedClock;
use platform::crypto::Keyring;
use platform::outgoing::Reach;
use platform::storage::{Storage, StorageSettings};
use platform::{journal, pg};
use secrecy::SecretString;
use testkit::TestDatabase;
use webhooks::infrastructure::WebReceivers;

use super::client::Client;
use super::promises;

/// Doctor of the fixed set.
pub fn doctor(number: u32) -> String {
    format!("01900000-0000-7000-8000-d{number:011}")
}

/// The Tuesday of the second week, on which nobody has a visit: half hour `number` of the sixteen of a doctor in New York.
pub fn tuesday(number: usize) -> String {
    let minute = if number < 6 { 540 + 30 * number } else { 780 + 30 * (number - 6) };
    format!("2027-03-09T{:02}:{:02}:00-05:00", minute / 60, minute % 60)
}

pub struct House {
    pub db: TestDatabase,
    pub owner: tokio_postgres::Client,
    pub application: Application,
    pub client: Client,
    server: ServerHandle,
}

impl House {
    pub async fn new() -> Self {
        // As many connections as a server has when nobody says otherwise.
        let db = testkit::database_with(16).await;
        let mut owner = pg::client(&db.settings).await.unwrap();
        seed_test_data(&mut owner, &Keyring::derived(&SecretString::from("s".repeat(40)))).await.unwrap();
        let application = Application::new(Parts {
            pool: db.pool.clone(),
            secret: SecretString::from("s".repeat(40)),
            keys: Keyring::derived(&SecretString::from("s".repeat(40))),
            token_keys: TokenKeys::derived(&SecretString::from("s".repeat(40))),
            doorkeeper: None,
            storage: Storage::open(&StorageSettings::Folder(std::env::temp_dir().join("doktolib-house-objects")))
                .unwrap(),
            clock: Arc::new(StoppedClock::at(TEST_DATA_NOW)),
            guests: GuestBooking::Immediate,
            waitlist_answer: jiff::SignedDuration::from_mins(120),
            calendars_every: jiff::SignedDuration::from_mins(15),
            leads: Default::default(),
            text_lead: Default::default(),
            retention: Default::default(),
            job_rules: Default::default(),
            sign_in: SignInRules { password_cost: 4, limits: true },
            public_url: "http://localhost".into(),
            calendar_source: Arc::new(WebCalendars::new(Reach::default(), std::time::Duration::from_secs(20)).unwrap()),
            receivers: Arc::new(WebReceivers::new(Reach::default(), std::time::Duration::from_secs(20)).unwrap()),
            handling: doktolib::application::Handling {
                spool: files::infrastructure::Spool::open(&std::env::temp_dir().join("doktolib-house-spool")).unwrap(),
                inspector: Arc::new(files::infrastructure::inspection::ContentInspector::new()),
                scanner: None,
                reader: Arc::new(files::infrastructure::inspection::LocalTextReader::new()),
                retention_years: 7,
            },
            mailing: Mailing::into_folder(
                std::env::temp_dir().join("doktolib-house-mail"),
                "doktolib@localhost".parse().unwrap(),
                "http://localhost",
            ),
            texting: Default::default(),
            rates: Default::default(),
            trusted_proxies: Default::default(),
            cors_origins: Vec::new(),
            figures: None,
        });
        let shared = application.clone();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = HttpServer::new(move || doktolib::app(&shared))
            .workers(2)
            .backlog(2048)
            .tcp_nodelay(true)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run();
        let handle = server.handle();
        tokio::spawn(server);
        Self { db, owner, application, client: Client::new(base), server: handle }
    }

    pub async fn count(&self, from: &str) -> i64 {
        self.owner.query_one(&format!("SELECT count(*) FROM {from}"), &[]).await.unwrap().get(0)
    }

    /// Stops the server; what is broken and how often anybody deadlocked.
    pub async fn close(self) -> (Vec<String>, i64) {
        let made = format!("a.created_at >= '{TEST_DATA_NOW}'");
        let mut broken = promises::broken(&self.owner, &made).await;
        let trail =
            journal::verify(&mut pg::conn(&self.db.pool).await.unwrap(), &self.application.journal).await.unwrap();
        broken.extend(trail.breaks.iter().map(|found| format!("{found:?}")));
        self.server.stop(false).await;
        self.db.pool.close();
        // A connection hands in its figures when it ends.
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
        (broken, self.owner.query_one(sql, &[]).await.unwrap().get(0))
    }
}
