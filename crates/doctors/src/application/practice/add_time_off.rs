use jiff::Timestamp;
use kernel::{Caller, DoctorId};

use super::{Asked, PracticeError, PracticeParts, Step};
use crate::domain::{Fault, PracticeAction, PracticeEvent, TimeOff};

/// The most stretches of time off that have not ended.
const MOST: usize = 200;

/// Takes a doctor off work for a while, at every clinic.
pub struct AddTimeOff(
    /// What it needs.
    pub PracticeParts,
);

impl AddTimeOff {
    /// Adds time off; it may overlap other time off.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        starts_at: Option<Timestamp>,
        ends_at: Option<Timestamp>,
        asked: Asked,
    ) -> Result<TimeOff, PracticeError> {
        let now = self.0.clock.now();
        let (time_off, event) = draft(&self.0, caller, doctor, starts_at, ends_at, now).await?;
        self.0.change_doctor(caller, doctor, Step::TimeOff(time_off), event, &asked, now).await?;
        Ok(time_off)
    }
}

/// The time off that the caller may take, and what is told of it.
pub(super) async fn draft(
    parts: &PracticeParts,
    caller: &Caller,
    doctor: DoctorId,
    starts_at: Option<Timestamp>,
    ends_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<(TimeOff, PracticeEvent), PracticeError> {
    let found = parts.calendar_of(caller, doctor).await?;
    let time_off = TimeOff::take(starts_at, ends_at, now)?;
    if parts.practice.time_off(doctor, now).await?.len() >= MOST {
        let message = format!("would be more than {MOST} stretches of time off");
        return Err(vec![Fault::new("starts_at", "count", message)].into());
    }
    let event = PracticeEvent::at(found.profile.clinic, PracticeAction::TimeOffAdded).time_off(time_off.id);
    Ok((time_off, event.span(time_off.span.start, time_off.span.end)))
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, UserId};

    use super::super::super::test_data::now;
    use super::super::MockPractice;
    use super::super::test_data::{doctor_at, parts};
    use super::*;

    #[tokio::test]
    async fn time_off_is_told_by_its_id_and_its_ends() {
        let doctor = doctor_at(ClinicId::mint());
        let id = doctor.id;
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_time_off().returning(|_, _| Ok(Vec::new()));
        practice
            .expect_change()
            .withf(|change| matches!(&change.step, Step::TimeOff(_)) && change.event.at == now())
            .times(1)
            .returning(|_| Ok(2));
        let (add, admin) = (AddTimeOff(parts(practice)), Caller::admin(UserId::mint()));
        let until = now().checked_add(jiff::SignedDuration::from_hours(24)).unwrap();
        assert!(add.run(&admin, id, Some(now()), Some(until), Asked::default()).await.is_ok());
        let refused = add.run(&admin, id, Some(until), Some(now()), Asked::default()).await;
        assert!(matches!(refused, Err(PracticeError::Invalid(_))), "{refused:?}");
    }
}
