//! The seeder: fills an empty installation with fictional clinics, doctors, patients and visits.
//!
//! Everything is drawn from one number, so the same [`SeedOptions`] give the same rows, ids included; only what seals
//! them differs each time.
//! A seeding is one transaction: it is there as a whole or not at all.

mod accounts;
mod agenda;
mod clinic;
mod dice;
mod doctor;
mod fixed;
mod generator;
mod offer;
mod patient;
mod placing;
mod prescription;
mod rows;
mod store;
mod visit;
mod words;

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use platform::crypto::Keyring;
use tokio_postgres::Client;

pub use accounts::{TEST_PASSWORD, TEST_TOTP_SECRET, load_test_accounts};
use generator::Generator;
use rows::Batch;

/// The number everything is drawn from when nobody asks for another one.
pub const DEFAULT_SEED: u64 = 20_270_301;

/// The instant for which the fixed set of [`seed_test_data`] is made, 2027-03-08T05:00:00Z: its first week is
/// over, its second has not begun. Tests stop their clock there.
pub const TEST_DATA_NOW: Timestamp = Timestamp::constant(1_804_482_000, 0);

/// How much is made, and from what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedOptions {
    /// How many doctors, 1 to 10,000.
    pub doctors: u32,
    /// How many visits each of them has; fewer where the free time does not hold as many.
    pub appointments_per_doctor: u32,
    /// Delete what is there and start afresh.
    pub force: bool,
    /// What the rows are drawn from.
    pub seed: u64,
    /// How many doctors are made and sent at a time; bounds the memory, does not change the rows.
    pub batch: usize,
    /// The present instant, round which past, today and future lie.
    pub now: Timestamp,
    /// Show a progress bar, where standard error is a terminal.
    pub progress: bool,
}

impl SeedOptions {
    /// 100 doctors with 50 visits each, in batches of 100, without a progress bar.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self {
            doctors: 100,
            appointments_per_doctor: 50,
            force: false,
            seed: DEFAULT_SEED,
            batch: 100,
            now,
            progress: false,
        }
    }
}

/// How a seeding ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeedOutcome {
    /// The rows are there.
    Seeded(SeedReport),
    /// There were doctors already; nothing was changed.
    AlreadyThere,
}

/// What a seeding made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeedReport {
    /// Doctors.
    pub doctors: u64,
    /// Clinics.
    pub clinics: u64,
    /// Patients.
    pub patients: u64,
    /// Visits of any status.
    pub appointments: u64,
    /// How long it took.
    pub elapsed: Duration,
}

/// Why a seeding failed; the database is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The number of doctors is out of range.
    #[error("the number of doctors must lie between 1 and 10000, not {0}")]
    Doctors(u32),
    /// A batch of no doctors never ends.
    #[error("a batch holds at least one doctor")]
    EmptyBatch,
    /// The catalogue of specialties or cities is empty: the migrations have not run.
    #[error("there are no specialties or cities to seed from; run the migrations first")]
    NoCatalogue,
    /// A city of the catalogue, or the fixed set, names a time zone that is not known here.
    #[error("the time zone {name} is not known")]
    Zone {
        /// As the catalogue has it.
        name: String,
        /// What the time library says.
        source: jiff::Error,
    },
    /// `now` is so near to the ends of time that there is no past or future round it.
    #[error("no calendar can be made for this date")]
    Calendar(#[from] jiff::Error),
    /// The database failed.
    #[error("could not {doing}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        source: tokio_postgres::Error,
    },
}

/// Fills an empty database according to `options`.
///
/// What it says of people is sealed with `keys`.
///
/// With `force`, the doctors, patients and visits that are there are deleted in the same transaction; the
/// catalogues of specialties and cities stay. While it runs, the tables it fills are locked.
///
/// Fails with [`SeedError`]; nothing is changed then.
pub async fn seed(client: &mut Client, keys: &Keyring, options: &SeedOptions) -> Result<SeedOutcome, SeedError> {
    let started = Instant::now();
    if !(1..=10_000).contains(&options.doctors) {
        return Err(SeedError::Doctors(options.doctors));
    }
    if options.batch == 0 {
        return Err(SeedError::EmptyBatch);
    }
    let Some(load) = store::Load::begin(client, options.force).await? else {
        return Ok(SeedOutcome::AlreadyThere);
    };
    let catalogue = load.catalogue().await?;
    let mut generator = Generator::new(options, &catalogue)?;
    let shelf = load.shelve().await?;
    let bar = progress_bar(options);
    let mut batch = Batch::new(keys.clone());
    while generator.fill(&mut batch, options.batch)? {
        load.send(&mut batch).await?;
        bar.set_position(batch.doctors());
    }
    bar.set_message("indexes");
    load.restore(shelf, &mut batch).await?;
    load.commit().await?;
    bar.finish_and_clear();
    Ok(SeedOutcome::Seeded(batch.report(started.elapsed())))
}

/// Fills an empty database with the small fixed set that `docs/test-data.md` describes.
///
/// Fails with [`SeedError`]; nothing is changed then.
pub async fn seed_test_data(client: &mut Client, keys: &Keyring) -> Result<SeedOutcome, SeedError> {
    let started = Instant::now();
    let Some(load) = store::Load::begin(client, false).await? else {
        return Ok(SeedOutcome::AlreadyThere);
    };
    let mut batch = Batch::new(keys.clone());
    fixed::fill(&mut batch)?;
    load.send(&mut batch).await?;
    load.restore(store::Shelf::default(), &mut batch).await?;
    load.commit().await?;
    Ok(SeedOutcome::Seeded(batch.report(started.elapsed())))
}

fn progress_bar(options: &SeedOptions) -> ProgressBar {
    if !options.progress || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(u64::from(options.doctors));
    match ProgressStyle::with_template("{bar:40} {pos}/{len} doctors {elapsed} {msg}") {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}
