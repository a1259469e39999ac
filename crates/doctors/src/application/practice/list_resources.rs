use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::{Caller, ClinicId, Interval, PortFailure, ResourceId};

use super::{PracticeError, PracticeParts, ResourceRecord, policy};
use crate::application::ports::BusyTimes;

/// Longer than anybody books ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 366 * 3);

/// Lists the rooms and devices of a clinic, for those who work there.
pub struct ListResources {
    /// What every look at a practice needs.
    pub parts: PracticeParts,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
}

impl ListResources {
    /// All of them by kind and name, retired ones too, each with how many visits and holds to come have it.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(&self, caller: &Caller, clinic: ClinicId) -> Result<Vec<(ResourceRecord, usize)>, PracticeError> {
        if !policy::works_at(caller, clinic) {
            return Err(PracticeError::NotFound);
        }
        self.parts.practice.clinic(clinic).await?.ok_or(PracticeError::NotFound)?;
        let found = self.parts.practice.resources(clinic).await?;
        let ids: Vec<ResourceId> = found.iter().map(|one| one.id).collect();
        let ahead = ahead(&*self.busy, &ids, self.parts.clock.now()).await?;
        let counted = found.into_iter().map(|one| {
            let visits = ahead.get(&one.id).copied().unwrap_or_default();
            (one, visits)
        });
        Ok(counted.collect())
    }
}

/// How many visits and holds to come have each of these.
pub(super) async fn ahead(
    busy: &dyn BusyTimes,
    resources: &[ResourceId],
    now: Timestamp,
) -> Result<HashMap<ResourceId, usize>, PortFailure> {
    let mut visits = HashMap::new();
    if resources.is_empty() {
        return Ok(visits);
    }
    let span = Interval { start: now, end: now.checked_add(AHEAD).unwrap_or(Timestamp::MAX) };
    for (id, _) in busy.with_resources(&[], resources, span, now).await?.resources {
        *visits.entry(id).or_default() += 1;
    }
    Ok(visits)
}

#[cfg(test)]
mod tests {
    use kernel::{DoctorId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{clinic_record, parts};
    use super::*;
    use crate::application::ports::MockBusyTimes;

    #[tokio::test]
    async fn who_works_at_the_clinic_sees_its_rooms_and_nobody_else_does() {
        let clinic = ClinicId::mint();
        let mut practice = MockPractice::new();
        practice.expect_clinic().returning(|id| Ok(Some(clinic_record(id))));
        practice.expect_resources().returning(|_| Ok(Vec::new()));
        let list = ListResources { parts: parts(practice), busy: Arc::new(MockBusyTimes::new()) };
        let doctor = |at| Caller::doctor(UserId::mint(), DoctorId::mint(), vec![at]);
        for (caller, sees) in [
            (doctor(clinic), true),
            (doctor(ClinicId::mint()), false),
            (Caller::staff(UserId::mint(), vec![clinic]), true),
            (Caller::staff(UserId::mint(), vec![ClinicId::mint()]), false),
            (Caller::admin(UserId::mint()), true),
            (Caller::patient(UserId::mint()), false),
        ] {
            assert_eq!(list.run(&caller, clinic).await.is_ok(), sees, "{caller:?}");
        }
    }
}
