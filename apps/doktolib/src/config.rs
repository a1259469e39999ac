//! The configuration: environment variables, read once at the start, all faults told at once.

mod booking;
mod calendars;
mod clients;
mod files;
mod jobs;
mod mail;
mod sign_in;
mod storage;
mod texts;
mod webhooks;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use ::files::infrastructure::inspection::ClamdAddress;
use appointments::application::GuestBooking;
use appointments::domain::{Leads, Retention, TextLead};
use auth::infrastructure::{LEAST_SECRET, TokenKeys};
use jiff::SignedDuration;
use notifications::infrastructure::{Sender, SmtpSettings, TwilioSettings};
use platform::http::TrustedProxies;
use platform::jobs::WorkerRules;
use platform::outgoing::Reach;
use platform::pg::{PgSettings, SslMode};
use platform::storage::StorageSettings;
use platform::telemetry::LogFormat;
use secrecy::SecretString;

use crate::limits::Rates;
use crate::secret::MIN_LENGTH;

/// What kind of installation it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// A developer's or visitor's machine: demo data, guests book at once.
    Development,
    /// A rehearsal of production.
    Staging,
    /// Real patients.
    Production,
}

impl FromStr for Tier {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "development" => Ok(Self::Development),
            "staging" => Ok(Self::Staging),
            "production" => Ok(Self::Production),
            _ => Err("must be development, staging or production"),
        }
    }
}

/// All there is to configure.
#[derive(Debug, Clone)]
pub struct Config {
    /// `DOKTOLIB_TIER`.
    pub tier: Tier,
    /// `HOST`: address to listen on.
    pub host: String,
    /// `PORT`: 0 takes any free one.
    pub port: u16,
    /// `DOKTOLIB_DATA_DIR`.
    pub data_dir: PathBuf,
    /// `DATABASE_URL` and the `DB_…` variables; without it the private server in the data folder is used.
    pub database: Option<PgSettings>,
    /// The `AWS_…` variables; without a bucket, the folder `objects` of the data folder.
    pub storage: StorageSettings,
    /// `CLAMD_ADDRESS` and `VIRUS_SCAN`; without it files are taken unscanned.
    pub clamd: Option<ClamdAddress>,
    /// `DB_POOL_SIZE`.
    pub pool_size: usize,
    /// `DOKTOLIB_SECRET`; in development the data folder holds one when it is unset.
    pub secret: Option<SecretString>,
    /// `DATA_KEYS_FILE`: the keys that seal personal data; `keys` in the data folder when it is unset.
    pub key_file: PathBuf,
    /// `JWT_SECRET`: signs access tokens in place of a key derived from the installation's secret.
    pub token_secret: Option<SecretString>,
    /// `JWT_KEYS_FILE`: key ids and secrets, the newest last.
    pub token_key_file: Option<PathBuf>,
    /// `PUBLIC_URL`, without a slash at the end.
    pub public_url: String,
    /// `CORS_ALLOWED_ORIGINS`; `*` allows all.
    pub cors_origins: Vec<String>,
    /// `TRUSTED_PROXIES`: whose `X-Forwarded-For` and `Forwarded` count.
    pub trusted_proxies: TrustedProxies,
    /// `SMTP_URL` and `SMTP_SSL_ROOT_CERT`; without it, in development, mail goes into the data folder.
    pub smtp: Option<SmtpSettings>,
    /// `MAIL_FROM`.
    pub mail_from: Sender,
    /// `SMS_PROVIDER`, `TWILIO_…`, `SMS_API_URL`.
    pub twilio: Option<TwilioSettings>,
    /// `RATE_LIMIT`, `RATE_LIMIT_AUTH`, `RATE_LIMIT_UPLOADS`, `REDIS_URL`.
    pub rates: Rates,
    /// `GUEST_BOOKING`.
    pub guests: GuestBooking,
    /// `WAITLIST_ANSWER_MINUTES`.
    pub waitlist_answer: SignedDuration,
    /// `RETENTION_YEARS`.
    pub retention: Retention,
    /// `REMINDER_HOURS`.
    pub reminder_leads: Leads,
    /// `TEXT_REMINDER_HOURS`.
    pub text_reminder_lead: TextLead,
    /// `JOB_TRIES`, `JOB_HANDS`.
    pub job_rules: WorkerRules,
    /// `SIGN_IN_LIMITS`.
    pub sign_in_limits: bool,
    /// `EXTERNAL_CALENDARS`.
    pub external_calendars: Reach,
    /// `EXTERNAL_CALENDARS_MINUTES`.
    pub external_calendars_every: SignedDuration,
    /// `WEBHOOK_ADDRESSES`.
    pub webhook_addresses: Reach,
    /// `HTTP_WORKERS`.
    pub http_workers: usize,
    /// `SEED_NUM_DOCTORS`.
    pub seed_doctors: u32,
    /// `SEED_FORCE`.
    pub seed_force: bool,
    /// `LOG_FORMAT`.
    pub log_format: LogFormat,
    /// `RUST_LOG`, or what `ENABLE_DEBUG` asks for.
    pub log_filter: String,
}

/// Every variable that is wrong, with what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(
    /// `VARIABLE: fault`.
    pub Vec<String>,
);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration is not usable:")?;
        for fault in &self.0 {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Every variable that is read; the README's table is checked against it.
pub const VARIABLES: &[&str] = &[
    "DOKTOLIB_TIER",
    "HOST",
    "PORT",
    "DOKTOLIB_DATA_DIR",
    "DATABASE_URL",
    "DB_SSL_MODE",
    "DB_SSL_ROOT_CERT",
    "DB_POOL_SIZE",
    "AWS_S3_BUCKET",
    "AWS_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "CLAMD_ADDRESS",
    "VIRUS_SCAN",
    "RETENTION_YEARS",
    "DOKTOLIB_SECRET",
    "DATA_KEYS_FILE",
    "JWT_SECRET",
    "JWT_KEYS_FILE",
    "PUBLIC_URL",
    "CORS_ALLOWED_ORIGINS",
    "TRUSTED_PROXIES",
    "SMTP_URL",
    "SMTP_SSL_ROOT_CERT",
    "MAIL_FROM",
    "SMS_PROVIDER",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_FROM",
    "SMS_API_URL",
    "RATE_LIMIT",
    "RATE_LIMIT_AUTH",
    "RATE_LIMIT_UPLOADS",
    "REDIS_URL",
    "GUEST_BOOKING",
    "WAITLIST_ANSWER_MINUTES",
    "REMINDER_HOURS",
    "TEXT_REMINDER_HOURS",
    "JOB_TRIES",
    "JOB_HANDS",
    "SIGN_IN_LIMITS",
    "EXTERNAL_CALENDARS",
    "EXTERNAL_CALENDARS_MINUTES",
    "WEBHOOK_ADDRESSES",
    "HTTP_WORKERS",
    "SEED_NUM_DOCTORS",
    "SEED_FORCE",
    "LOG_FORMAT",
    "RUST_LOG",
    "ENABLE_DEBUG",
];

struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    faults: Vec<String>,
}

impl Reader<'_> {
    /// An empty variable counts as unset, as shells and compose files make it.
    fn text(&self, name: &str) -> Option<String> {
        (self.get)(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    fn fault(&mut self, name: &str, what: impl fmt::Display) {
        self.faults.push(format!("{name} {what}"));
    }

    fn parsed<T: FromStr>(&mut self, name: &str, what: &str) -> Option<T> {
        let text = self.text(name)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(_) => {
                self.fault(name, what);
                None
            }
        }
    }

    fn number(&mut self, name: &str, allowed: std::ops::RangeInclusive<u32>, otherwise: u32) -> u32 {
        let what = format!("must be a number from {} to {}", allowed.start(), allowed.end());
        match self.parsed::<u32>(name, &what) {
            Some(number) if allowed.contains(&number) => number,
            Some(_) => {
                self.fault(name, what);
                otherwise
            }
            None => otherwise,
        }
    }

    fn flag(&mut self, name: &str) -> bool {
        match self.text(name).as_deref() {
            None | Some("0" | "false" | "no" | "off") => false,
            Some("1" | "true" | "yes" | "on") => true,
            Some(_) => {
                self.fault(name, "must be true or false");
                false
            }
        }
    }
}

impl Config {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// With every fault there is.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from(&|name| std::env::var(name).ok())
    }

    /// Reads variables through `get`.
    ///
    /// # Errors
    /// With every fault there is.
    pub fn from(get: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut read = Reader { get, faults: Vec::new() };
        let tier =
            read.parsed("DOKTOLIB_TIER", "must be development, staging or production").unwrap_or(Tier::Development);
        let development = tier == Tier::Development;
        let port = read.parsed("PORT", "must be a number from 0 to 65535").unwrap_or(8080);
        let pool_size = usize::try_from(read.number("DB_POOL_SIZE", 1..=200, 16)).unwrap_or(16);
        let cores = std::thread::available_parallelism().map_or(2, |cores| u32::try_from(cores.get()).unwrap_or(2));
        let data_dir = read.text("DOKTOLIB_DATA_DIR").map_or_else(|| storage::default_data_dir(get), PathBuf::from);
        let config = Self {
            tier,
            host: read.text("HOST").unwrap_or_else(|| if development { "127.0.0.1" } else { "0.0.0.0" }.to_owned()),
            port,
            key_file: read.text("DATA_KEYS_FILE").map_or_else(|| data_dir.join("keys"), PathBuf::from),
            storage: storage::objects(&mut read, tier, &data_dir),
            clamd: files::scanner(&mut read, tier),
            data_dir,
            database: database(&mut read, pool_size),
            pool_size,
            secret: secret(&mut read, tier),
            token_secret: token_secret(&mut read),
            token_key_file: token_key_file(&mut read),
            public_url: public_url(&mut read, port),
            cors_origins: clients::origins(&mut read),
            trusted_proxies: clients::proxies(&mut read),
            smtp: mail::smtp(&mut read, tier),
            mail_from: mail::sender(&mut read, tier),
            twilio: texts::twilio(&mut read, tier),
            rates: clients::rates(&mut read, tier),
            guests: booking::guests(&mut read, tier),
            waitlist_answer: booking::to_answer(&mut read),
            retention: booking::retention(&mut read),
            reminder_leads: jobs::leads(&mut read),
            text_reminder_lead: jobs::text_lead(&mut read),
            job_rules: jobs::rules(&mut read),
            sign_in_limits: sign_in::limits(&mut read, tier),
            external_calendars: calendars::reach(&mut read, tier),
            external_calendars_every: calendars::every(&mut read),
            webhook_addresses: webhooks::reach(&mut read, tier),
            http_workers: usize::try_from(read.number("HTTP_WORKERS", 1..=512, cores)).unwrap_or(2),
            seed_doctors: read.number("SEED_NUM_DOCTORS", 1..=10_000, 100),
            seed_force: read.flag("SEED_FORCE"),
            log_format: match read.text("LOG_FORMAT").as_deref() {
                Some("json") => LogFormat::Json,
                Some("text") => LogFormat::Text,
                None if development => LogFormat::Text,
                None => LogFormat::Json,
                Some(_) => {
                    read.fault("LOG_FORMAT", "must be text or json");
                    LogFormat::Text
                }
            },
            log_filter: {
                let debug = read.flag("ENABLE_DEBUG");
                let quiet = if debug { "debug,tokio_postgres=info,h2=info" } else { "info" };
                read.text("RUST_LOG").unwrap_or_else(|| quiet.to_owned())
            },
        };
        if read.faults.is_empty() { Ok(config) } else { Err(ConfigError(read.faults)) }
    }
}

fn database(read: &mut Reader<'_>, pool_size: usize) -> Option<PgSettings> {
    let mode = read.parsed::<SslMode>("DB_SSL_MODE", "must be disable, require, verify-ca or verify-full");
    let root_cert = read.text("DB_SSL_ROOT_CERT").map(PathBuf::from);
    if let Some(path) = root_cert.as_ref().filter(|path| !path.is_file()) {
        let what = format!("names {}, which is not a file", path.display());
        read.fault("DB_SSL_ROOT_CERT", what);
    }
    let url = read.text("DATABASE_URL")?;
    match url.parse::<PgSettings>() {
        Ok(mut settings) => {
            settings.ssl_mode = mode.unwrap_or(settings.ssl_mode);
            settings.ssl_root_cert = root_cert.or(settings.ssl_root_cert);
            settings.max_connections = pool_size;
            Some(settings)
        }
        Err(error) => {
            read.fault("DATABASE_URL", error);
            None
        }
    }
}

fn secret(read: &mut Reader<'_>, tier: Tier) -> Option<SecretString> {
    match read.text("DOKTOLIB_SECRET") {
        Some(text) if text.chars().count() < MIN_LENGTH => {
            read.fault("DOKTOLIB_SECRET", format!("must have at least {MIN_LENGTH} characters"));
            None
        }
        Some(text) => Some(SecretString::from(text)),
        None if tier == Tier::Development => None,
        None => {
            read.fault(
                "DOKTOLIB_SECRET",
                format!("is needed outside development: at least {MIN_LENGTH} random characters"),
            );
            None
        }
    }
}

fn token_secret(read: &mut Reader<'_>) -> Option<SecretString> {
    let text = read.text("JWT_SECRET")?;
    if text.chars().count() < LEAST_SECRET {
        read.fault("JWT_SECRET", format!("must have at least {LEAST_SECRET} characters"));
        return None;
    }
    Some(SecretString::from(text))
}

fn token_key_file(read: &mut Reader<'_>) -> Option<PathBuf> {
    let path = PathBuf::from(read.text("JWT_KEYS_FILE")?);
    if let Err(fault) = TokenKeys::check(&path) {
        read.fault("JWT_KEYS_FILE", format!("names a file that is not usable: {fault}"));
    }
    Some(path)
}

fn public_url(read: &mut Reader<'_>, port: u16) -> String {
    let Some(url) = read.text("PUBLIC_URL") else { return format!("http://localhost:{port}") };
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.contains(['?', '#', ' '])) {
        read.fault("PUBLIC_URL", "must be an http or https address without query");
    }
    url.trim_end_matches('/').to_owned()
}

#[cfg(test)]
mod tests;
