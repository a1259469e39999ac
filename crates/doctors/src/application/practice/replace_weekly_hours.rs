use kernel::{Caller, DoctorId};

use super::{Asked, DoctorRecord, PracticeError, PracticeParts, Step, policy};
use crate::domain::{HoursDraft, Known, PracticeAction, PracticeEvent, WeeklyPlan};

/// Gives a doctor another week.
pub struct ReplaceWeeklyHours(
    /// What it needs.
    pub PracticeParts,
);

impl ReplaceWeeklyHours {
    /// Replaces the whole week; gives it with the version the calendar has then. The hours at clinics out of the
    /// caller's reach have to be in it as they are.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        drafts: &[HoursDraft],
        asked: Asked,
    ) -> Result<(WeeklyPlan, i32), PracticeError> {
        let now = self.0.clock.now();
        let found = self.0.calendar_of(caller, doctor).await?;
        asked.admits(found.calendar_version)?;
        let (plan, event) = draft(&self.0, caller, &found, drafts).await?;
        let step = Step::WeeklyHours(plan.clone(), policy::clinics_within_reach(caller, &found));
        let version = self.0.change_doctor(caller, doctor, step, event, &asked, now).await?;
        Ok((plan, version))
    }
}

/// The week that the caller may give a doctor, and what is told of it.
pub(super) async fn draft(
    parts: &PracticeParts,
    caller: &Caller,
    doctor: &DoctorRecord,
    drafts: &[HoursDraft],
) -> Result<(WeeklyPlan, PracticeEvent), PracticeError> {
    let known = known(parts, caller, doctor, drafts).await?;
    let plan = WeeklyPlan::read(drafts, &known)?;
    Ok((plan, PracticeEvent::at(doctor.profile.clinic, PracticeAction::WeeklyHoursReplaced)))
}

/// What hours may refer to: open clinics within reach or where the doctor works already, and the doctor's offers.
pub(super) async fn known(
    parts: &PracticeParts,
    caller: &Caller,
    doctor: &DoctorRecord,
    drafts: &[HoursDraft],
) -> Result<Known, PracticeError> {
    let rules = parts.agendas.rules(doctor.id).await?.ok_or(PracticeError::NotFound)?;
    let mut named: Vec<_> = drafts.iter().filter_map(|draft| draft.clinic).collect();
    named.sort_unstable();
    named.dedup();
    if let Some(within) = policy::clinics_within_reach(caller, doctor) {
        let works_there = |clinic| doctor.profile.clinic == clinic || doctor.workplaces.contains(&clinic);
        named.retain(|clinic| within.contains(clinic) || works_there(*clinic));
    }
    let clinics = if named.is_empty() { named } else { parts.practice.open_clinics(&named).await? };
    Ok(Known { clinics, visit_types: rules.visit_types.iter().map(|offered| offered.id).collect() })
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::test_data::{doctor_at, parts};
    use super::super::{Affected, ChangeError, MockPractice};
    use super::*;

    fn monday(clinic: ClinicId) -> HoursDraft {
        HoursDraft {
            clinic: Some(clinic),
            weekday: Some("monday".into()),
            from: Some("09:00".into()),
            to: Some("12:00".into()),
            ..HoursDraft::default()
        }
    }

    fn replacing(doctor: &DoctorRecord, stored: fn() -> Result<i32, ChangeError>, times: usize) -> ReplaceWeeklyHours {
        let doctor = doctor.clone();
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_open_clinics().returning(|named| Ok(named.to_vec()));
        practice.expect_change().times(times).returning(move |_| stored());
        ReplaceWeeklyHours(parts(practice))
    }

    #[tokio::test]
    async fn a_front_desk_opens_hours_at_its_own_clinic_and_keeps_those_of_others() {
        let (home, second) = (ClinicId::mint(), ClinicId::mint());
        let doctor = DoctorRecord { workplaces: vec![second], ..doctor_at(home) };
        let caller = Caller::staff(UserId::mint(), vec![second]);
        let asked = Asked { only_versions: Some(vec![1]), ..Asked::default() };
        let replace = replacing(&doctor, || Ok(2), 1);
        let (plan, version) = replace.run(&caller, doctor.id, &[monday(second)], asked.clone()).await.unwrap();
        assert_eq!((plan.hours().len(), version), (1, 2));
        let refused = replacing(&doctor, || Err(ChangeError::HoursOfOthers { list: "hours" }), 1);
        let refused = refused.run(&caller, doctor.id, &[monday(home)], asked.clone()).await;
        assert!(matches!(refused, Err(PracticeError::Invalid(_))), "{refused:?}");
        let stranger = ClinicId::mint();
        let refused = replacing(&doctor, || Ok(2), 0).run(&caller, doctor.id, &[monday(stranger)], asked).await;
        assert!(matches!(refused, Err(PracticeError::Invalid(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn an_old_version_and_booked_visits_stop_it() {
        let doctor = doctor_at(ClinicId::mint());
        let (home, admin) = (doctor.profile.clinic, Caller::admin(UserId::mint()));
        let old = Asked { only_versions: Some(vec![9]), ..Asked::default() };
        let refused = replacing(&doctor, || Ok(2), 0).run(&admin, doctor.id, &[monday(home)], old).await;
        assert!(matches!(refused, Err(PracticeError::VersionChanged)), "{refused:?}");
        let booked = || Err(ChangeError::Affected(Affected { total: 1, visits: Vec::new() }));
        let refused = replacing(&doctor, booked, 1).run(&admin, doctor.id, &[], Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::Affected(Affected { total: 1, .. }))), "{refused:?}");
    }
}
