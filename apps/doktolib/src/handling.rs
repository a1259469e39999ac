//! How files that are handed in are looked through.

use std::sync::Arc;

use files::application::VirusScanner;
use files::infrastructure::Spool;
use files::infrastructure::inspection::{Clamd, ContentInspector, LocalTextReader};

use crate::application::Handling;
use crate::config::Config;
use crate::server::Failure;

/// As the configuration says; what lies in the spool of processes that have died is removed.
///
/// # Errors
/// When the spool cannot be made.
pub fn handling(config: &Config) -> Result<Handling, Failure> {
    let folder = config.data_dir.join("spool");
    let spool = Spool::open(&folder)
        .map_err(|error| format!("the folder {} cannot be used: {error} (DOKTOLIB_DATA_DIR)", folder.display()))?;
    let scanner = config.clamd.clone().map(|address| Arc::new(Clamd::new(address)) as Arc<dyn VirusScanner>);
    Ok(Handling {
        spool,
        inspector: Arc::new(ContentInspector::new()),
        scanner,
        reader: Arc::new(LocalTextReader::new()),
        retention_years: config.retention.years().cast_signed(),
    })
}
