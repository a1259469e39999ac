use kernel::{Caller, Once, Recorded};

use super::change_ports::{ApplyError, UndoOrder};
use super::preview_change::ChangeParts;
use super::{
    Asked, ChangeError, DoctorRecord, PracticeError, Step, Subject, TRIES, VisitTypeRecord, deactivate_doctor,
};
use crate::domain::{
    BreakPlan, CalendarChange, ChangeId, PracticeAction, PracticeEvent, Profile, Reversal, VisitType, WeeklyPlan,
};

/// Takes a change of hours back, with its visits.
pub struct UndoChange(
    /// What it needs.
    pub ChangeParts,
);

impl UndoChange {
    /// Takes it back: the rules as they were, moved and cancelled visits at their old times, as far as these are still
    /// free. The second time gives what the first has left.
    ///
    /// # Errors
    /// See [`PracticeError`]: too late, or the rules have been changed since.
    pub async fn run(
        &self,
        caller: &Caller,
        whose: Subject,
        id: ChangeId,
        asked: Asked,
        once: Option<Once<CalendarChange>>,
    ) -> Result<CalendarChange, PracticeError> {
        let ChangeParts { practice, changes, .. } = &self.0;
        for _ in 0..TRIES {
            let now = practice.clock.now();
            self.may(caller, whose).await?;
            let change = changes.find(whose, id).await?.ok_or(PracticeError::NotFound)?;
            if let (Reversal::Doctor, Some(doctor)) = (&change.reversal, whose.doctor()) {
                let found = practice.practice.doctor(doctor).await?.ok_or(PracticeError::NotFound)?;
                deactivate_doctor::may(caller, &found)?;
            }
            if change.undone.is_some() {
                return Ok(change);
            }
            if now > change.undo_until() {
                return Err(PracticeError::TooLate);
            }
            let step = self.step(whose, &change, now).await?;
            let event = PracticeEvent::at(change.clinic, PracticeAction::ChangeUndone).as_change(id);
            let event = match whose {
                Subject::Doctor(doctor) => event.of(doctor),
                Subject::Clinic(_) => event,
            };
            let event = Recorded::new(event, caller.actor(), now).caused_by(asked.request_id.clone());
            let order = UndoOrder { change, caller: caller.clone(), step, event, once: once.clone() };
            match changes.undo(&order).await {
                Ok(undone) => return Ok(undone),
                Err(ApplyError::Change(ChangeError::Stale | ChangeError::Nothing)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(PracticeError::PlanChanged)
    }

    /// The changes of this doctor or clinic, the latest first.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn list(&self, caller: &Caller, whose: Subject) -> Result<Vec<CalendarChange>, PracticeError> {
        self.may(caller, whose).await?;
        Ok(self.0.changes.list(whose).await?)
    }

    async fn may(&self, caller: &Caller, whose: Subject) -> Result<(), PracticeError> {
        match whose {
            Subject::Doctor(doctor) => self.0.practice.calendar_of(caller, doctor).await.map(|_| ()),
            Subject::Clinic(clinic) => self.0.practice.clinic_of(caller, clinic).await.map(|_| ()),
        }
    }

    /// What has to be changed so that the rules are as before; `None` when they are already.
    async fn step(
        &self,
        whose: Subject,
        change: &CalendarChange,
        now: jiff::Timestamp,
    ) -> Result<Option<Step>, PracticeError> {
        let practice = &self.0.practice.practice;
        let doctor = match whose {
            Subject::Clinic(_) => {
                let Reversal::Holidays { dates } = &change.reversal else { return Err(PracticeError::NotFound) };
                return Ok(Some(Step::NoHolidays(dates.clone())));
            }
            Subject::Doctor(doctor) => doctor,
        };
        Ok(match &change.reversal {
            Reversal::TimeOff { id } => {
                let there = practice.time_off(doctor, now).await?.iter().any(|taken| taken.id == *id);
                there.then_some(Step::NoTimeOff(*id))
            }
            Reversal::Override { date, was: Some(hours), .. } => Some(Step::Override(*date, hours.clone(), None)),
            Reversal::Override { date, was: None, .. } => Some(Step::NoOverride(*date)),
            Reversal::WeeklyHours { was, .. } => Some(Step::WeeklyHours(WeeklyPlan::again(was.clone()), None)),
            Reversal::Breaks { was, .. } => Some(Step::Breaks(BreakPlan::again(was.clone()), None)),
            Reversal::VisitType { id, was_default } => {
                let rules = self.0.practice.agendas.rules(doctor).await?.ok_or(PracticeError::NotFound)?;
                let found = practice.visit_type(doctor, *id).await?.ok_or(PracticeError::NotFound)?;
                let is_default = *was_default && rules.default_visit_type().is_none();
                (!found.active).then(|| {
                    let visit_type = VisitType { is_default, ..found.visit_type.clone() };
                    Step::VisitType(VisitTypeRecord { visit_type, active: true, version: found.version + 1, ..found })
                })
            }
            Reversal::Doctor => {
                let found = practice.doctor(doctor).await?.ok_or(PracticeError::NotFound)?;
                (!found.profile.active).then(|| {
                    let profile = Profile { active: true, ..found.profile.clone() };
                    Step::Doctor(DoctorRecord { profile, version: found.version + 1, ..found })
                })
            }
            Reversal::Holidays { .. } => return Err(PracticeError::NotFound),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{ClinicId, UserId};

    use super::super::MockPractice;
    use super::super::change_ports::{MockCalendarChanges, MockPatientNames};
    use super::super::test_data::{change_parts, doctor_at, made};
    use super::*;
    use crate::domain::{UNDO_WITHIN, Undone};

    async fn undo(
        age: SignedDuration,
        change: impl FnOnce(&mut CalendarChange),
        times: usize,
    ) -> Result<CalendarChange, PracticeError> {
        let doctor = doctor_at(ClinicId::mint());
        let mut of_then = made(ChangeId::mint());
        of_then.made_at -= age;
        change(&mut of_then);
        let (whose, id) = (Subject::Doctor(doctor.id), of_then.id);
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_time_off().returning(|_, _| Ok(Vec::new()));
        let mut changes = MockCalendarChanges::new();
        changes.expect_find().returning(move |_, _| Ok(Some(of_then.clone())));
        changes.expect_undo().times(times).returning(|order| {
            assert_eq!(order.step, None, "the time off is gone already");
            Ok(order.change.clone())
        });
        let undo = UndoChange(change_parts(practice, changes, MockPatientNames::new()));
        undo.run(&Caller::admin(UserId::mint()), whose, id, Asked::default(), None).await
    }

    #[tokio::test]
    async fn a_change_is_taken_back_within_a_day_and_not_later() {
        assert!(undo(UNDO_WITHIN, |_| {}, 1).await.is_ok());
        let late = undo(UNDO_WITHIN + SignedDuration::from_secs(1), |_| {}, 0).await;
        assert!(matches!(late, Err(PracticeError::TooLate)), "{late:?}");
    }

    #[tokio::test]
    async fn what_is_taken_back_is_given_again_and_nothing_is_written() {
        let done = |change: &mut CalendarChange| change.undone = Some(Undone { at: change.made_at, left: Vec::new() });
        assert!(undo(UNDO_WITHIN + UNDO_WITHIN, done, 0).await.unwrap().undone.is_some());
    }
}
