use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Caller, ClinicId, DoctorId, VisitTypeId};

use super::{DoctorRecord, PracticeError, PracticeParts, VisitTypeRecord, today_in};
use crate::domain::{ClinicHoliday, DayOverride, TimeOff, WeeklyBreak};

/// Shows what only those who run a calendar see, and the holidays, which everybody sees.
pub struct ReadCalendar(
    /// What it needs.
    pub PracticeParts,
);

impl ReadCalendar {
    /// The dates with hours of their own between two dates, both included, each perhaps with a reason, and the
    /// calendar's version.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn overrides(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        from: Option<Date>,
        to: Option<Date>,
    ) -> Result<(Vec<(DayOverride, Option<String>)>, i32), PracticeError> {
        let found = self.0.calendar_of(caller, doctor).await?;
        let rules = self.0.agendas.rules(doctor).await?.ok_or(PracticeError::NotFound)?;
        let from = match from {
            Some(from) => from,
            None => self.0.today_at(found.profile.clinic, self.0.clock.now()).await?,
        };
        let within = |day: &DayOverride| from <= day.date && to.is_none_or(|to| day.date <= to);
        let mut reasons = self.0.practice.override_reasons(doctor).await?;
        let days = rules.overrides.into_iter().filter(within);
        let days = days.map(|day| {
            let reason = reasons.remove(&day.date);
            (day, reason)
        });
        Ok((days.collect(), found.calendar_version))
    }

    /// The breaks of an active doctor in order of the week, and the calendar's version, for everybody.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn breaks(&self, doctor: DoctorId) -> Result<(Vec<WeeklyBreak>, i32), PracticeError> {
        // Before the breaks: a version may be older than what it stands by, never newer.
        let version = self.calendar_version(doctor).await?;
        let rules = self.0.agendas.rules(doctor).await?.filter(|rules| rules.active);
        Ok((rules.ok_or(PracticeError::NotFound)?.breaks, version))
    }

    /// The time off that has not ended, the zone to write it in, and the calendar's version.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn time_off(
        &self,
        caller: &Caller,
        doctor: DoctorId,
    ) -> Result<(Vec<TimeOff>, TimeZone, i32), PracticeError> {
        let found = self.0.calendar_of(caller, doctor).await?;
        let zone = self.zone_of(&found).await?;
        let time_off = self.0.practice.time_off(doctor, self.0.clock.now()).await?;
        Ok((time_off, zone, found.calendar_version))
    }

    /// The zone of the clinic a doctor is listed under.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn zone_of(&self, doctor: &DoctorRecord) -> Result<TimeZone, PracticeError> {
        let clinic = self.0.practice.clinic(doctor.profile.clinic).await?;
        Ok(clinic.and_then(|clinic| TimeZone::get(&clinic.card.time_zone).ok()).unwrap_or(TimeZone::UTC))
    }

    /// The zone to write a doctor's time off in.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn zone(&self, doctor: DoctorId) -> Result<TimeZone, PracticeError> {
        match self.0.practice.doctor(doctor).await? {
            Some(doctor) => self.zone_of(&doctor).await,
            None => Ok(TimeZone::UTC),
        }
    }

    /// A visit type that can be booked, for everybody.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn visit_type(&self, doctor: DoctorId, id: VisitTypeId) -> Result<VisitTypeRecord, PracticeError> {
        let active = self.0.practice.doctor(doctor).await?.is_some_and(|doctor| doctor.profile.active);
        let found = self.0.practice.visit_type(doctor, id).await?;
        found.filter(|found| active && found.active).ok_or(PracticeError::NotFound)
    }

    /// The holidays of a clinic from today on, for everybody.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn holidays(&self, clinic: ClinicId) -> Result<Vec<ClinicHoliday>, PracticeError> {
        let found = self.0.practice.clinic(clinic).await?;
        let found = found.filter(|found| found.card.active).ok_or(PracticeError::NotFound)?;
        let today = today_in(&found.card.time_zone, self.0.clock.now());
        Ok(self.0.practice.holidays(clinic, today).await?)
    }

    /// The version of a doctor's calendar.
    ///
    /// # Errors
    /// See [`PracticeError`].
    pub async fn calendar_version(&self, doctor: DoctorId) -> Result<i32, PracticeError> {
        Ok(self.0.practice.doctor(doctor).await?.ok_or(PracticeError::NotFound)?.calendar_version)
    }
}

#[cfg(test)]
mod tests {
    use kernel::UserId;

    use super::super::MockPractice;
    use super::super::test_data::{doctor_at, parts};
    use super::*;

    #[tokio::test]
    async fn colleagues_and_other_desks_do_not_see_when_somebody_is_away() {
        let doctor = doctor_at(ClinicId::mint());
        let (id, clinic) = (doctor.id, doctor.profile.clinic);
        let mut practice = MockPractice::new();
        practice.expect_doctor().returning(move |_| Ok(Some(doctor.clone())));
        practice.expect_time_off().never();
        let read = ReadCalendar(parts(practice));
        for caller in [
            Caller::doctor(UserId::mint(), DoctorId::mint(), vec![clinic]),
            Caller::staff(UserId::mint(), vec![ClinicId::mint()]),
            Caller::patient(UserId::mint()),
        ] {
            assert!(matches!(read.time_off(&caller, id).await, Err(PracticeError::NotFound)));
            assert!(matches!(read.overrides(&caller, id, None, None).await, Err(PracticeError::NotFound)));
        }
    }
}
