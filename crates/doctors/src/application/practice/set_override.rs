use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Caller, DoctorId};

use super::replace_weekly_hours::known;
use super::{Asked, DoctorRecord, PracticeError, PracticeParts, Step};
use crate::domain::{
    DayOverride, HoursDraft, OpenHours, PracticeAction, PracticeEvent, date_to_come, read_day, read_reason,
};

/// Gives one date hours of its own, at every clinic.
pub struct SetOverride(
    /// What it needs.
    pub PracticeParts,
);

impl SetOverride {
    /// Sets them; none at all is closed. Gives them with the reason and the version the calendar has then.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        date: Date,
        draft: OverrideDraft<'_>,
        asked: Asked,
    ) -> Result<(DayOverride, Option<String>, i32), PracticeError> {
        let now = self.0.clock.now();
        let found = self.0.calendar_of(caller, doctor).await?;
        asked.admits(found.calendar_version)?;
        let (hours, reason, event) = self::draft(&self.0, caller, &found, date, draft, now).await?;
        let step = Step::Override(date, hours.clone(), reason.clone());
        let version = self.0.change_doctor(caller, doctor, step, event, &asked, now).await?;
        Ok((DayOverride { date, hours }, reason, version))
    }
}

/// The hours of a date as somebody wants them.
#[derive(Debug, Clone, Copy)]
pub struct OverrideDraft<'a> {
    /// The only hours; none is closed.
    pub hours: &'a [HoursDraft],
    /// Why, for the team alone.
    pub reason: Option<&'a str>,
}

/// The hours that the caller may give a date, with the reason, and what is told of it.
pub(super) async fn draft(
    parts: &PracticeParts,
    caller: &Caller,
    doctor: &DoctorRecord,
    date: Date,
    draft: OverrideDraft<'_>,
    now: Timestamp,
) -> Result<(Vec<OpenHours>, Option<String>, PracticeEvent), PracticeError> {
    let mut faults: Vec<_> =
        date_to_come("date", date, parts.today_at(doctor.profile.clinic, now).await?).into_iter().collect();
    let reason = draft.reason.map(read_reason).transpose().unwrap_or_else(|wrong| {
        faults.extend(wrong);
        None
    });
    let known = known(parts, caller, doctor, draft.hours).await?;
    let hours = match read_day(draft.hours, &known) {
        Ok(hours) if faults.is_empty() => hours,
        Ok(_) => return Err(faults.into()),
        Err(wrong) => {
            faults.extend(wrong);
            return Err(faults.into());
        }
    };
    Ok((hours, reason, PracticeEvent::at(doctor.profile.clinic, PracticeAction::OverrideSet).on(date)))
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::MockPractice;
    use super::super::test_data::{clinic_record, doctor_at, parts};
    use super::*;

    #[tokio::test]
    async fn a_date_is_closed_from_today_on_and_not_before() {
        let doctor = doctor_at(ClinicId::mint());
        let id = doctor.id;
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_clinic().returning(|id| Ok(Some(clinic_record(id))));
        practice.expect_change().times(1).returning(|_| Ok(2));
        let (set, admin) = (SetOverride(parts(practice)), Caller::admin(UserId::mint()));
        let today: Date = "2027-03-01".parse().unwrap();
        let nothing = OverrideDraft { hours: &[], reason: None };
        let (closed, _, version) = set.run(&admin, id, today, nothing, Asked::default()).await.unwrap();
        assert!(closed.hours.is_empty() && version == 2);
        let refused = set.run(&admin, id, today.yesterday().unwrap(), nothing, Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::Invalid(_))), "{refused:?}");
    }
}
