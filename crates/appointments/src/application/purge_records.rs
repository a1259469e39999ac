use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use kernel::{ClinicId, PatientId, PortFailure};

use crate::domain::Retention;

/// Visits purged in one transaction, and patients looked at together.
const BATCH: u32 = 100;

/// Visits of a clinic whose time is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OverdueVisits {
    /// Which clinic.
    pub clinic: ClinicId,
    /// How many.
    pub visits: u64,
    /// Start of the oldest one.
    pub oldest: Timestamp,
}

/// Where records lie whose time may be over.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait OldRecords: Send + Sync {
    /// Clinics with visits that ended before, how many these are, and since when.
    async fn overdue(&self, before: Timestamp) -> Result<Vec<OverdueVisits>, PortFailure>;

    /// Deletes at most `most` visits of the clinic that are over and ended before, each with an event in the audit trail,
    /// in one transaction; gives how many.
    async fn purge_visits(
        &self,
        clinic: ClinicId,
        before: Timestamp,
        most: u32,
        retention: Retention,
    ) -> Result<u32, PortFailure>;

    /// Patients taken down before who have no visit, no account and nobody who looks after them; at most `most`, those
    /// behind `after`, by id.
    async fn without_visits(
        &self,
        before: Timestamp,
        after: Option<PatientId>,
        most: u32,
    ) -> Result<Vec<PatientId>, PortFailure>;

    /// Deletes those of these patients who still have no visit and nobody, each with an event in the audit trail, in one
    /// transaction; gives how many.
    async fn purge_patients(&self, patients: &[PatientId]) -> Result<u32, PortFailure>;
}

/// What other slices keep of patients.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Papers: Send + Sync {
    /// Those of these patients of whom something is kept there.
    async fn kept_of(&self, patients: &[PatientId]) -> Result<HashSet<PatientId>, PortFailure>;
}

/// What was purged, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PurgedRecords {
    /// Visits.
    pub visits: u64,
    /// Patients of whom nothing is left.
    pub patients: u64,
}

/// Purges what need not be kept any more.
pub struct PurgeRecords {
    /// Visits and patients.
    pub records: Arc<dyn OldRecords>,
    /// What else is kept of patients.
    pub papers: Vec<Arc<dyn Papers>>,
    /// How long records are kept.
    pub retention: Retention,
}

impl PurgeRecords {
    /// What would be purged, by clinic.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn preview(&self, now: Timestamp) -> Result<Vec<OverdueVisits>, PortFailure> {
        self.records.overdue(self.retention.over_before(now)).await
    }

    /// Purges, batch by batch, until nothing is left to do or `stop` says so.
    ///
    /// # Errors
    /// When a port fails; what was purged before stays so, and is in the audit trail.
    pub async fn run(&self, now: Timestamp, stop: &(dyn Fn() -> bool + Sync)) -> Result<PurgedRecords, PortFailure> {
        let before = self.retention.over_before(now);
        let mut purged = PurgedRecords::default();
        for overdue in self.records.overdue(before).await? {
            while !stop() {
                let gone = self.records.purge_visits(overdue.clinic, before, BATCH, self.retention).await?;
                purged.visits += u64::from(gone);
                if gone < BATCH {
                    break;
                }
            }
        }
        let mut after = None;
        while !stop() {
            let idle = self.records.without_visits(before, after, BATCH).await?;
            let Some(last) = idle.last().copied() else { break };
            after = Some(last);
            let mut kept = HashSet::new();
            for papers in &self.papers {
                kept.extend(papers.kept_of(&idle).await?);
            }
            let nothing_left: Vec<PatientId> = idle.into_iter().filter(|patient| !kept.contains(patient)).collect();
            if !nothing_left.is_empty() {
                purged.patients += u64::from(self.records.purge_patients(&nothing_left).await?);
            }
        }
        Ok(purged)
    }
}

#[cfg(test)]
mod tests {
    use mockall::predicate::eq;

    use super::super::test_data::now;
    use super::*;

    fn overdue(clinic: ClinicId) -> OverdueVisits {
        OverdueVisits { clinic, visits: 120, oldest: now() }
    }

    #[tokio::test]
    async fn clinics_are_worked_off_in_batches_and_patients_with_papers_elsewhere_stay() {
        let clinic = ClinicId::mint();
        let mut patients = [PatientId::mint(), PatientId::mint()];
        patients.sort();
        let [kept, gone] = patients;
        let before = Retention::default().over_before(now());
        let mut records = MockOldRecords::new();
        records.expect_overdue().with(eq(before)).returning(move |_| Ok(vec![overdue(clinic)]));
        let mut left = 120_u32;
        records.expect_purge_visits().times(2).returning(move |_, _, most, _| {
            let gone = left.min(most);
            left -= gone;
            Ok(gone)
        });
        records
            .expect_without_visits()
            .times(2)
            .returning(move |_, after, _| Ok(if after.is_none() { vec![kept, gone] } else { vec![] }));
        records.expect_purge_patients().withf(move |ids| ids == [gone]).times(1).returning(|_| Ok(1));
        let mut papers = MockPapers::new();
        papers.expect_kept_of().returning(move |_| Ok(HashSet::from([kept])));
        let purge = PurgeRecords {
            records: Arc::new(records),
            papers: vec![Arc::new(papers)],
            retention: Retention::default(),
        };
        let purged = purge.run(now(), &|| false).await.unwrap();
        assert_eq!(purged, PurgedRecords { visits: 120, patients: 1 });
    }

    #[tokio::test]
    async fn who_cannot_be_asked_about_papers_keeps_everybody_and_a_look_purges_nothing() {
        let mut records = MockOldRecords::new();
        records.expect_overdue().returning(|_| Ok(vec![]));
        records.expect_without_visits().returning(|_, _, _| Ok(vec![PatientId::mint()]));
        records.expect_purge_patients().never();
        records.expect_purge_visits().never();
        let mut papers = MockPapers::new();
        papers.expect_kept_of().returning(|_| Err(PortFailure::new("ask", "away")));
        let purge = PurgeRecords {
            records: Arc::new(records),
            papers: vec![Arc::new(papers)],
            retention: Retention::default(),
        };
        assert!(purge.run(now(), &|| false).await.is_err());
        assert_eq!(purge.preview(now()).await.unwrap(), []);
    }
}
