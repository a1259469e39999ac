//! The seeder as a command: what may be seeded, and what the journal says of it.

use std::fmt::Write as _;

use auth::infrastructure::PgUsers;
use kernel::{Actor, Clock as _, DomainEvent, Recorded, SystemClock};
use platform::crypto::Keyring;
use platform::journal::Journal;
use platform::pg::{self, PgSettings};
use serde::Serialize;
use uuid::Uuid;

use crate::seed::{SeedOptions, SeedOutcome, load_test_accounts, seed, seed_test_data};

/// What is to be seeded.
#[derive(Debug)]
pub enum What {
    /// A made-up network of this size.
    Demo(SeedOptions),
    /// The fixed small set of `docs/test-data.md`.
    TestData,
}

/// Made-up doctors and patients were loaded.
#[derive(Debug, Serialize)]
struct Seeded {
    doctors: u64,
    clinics: u64,
    patients: u64,
    appointments: u64,
}

impl DomainEvent for Seeded {
    fn name(&self) -> &'static str {
        "catalogue.seeded"
    }

    fn subject(&self) -> Uuid {
        Uuid::nil()
    }

    fn clinic(&self) -> Option<Uuid> {
        None
    }
}

/// Seeds, writes it into the audit trail, and says in a sentence what was done.
///
/// # Errors
/// In a sentence too.
pub async fn run(
    settings: &PgSettings,
    (journal, keys): (&Journal, &Keyring),
    what: What,
) -> Result<String, Box<dyn std::error::Error + Send + Sync>> {
    let mut client = pg::client(settings).await?;
    let fixed = matches!(what, What::TestData);
    let outcome = match what {
        What::Demo(options) => seed(&mut client, keys, &options).await?,
        What::TestData => seed_test_data(&mut client, keys).await?,
    };
    let SeedOutcome::Seeded(report) = outcome else {
        return Ok("there are doctors already; nothing was seeded (SEED_FORCE=true replaces everything)".to_owned());
    };
    // What was answered before speaks of visits that are gone; and the planner wants to know what came.
    client.batch_execute("TRUNCATE platform.idempotency_key").await?;
    client.batch_execute("VACUUM ANALYZE").await?;
    let mut small = settings.clone();
    small.max_connections = 1;
    let pool = pg::pool(&small)?;
    if fixed {
        load_test_accounts(&PgUsers::new(pool.clone(), keys.clone(), journal.clone())).await?;
    }
    let event = Seeded {
        doctors: report.doctors,
        clinics: report.clinics,
        patients: report.patients,
        appointments: report.appointments,
    };
    let recorded = Recorded::new(event, Actor::System, SystemClock.now());
    pg::transaction(&pool, "record a seeding", async |conn| {
        journal.append(conn, &recorded).await?;
        Ok::<_, pg::Abort<kernel::PortFailure>>(())
    })
    .await?;
    let mut said = String::new();
    write!(
        said,
        "seeded {} doctors at {} clinics, {} patients and {} appointments in {:.1} s (all made up)",
        report.doctors,
        report.clinics,
        report.patients,
        report.appointments,
        report.elapsed.as_secs_f64()
    )?;
    Ok(said)
}
