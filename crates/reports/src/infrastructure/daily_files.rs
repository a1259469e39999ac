use async_trait::async_trait;
use jiff::civil::Date;
use kernel::PortFailure;
use platform::spreadsheet::table;
use platform::storage::{ObjectKey, Storage};

use super::lines::{DailyBody, HEAD, cells};
use crate::application::DailyFiles;
use crate::domain::DailyRow;

/// The figures of a date in the object storage: `analytics/{date}/clinics-{zone}.csv` and `.json`.
pub struct StoredDailyFiles {
    /// Where they are kept.
    pub storage: Storage,
}

/// The zone is in the name because each wall clock ends its date for itself.
fn key(time_zone: &str, date: Date, ending: &str) -> Result<ObjectKey, PortFailure> {
    let zone: String = time_zone.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect();
    let key = format!("analytics/{date}/clinics-{zone}.{ending}");
    key.parse().map_err(|error| PortFailure::new("name a file of figures", error))
}

#[async_trait]
impl DailyFiles for StoredDailyFiles {
    async fn write(&self, time_zone: &str, date: Date, rows: &[DailyRow]) -> Result<(), PortFailure> {
        let sheet = table(HEAD, rows.iter().map(cells))?;
        let bodies: Vec<DailyBody> = rows.iter().map(DailyBody::new).collect();
        let json = serde_json::to_vec(&bodies).map_err(|error| PortFailure::new("write figures", error))?;
        self.storage.put_bytes(&key(time_zone, date, "csv")?, sheet).await?;
        self.storage.put_bytes(&key(time_zone, date, "json")?, json).await?;
        Ok(())
    }
}
