use jiff::Timestamp;
use kernel::{Interval, PortFailure};

use super::ports::BusyTimes;
use crate::domain::{Occupied, Rules, VisitType};

/// What is taken around a doctor, as far as visits of one type are concerned: in one question, and the shorter one where
/// they need neither room nor device.
pub(super) async fn occupied(
    busy: &dyn BusyTimes,
    rules: &Rules,
    visit_type: &VisitType,
    span: Interval,
    now: Timestamp,
) -> Result<Occupied, PortFailure> {
    let resources = rules.resources_for(visit_type);
    if resources.is_empty() {
        return Ok(busy.busy(rules.doctor, span, now).await?.into());
    }
    let taken = busy.with_resources(&[rules.doctor], &resources, span, now).await?;
    let doctor = taken.doctors.into_iter().map(|(_, taken)| taken).collect();
    Ok(Occupied { doctor, resources: taken.resources })
}
