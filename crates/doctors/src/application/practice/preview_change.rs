use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{AppointmentId, Caller};

use super::change_ports::{CalendarChanges, Impact, PatientNames, VisitAtStake};
use super::{Asked, PracticeError, PracticeParts, Subject, Wanted};
use crate::domain::{AffectedVisit, ChangeId, Displaced, Occupied, Rules, Slot};

/// How many other times are proposed for each visit.
pub const PROPOSALS: usize = 3;

/// What the use cases need that change hours together with visits. Cheap to clone.
#[derive(Clone)]
pub struct ChangeParts {
    /// Doctors, clinics and hours.
    pub practice: PracticeParts,
    /// Where such changes are kept.
    pub changes: Arc<dyn CalendarChanges>,
    /// Who comes.
    pub patients: Arc<dyn PatientNames>,
}

/// A visit that a change would leave outside of the hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedVisit {
    /// The visit.
    pub affected: AffectedVisit,
    /// Who comes, where the caller may see it.
    pub patient: Option<String>,
    /// Free times for it under the new rules, at most [`PROPOSALS`], each with the zone of its clinic.
    pub proposals: Vec<(Slot, TimeZone)>,
}

/// What a change would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The visits, by start.
    pub visits: Vec<PlannedVisit>,
    /// Names the rules and visits it speaks of; whoever shows it again changes just these.
    pub plan: String,
}

/// Tells what a change of hours would do to booked visits; changes nothing.
pub struct PreviewChange(
    /// What it needs.
    pub ChangeParts,
);

impl PreviewChange {
    /// Looks.
    ///
    /// # Errors
    /// Those that the change itself would meet, see [`PracticeError`].
    pub async fn run(&self, caller: &Caller, whose: Subject, wanted: &Wanted) -> Result<Preview, PracticeError> {
        let ChangeParts { practice, changes, patients } = &self.0;
        let now = practice.clock.now();
        let change = practice.drafted(caller, whose, wanted, &Asked::default(), ChangeId::mint(), now).await?;
        let impact = changes.preview(&change).await?;
        let ids: Vec<AppointmentId> = impact.visits.iter().map(|visit| visit.affected.visit.id).collect();
        let names = if ids.is_empty() { Vec::new() } else { patients.names(caller, &ids).await? };
        let mut names: HashMap<AppointmentId, String> = names.into_iter().collect();
        let proposals = impact.proposals(now, PROPOSALS);
        let zone_of = |slot: &Slot| impact.after.iter().find_map(|rules| rules.time_zone(slot.clinic)).cloned();
        let visits = impact.visits.iter().zip(proposals).map(|(VisitAtStake { affected, .. }, slots)| {
            let affected = affected.clone();
            let proposals = slots.into_iter().map(|slot| (slot, zone_of(&slot).unwrap_or(TimeZone::UTC))).collect();
            PlannedVisit { patient: names.remove(&affected.visit.id), affected, proposals }
        });
        Ok(Preview { visits: visits.collect(), plan: impact.plan })
    }
}

impl Impact {
    /// The rules of this visit's doctor as they would be.
    pub(super) fn rules_for(&self, visit: &VisitAtStake) -> Option<&Rules> {
        self.after.iter().find(|rules| rules.doctor == visit.affected.visit.doctor)
    }

    /// Up to `most` times for each visit, in the order of the visits; see [`Rules::propose`].
    pub(super) fn proposals(&self, now: Timestamp, most: usize) -> Vec<Vec<Slot>> {
        let mut proposals = vec![Vec::new(); self.visits.len()];
        // Rooms and devices are shared by all of them.
        let mut taken = Occupied { doctor: Vec::new(), resources: self.resources.clone() };
        for rules in &self.after {
            let (places, displaced): (Vec<usize>, Vec<Displaced<'_>>) = self
                .visits
                .iter()
                .enumerate()
                .filter(|(_, visit)| visit.affected.visit.doctor == rules.doctor)
                .map(|(at, VisitAtStake { affected, elsewhere })| (at, Displaced { visit: &affected.visit, elsewhere }))
                .unzip();
            let own = self.busy.iter().filter(|(doctor, _)| *doctor == rules.doctor);
            taken.doctor = own.map(|(_, taken)| *taken).collect();
            for (at, slots) in places.into_iter().zip(rules.propose(&displaced, &mut taken, now, most)) {
                proposals[at] = slots;
            }
        }
        proposals
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::MockPractice;
    use super::super::change_ports::{MockCalendarChanges, MockPatientNames};
    use super::super::test_data::{change_parts, doctor_at, impact_of_a_day_off, off};
    use super::*;

    #[tokio::test]
    async fn each_visit_comes_with_times_behind_the_time_off_and_the_name_where_it_may_be_seen() {
        let doctor = doctor_at(ClinicId::mint());
        let (whose, impact) = (Subject::Doctor(doctor.id), impact_of_a_day_off(doctor.id));
        let known = impact.visits[0].affected.visit.id;
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_time_off().returning(|_, _| Ok(Vec::new()));
        practice.expect_change().never();
        let mut changes = MockCalendarChanges::new();
        changes.expect_preview().times(1).returning(move |_| Ok(impact.clone()));
        changes.expect_apply().never();
        let mut patients = MockPatientNames::new();
        patients.expect_names().returning(move |_, _| Ok(vec![(known, "Pat Sample".into())]));
        let preview = PreviewChange(change_parts(practice, changes, patients));
        let shown = preview.run(&Caller::admin(UserId::mint()), whose, &off()).await.unwrap();
        assert_eq!(shown.visits.len(), 2);
        assert_eq!(shown.visits[0].patient.as_deref(), Some("Pat Sample"));
        assert_eq!(shown.visits[1].patient, None);
        let firsts: Vec<Timestamp> = shown.visits.iter().map(|visit| visit.proposals[0].0.starts_at).collect();
        assert!(firsts[0] < firsts[1], "{firsts:?}");
        assert!(shown.visits.iter().all(|visit| visit.proposals.len() == PROPOSALS));
    }

    #[tokio::test]
    async fn who_does_not_run_the_calendar_hears_of_no_doctor() {
        let doctor = doctor_at(ClinicId::mint());
        let whose = Subject::Doctor(doctor.id);
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        let mut changes = MockCalendarChanges::new();
        changes.expect_preview().never();
        let preview = PreviewChange(change_parts(practice, changes, MockPatientNames::new()));
        let stranger = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
        let refused = preview.run(&stranger, whose, &off()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }
}
