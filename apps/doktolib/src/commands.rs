//! The command line.

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use kernel::{Clock as _, SystemClock};
use platform::journal::{self, Journal};
use platform::pg;
use platform::telemetry;

use crate::config::{Config, Tier};
use crate::database::Database;
use crate::jobs::JobsCommand;
use crate::keys::{self, Rotation};
use crate::posts::{MailCommand, OutboxCommand};
use crate::seed::SeedOptions;
use crate::seeding::{self, What};
use crate::server::{self, Failure, Halves, keyring, secret_in_use, secret_of};
use crate::users::Users;
use crate::{health_check, openapi, sealing, storage_check, token};

/// Doktolib: find a doctor, book a time that is really free.
#[derive(Debug, Parser)]
#[command(version, about, after_help = "The configuration comes from environment variables; the README lists them.")]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run API and worker in one process; migrates, and seeds a demo in development
    All,
    /// Run the API
    Serve,
    /// Run the background work
    Worker,
    /// Bring the tables up to date
    Migrate,
    /// Fill an empty database with made-up data
    Seed(Seed),
    /// Ask the server on this machine whether it is ready; exit code 0 when it is
    Health,
    /// Look after the audit trail
    #[command(subcommand)]
    Audit(Audit),
    /// Look after the keys of personal data
    #[command(subcommand)]
    Keys(Keys),
    /// Print an access token of an account, for operators; the audit trail tells of it
    Token(Token),
    /// Look at mail
    #[command(subcommand)]
    Mail(MailCommand),
    /// Look after messages that wait to be handed out
    #[command(subcommand)]
    Outbox(OutboxCommand),
    /// Look after what is done by itself
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// Look after the object storage
    #[command(subcommand)]
    Storage(StorageCommand),
    /// Make, close and change accounts
    #[command(subcommand)]
    User(Users),
    /// Print the API's description (OpenAPI 3.1)
    Openapi,
}

#[derive(Debug, clap::Args)]
struct Token {
    /// Id or e-mail address of an active account
    #[arg(long)]
    user: String,
    /// How long it is good for, 1–1440; it cannot be renewed
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u32).range(1..=i64::from(token::MOST_MINUTES)))]
    minutes: u32,
}

#[derive(Debug, clap::Args)]
struct Seed {
    /// How many doctors, 1–10000; SEED_NUM_DOCTORS or 100 when left out
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    doctors: Option<u32>,
    /// About how many appointments for each
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(0..=2_000))]
    appointments: u32,
    /// Another number makes other people
    #[arg(long)]
    seed: Option<u64>,
    /// Replace everything that is there; SEED_FORCE=true does it too
    #[arg(long)]
    force: bool,
    /// The fixed small set of docs/test-data.md
    #[arg(long, conflicts_with_all = ["force", "seed"])]
    test_data: bool,
    /// Do it in the production tier
    #[arg(long)]
    yes_in_production: bool,
}

#[derive(Debug, Subcommand)]
enum Audit {
    /// Walk every chain and name the first bad event of each; exit code 1 when there is one
    Verify,
}

#[derive(Debug, Subcommand)]
enum StorageCommand {
    /// Write, read and delete an object; exit code 1 when that does not work
    Check,
}

#[derive(Debug, Subcommand)]
enum Keys {
    /// Name the keys, and how many values each has sealed
    List,
    /// Make a new key, and seal everything with it while servers run
    Rotate {
        /// Make none, but go on with what an interrupted rotation has left
        #[arg(long)]
        resume: bool,
    },
    /// Take a key out of the key file; refused while anything is sealed with it
    Forget {
        /// The key's number
        number: u32,
    },
}

impl Keys {
    async fn run(self, config: &Config, database: &Database) -> Result<ExitCode, Failure> {
        let secret = secret_in_use(config)?;
        let (journal, ring) = (Journal::new(&secret), keyring(config, &secret)?);
        let settings = &database.settings;
        match self {
            Self::List => print!("{}", keys::list(settings, &ring).await?),
            Self::Rotate { resume } => {
                let how = if resume { Rotation::Resume } else { Rotation::NewKey };
                keys::rotate(settings, (&journal, &ring), how, &|line| println!("{line}")).await?;
            }
            Self::Forget { number } => {
                keys::forget(settings, (&journal, &ring), number).await?;
                println!("key {number} is forgotten");
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Cli {
    /// Does what was asked. Every failure is printed for the operator.
    pub async fn run(self) -> ExitCode {
        match self.command.run().await {
            Ok(code) => code,
            Err(failure) => {
                eprintln!("doktolib: {}", spelled_out(failure.as_ref()));
                ExitCode::FAILURE
            }
        }
    }
}

impl Command {
    async fn run(self) -> Result<ExitCode, Failure> {
        if matches!(self, Self::Openapi) {
            println!("{}", serde_json::to_string_pretty(openapi::document())?);
            return Ok(ExitCode::SUCCESS);
        }
        if let Self::Mail(wanted) = &self {
            print!("{}", wanted.text()?);
            return Ok(ExitCode::SUCCESS);
        }
        let config = Config::from_environment()?;
        if let Self::Storage(StorageCommand::Check) = self {
            println!("{}", storage_check::run(&config.storage).await?);
            return Ok(ExitCode::SUCCESS);
        }
        telemetry::start_logging(config.log_format, &config.log_filter);
        match self {
            Self::All => server::run(config, Halves::All).await.map(|()| ExitCode::SUCCESS),
            Self::Serve => server::run(config, Halves::Api).await.map(|()| ExitCode::SUCCESS),
            Self::Worker => server::run(config, Halves::Worker).await.map(|()| ExitCode::SUCCESS),
            Self::Migrate => on_database(&config, async |database| migrate(&config, database).await).await,
            Self::Seed(wanted) => on_database(&config, async |database| wanted.run(&config, database).await).await,
            Self::Health => health(&config).await,
            Self::Audit(Audit::Verify) => on_database(&config, async |database| verify(&config, database).await).await,
            Self::Keys(asked) => on_database(&config, async |database| asked.run(&config, database).await).await,
            Self::Token(wanted) => on_database(&config, async |database| wanted.run(&config, database).await).await,
            Self::Outbox(wanted) => {
                on_database(&config, async |database| {
                    secret_in_use(&config)?;
                    let done = wanted.run(&server::application(&config, database, None)?).await?;
                    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
                })
                .await
            }
            Self::Jobs(asked) => {
                on_database(&config, async |database| {
                    // Letters that are sealed with a new secret, no worker of this installation could read.
                    secret_in_use(&config)?;
                    let done = asked.run(&server::application(&config, database, None)?).await?;
                    Ok(if done { ExitCode::SUCCESS } else { ExitCode::FAILURE })
                })
                .await
            }
            Self::User(asked) => {
                on_database(&config, async |database| {
                    // What is sealed with a new secret, no server of this installation could read.
                    secret_in_use(&config)?;
                    asked.run(&server::application(&config, database, None)?).await
                })
                .await
            }
            Self::Mail(_) | Self::Storage(_) | Self::Openapi => Ok(ExitCode::SUCCESS),
        }
    }
}

async fn on_database(
    config: &Config,
    work: impl AsyncFnOnce(&Database) -> Result<ExitCode, Failure>,
) -> Result<ExitCode, Failure> {
    let database = Database::open(config).await?;
    let outcome = work(&database).await;
    database.close().await;
    outcome
}

async fn migrate(config: &Config, database: &Database) -> Result<ExitCode, Failure> {
    let done = pg::migrate(&database.settings).await?;
    for name in &done {
        println!("migrated {name}");
    }
    let sealed = sealing::seal_what_is_clear(&database.settings, &keyring(config, &secret_of(config)?)?).await?;
    if sealed > 0 {
        println!("sealed {sealed} rows that an earlier version had written in the clear");
    }
    if done.is_empty() && sealed == 0 {
        println!("the database is up to date");
    }
    Ok(ExitCode::SUCCESS)
}

impl Seed {
    async fn run(&self, config: &Config, database: &Database) -> Result<ExitCode, Failure> {
        if config.tier == Tier::Production && !self.yes_in_production {
            return Err(
                "this is the production tier: made-up patients have no place here (--yes-in-production if you mean it)"
                    .into(),
            );
        }
        pg::migrate(&database.settings).await?;
        let mut options = SeedOptions::new(SystemClock.now());
        options.doctors = self.doctors.unwrap_or(config.seed_doctors);
        options.appointments_per_doctor = self.appointments;
        options.seed = self.seed.unwrap_or(options.seed);
        options.force = self.force || config.seed_force;
        options.progress = true;
        let what = if self.test_data { What::TestData } else { What::Demo(options) };
        let secret = secret_of(config)?;
        let (journal, keys) = (Journal::new(&secret), keyring(config, &secret)?);
        sealing::seal_what_is_clear(&database.settings, &keys).await?;
        println!("{}", seeding::run(&database.settings, (&journal, &keys), what).await?);
        Ok(ExitCode::SUCCESS)
    }
}

impl Token {
    async fn run(&self, config: &Config, database: &Database) -> Result<ExitCode, Failure> {
        // One that is signed with a new secret would open nothing.
        secret_in_use(config)?;
        let application = server::application(config, database, None)?;
        let handed = token::hand_out(&application, &self.user, self.minutes).await?;
        eprintln!("for {} ({}), good for {} seconds", handed.account.id, handed.account.role, handed.expires_in);
        println!("{}", handed.access_token);
        Ok(ExitCode::SUCCESS)
    }
}

async fn health(config: &Config) -> Result<ExitCode, Failure> {
    let (status, body) = health_check::ask(&config.host, config.port)
        .await
        .map_err(|error| format!("no server answers on port {}: {error}", config.port))?;
    println!("{body}");
    Ok(if status == 200 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn verify(config: &Config, database: &Database) -> Result<ExitCode, Failure> {
    let journal = Journal::new(&secret_in_use(config)?);
    let mut settings = database.settings.clone();
    settings.max_connections = 1;
    // A long trail takes longer to walk than any request may.
    settings.statement_timeout = std::time::Duration::ZERO;
    let pool = pg::pool(&settings)?;
    let mut conn = pg::conn(&pool).await?;
    let report = journal::verify(&mut conn, &journal).await?;
    println!("{} chains with {} events", report.chains, report.events);
    for found in &report.breaks {
        let event = found.event.map_or_else(String::new, |id| format!(" ({id})"));
        println!("broken: chain {}, event {}{event}: {}", found.stream, found.seq, found.what);
    }
    if report.breaks.is_empty() {
        println!("every event is where it was written");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}

fn spelled_out(failure: &(dyn std::error::Error + 'static)) -> String {
    let mut text = failure.to_string();
    let mut next = failure.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
