//! Starting and stopping.

use std::error::Error;
use std::future::Future;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpServer;
use auth::infrastructure::TokenKeys;
use kernel::{Clock as _, SystemClock};
use platform::crypto::Keyring;
use platform::pg;
use platform::storage::Storage;
use platform::telemetry;
use secrecy::SecretString;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::application::{Application, Figures, Parts, SignInRules};
use crate::config::{Config, Tier};
use crate::database::Database;
use crate::demo::{self, DemoSignIns};
use crate::mailing::Mailing;
use crate::seed::SeedOptions;
use crate::seeding::{self, What};
use crate::texting::Texting;
use crate::{app, fetching, handling, receivers, sealing, secret, worker};

/// Anything that keeps the program from doing what it was told, in words for its operator.
pub type Failure = Box<dyn Error + Send + Sync>;

/// How long running requests may take to end once the server stops.
const LAST_REQUESTS: u64 = 30;

/// Which halves of the program run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Halves {
    /// The API alone.
    Api,
    /// The worker alone.
    Worker,
    /// Both, and the database is migrated and, in development, seeded before.
    All,
}

/// The installation's secret: configured, or in development kept in the data folder.
///
/// # Errors
/// When the data folder cannot keep one.
pub fn secret_of(config: &Config) -> Result<SecretString, Failure> {
    match &config.secret {
        Some(secret) => Ok(secret.clone()),
        None => Ok(secret::of_data_folder(&config.data_dir).map_err(|error| {
            format!("no secret could be kept in {}: {error}; set DOKTOLIB_SECRET", config.data_dir.display())
        })?),
    }
}

/// The secret with which this installation has signed so far; none is made.
///
/// # Errors
/// When there is none: a new one would make all that is signed look forged.
pub fn secret_in_use(config: &Config) -> Result<SecretString, Failure> {
    match &config.secret {
        Some(secret) => Ok(secret.clone()),
        None => secret::kept_in(&config.data_dir)?.ok_or_else(|| {
            let folder = config.data_dir.display();
            format!("there is no secret in {folder}: name the data folder (DOKTOLIB_DATA_DIR) or the secret (DOKTOLIB_SECRET)").into()
        }),
    }
}

/// The keys that seal personal data.
///
/// # Errors
/// When their file cannot be read.
pub fn keyring(config: &Config, secret: &SecretString) -> Result<Keyring, Failure> {
    Ok(Keyring::new(secret, Some(config.key_file.clone()))
        .map_err(|error| format!("the keys cannot be read: {error} (DATA_KEYS_FILE)"))?)
}

/// Builds the application on an open database.
///
/// # Errors
/// When the pool cannot be made.
pub fn application(config: &Config, database: &Database, figures: Option<Figures>) -> Result<Application, Failure> {
    let secret = secret_of(config)?;
    let keys = keyring(config, &secret)?;
    let token_keys = TokenKeys::new(config.token_secret.as_ref(), config.token_key_file.clone(), &secret)
        .map_err(|fault| format!("the keys of tokens cannot be used: {fault} (JWT_SECRET, JWT_KEYS_FILE)"))?;
    Ok(Application::new(Parts {
        pool: pg::pool(&database.settings)?,
        secret,
        keys,
        token_keys,
        doorkeeper: None,
        storage: Storage::open(&config.storage)?,
        clock: Arc::new(SystemClock),
        guests: config.guests,
        waitlist_answer: config.waitlist_answer,
        retention: config.retention,
        calendars_every: config.external_calendars_every,
        leads: config.reminder_leads.clone(),
        text_lead: config.text_reminder_lead,
        job_rules: config.job_rules,
        sign_in: SignInRules { limits: config.sign_in_limits, ..SignInRules::default() },
        public_url: config.public_url.clone(),
        mailing: Mailing::of(config)?,
        texting: Texting::of(config)?,
        calendar_source: fetching::calendars(config)?,
        receivers: receivers::receivers(config)?,
        handling: handling::handling(config)?,
        rates: config.rates.clone(),
        trusted_proxies: config.trusted_proxies.clone(),
        cors_origins: config.cors_origins.clone(),
        figures,
    }))
}

/// Runs until it is told to stop by SIGTERM or SIGINT, then ends what it has begun.
///
/// # Errors
/// When it cannot start.
pub async fn run(config: Config, halves: Halves) -> Result<(), Failure> {
    let signals = stop_signals()?;
    let database = Database::open(&config).await?;
    let outcome = run_on(&config, &database, halves, signals).await;
    database.close().await;
    outcome
}

async fn run_on(
    config: &Config,
    database: &Database,
    halves: Halves,
    signals: impl Future<Output = ()>,
) -> Result<(), Failure> {
    prepare(config, database, halves).await?;
    let metrics = telemetry::start_metrics()?;
    let rendered = metrics.clone();
    let application = application(config, database, Some(Arc::new(move || rendered.render())))?;
    let upkeep = tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            metrics.run_upkeep();
        }
    });
    let states = tokio::spawn(worker::watch_states(application.clone()));

    let keys = tokio::spawn(worker::watch_keys(application.keys.clone()));

    let (stop, stopped) = watch::channel(false);
    let background = (halves != Halves::Api).then(|| tokio::spawn(worker::run(application.clone(), stopped)));
    let served = if halves == Halves::Worker {
        tracing::info!("the worker runs");
        signals.await;
        Ok(())
    } else {
        let demo = match (halves, config.tier) {
            (Halves::All, Tier::Development) => {
                Some(demo::prepare(&config.data_dir, &application, &database.settings).await?)
            }
            (Halves::All | Halves::Api | Halves::Worker, _) => None,
        };
        serve(config, &application, demo.as_ref(), signals).await
    };
    // The worker ends the step it is at; nobody waits for a half-done one.
    stop.send_replace(true);
    finish(background).await;
    upkeep.abort();
    keys.abort();
    states.abort();
    tracing::info!("stopped");
    served
}

async fn finish(background: Option<JoinHandle<()>>) {
    if let Some(Err(error)) = match background {
        Some(task) => Some(task.await),
        None => None,
    } {
        tracing::error!(%error, "the worker broke");
    }
}

async fn prepare(config: &Config, database: &Database, halves: Halves) -> Result<(), Failure> {
    let settings = &database.settings;
    if halves == Halves::All {
        let done = pg::migrate(settings).await?;
        if !done.is_empty() {
            tracing::info!(count = done.len(), "migrated the database");
        }
        let keys = keyring(config, &secret_of(config)?)?;
        sealing::seal_what_is_clear(settings, &keys).await?;
        if config.tier == Tier::Development && is_empty(settings).await? {
            let options =
                SeedOptions { doctors: config.seed_doctors, progress: true, ..SeedOptions::new(SystemClock.now()) };
            let journal = platform::journal::Journal::new(&secret_of(config)?);
            tracing::info!("{}", seeding::run(settings, (&journal, &keys), What::Demo(options)).await?);
        }
        return Ok(());
    }
    let missing = pg::pending(settings).await?;
    if !missing.is_empty() {
        return Err(format!("the database lacks {} migrations; run `doktolib migrate` first", missing.len()).into());
    }
    if sealing::something_is_clear(settings).await? {
        return Err("the database holds personal data in the clear; run `doktolib migrate` first".into());
    }
    Ok(())
}

async fn is_empty(settings: &pg::PgSettings) -> Result<bool, Failure> {
    let client = pg::client(settings).await?;
    let row = client.query_one("SELECT NOT EXISTS (SELECT FROM doctors.doctor)", &[]).await?;
    Ok(row.get(0))
}

async fn serve(
    config: &Config,
    application: &Application,
    demo: Option<&DemoSignIns>,
    signals: impl Future<Output = ()>,
) -> Result<(), Failure> {
    let address = (config.host.as_str(), config.port);
    let listener = TcpListener::bind(address)
        .map_err(|error| format!("cannot listen on {}:{}: {error} (HOST, PORT)", config.host, config.port))?;
    let port = listener.local_addr()?.port();
    let shared = application.clone();
    let server = HttpServer::new(move || app(&shared))
        .workers(config.http_workers)
        .backlog(2048)
        .tcp_nodelay(true)
        .client_request_timeout(Duration::from_secs(10))
        .client_disconnect_timeout(Duration::from_secs(2))
        .shutdown_timeout(LAST_REQUESTS)
        .disable_signals()
        .listen(listener)?
        .run();
    let handle = server.handle();
    let running = tokio::spawn(server);
    announce(config, port, demo);
    signals.await;
    tracing::info!("stopping: running requests are finished, no new ones are taken");
    // Pages that stay open would be waited for.
    application.live.close();
    handle.stop(true).await;
    running.await??;
    Ok(())
}

fn announce(config: &Config, port: u16, demo: Option<&DemoSignIns>) {
    let base = if config.port == 0 { format!("http://localhost:{port}") } else { config.public_url.clone() };
    tracing::info!(host = config.host, port, "listening");
    if config.tier != Tier::Development {
        return;
    }
    let mail = match &config.smtp {
        None => format!("{base}/dev/mail"),
        Some(settings) => format!("goes to {}", settings.target()),
    };
    let texts = match &config.twilio {
        None => format!("{base}/dev/texts"),
        Some(settings) => format!("go to {}", settings.api),
    };
    let mut sign_in = demo.map(DemoSignIns::lines).unwrap_or_default();
    sign_in.push("    Guests       need none: they book at once in the development tier".to_owned());
    // For the eyes of whoever has typed `make run`.
    let head = [
        String::new(),
        "  Doktolib runs. Everything in it is made up; do not enter real patients.".to_owned(),
        format!("    Pages        {base}"),
        format!("    API          {base}/api/v1/doctors"),
        format!("    Try it       {base}/docs"),
        format!("    Health       {base}/api/v1/health"),
        format!("    Mail         {mail}"),
        format!("    Texts        {texts}"),
        format!("    Figures      {base}/metrics"),
    ];
    let tail = ["    Stop         Ctrl-C".to_owned(), String::new()];
    for line in head.into_iter().chain(sign_in).chain(tail) {
        eprintln!("{line}");
    }
}

/// Ends with the first SIGTERM or SIGINT.
fn stop_signals() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    })
}
