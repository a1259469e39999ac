use kernel::{Caller, DoctorId};

use super::replace_weekly_hours::known;
use super::{Asked, DoctorRecord, PracticeError, PracticeParts, Step, policy};
use crate::domain::{BreakPlan, HoursDraft, PracticeAction, PracticeEvent};

/// Gives a doctor other breaks.
pub struct ReplaceBreaks(
    /// What it needs.
    pub PracticeParts,
);

impl ReplaceBreaks {
    /// Replaces all breaks of the week; gives them with the version the calendar has then. Those at clinics out of the
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
    ) -> Result<(BreakPlan, i32), PracticeError> {
        let now = self.0.clock.now();
        let found = self.0.calendar_of(caller, doctor).await?;
        asked.admits(found.calendar_version)?;
        let (plan, event) = draft(&self.0, caller, &found, drafts).await?;
        let step = Step::Breaks(plan.clone(), policy::clinics_within_reach(caller, &found));
        let version = self.0.change_doctor(caller, doctor, step, event, &asked, now).await?;
        Ok((plan, version))
    }
}

/// The breaks that the caller may give a doctor, and what is told of it.
pub(super) async fn draft(
    parts: &PracticeParts,
    caller: &Caller,
    doctor: &DoctorRecord,
    drafts: &[HoursDraft],
) -> Result<(BreakPlan, PracticeEvent), PracticeError> {
    let known = known(parts, caller, doctor, drafts).await?;
    let plan = BreakPlan::read(drafts, &known)?;
    Ok((plan, PracticeEvent::at(doctor.profile.clinic, PracticeAction::BreaksReplaced)))
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::test_data::{doctor_at, parts};
    use super::super::{Affected, ChangeError, MockPractice};
    use super::*;

    fn lunch(clinic: ClinicId) -> HoursDraft {
        HoursDraft {
            clinic: Some(clinic),
            weekday: Some("monday".into()),
            from: Some("12:30".into()),
            to: Some("13:00".into()),
            ..HoursDraft::default()
        }
    }

    fn replacing(doctor: &DoctorRecord, stored: fn() -> Result<i32, ChangeError>, times: usize) -> ReplaceBreaks {
        let doctor = doctor.clone();
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_open_clinics().returning(|named| Ok(named.to_vec()));
        practice.expect_change().times(times).returning(move |_| stored());
        ReplaceBreaks(parts(practice))
    }

    #[tokio::test]
    async fn a_front_desk_sets_breaks_where_the_doctor_works_and_no_stranger_does() {
        let home = ClinicId::mint();
        let doctor = doctor_at(home);
        let desk = Caller::staff(UserId::mint(), vec![home]);
        let set = replacing(&doctor, || Ok(2), 1).run(&desk, doctor.id, &[lunch(home)], Asked::default()).await;
        assert_eq!(set.map(|(plan, version)| (plan.breaks().len(), version)).unwrap(), (1, 2));
        let elsewhere = [lunch(ClinicId::mint())];
        let refused = replacing(&doctor, || Ok(2), 0).run(&desk, doctor.id, &elsewhere, Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::Invalid(_))), "{refused:?}");
        let stranger = Caller::staff(UserId::mint(), vec![ClinicId::mint()]);
        let refused = replacing(&doctor, || Ok(2), 0).run(&stranger, doctor.id, &[], Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::NotFound)), "{refused:?}");
    }

    #[tokio::test]
    async fn an_old_version_and_booked_visits_stop_it() {
        let doctor = doctor_at(ClinicId::mint());
        let (home, admin) = (doctor.profile.clinic, Caller::admin(UserId::mint()));
        let old = Asked { only_versions: Some(vec![9]), ..Asked::default() };
        let refused = replacing(&doctor, || Ok(2), 0).run(&admin, doctor.id, &[lunch(home)], old).await;
        assert!(matches!(refused, Err(PracticeError::VersionChanged)), "{refused:?}");
        let booked = || Err(ChangeError::Affected(Affected { total: 1, visits: Vec::new() }));
        let refused = replacing(&doctor, booked, 1).run(&admin, doctor.id, &[lunch(home)], Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::Affected(Affected { total: 1, .. }))), "{refused:?}");
    }
}
