//! Changes of hours as somebody wants them, before anything of them is checked.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{Caller, ClinicId, DoctorId, Recorded, VisitTypeId};

use super::{
    Asked, OnConflict, PracticeChange, PracticeError, PracticeParts, Step, Subject, add_time_off, deactivate_doctor,
    policy, replace_breaks, replace_weekly_hours, retire_visit_type, set_override, today_in,
};
use crate::domain::{ChangeId, ClinicHoliday, Fault, HoursDraft, PracticeAction, PracticeEvent};

/// The most dates on which one change closes a clinic.
pub const MOST_HOLIDAYS: usize = 100;

/// A change of hours that visits can be in the way of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Away for a while.
    TimeOff {
        /// From.
        starts_at: Option<Timestamp>,
        /// To.
        ends_at: Option<Timestamp>,
    },
    /// Other hours on a date.
    Override {
        /// Which.
        date: Date,
        /// The only hours; none is closed.
        hours: Vec<HoursDraft>,
        /// Why, for the team alone.
        reason: Option<String>,
    },
    /// Another week.
    WeeklyHours {
        /// The whole of it.
        hours: Vec<HoursDraft>,
    },
    /// Other breaks.
    Breaks {
        /// All of them.
        breaks: Vec<HoursDraft>,
    },
    /// One offer less.
    RetireVisitType {
        /// Which.
        id: VisitTypeId,
    },
    /// Listed no more.
    Deactivate,
    /// Closed on these dates; those on which the clinic is closed already do not matter.
    Holidays(Vec<WantedHoliday>),
}

/// A date on which a clinic is to be closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WantedHoliday {
    /// Local date.
    pub date: Option<Date>,
    /// What people call it.
    pub name: String,
}

impl Wanted {
    /// Does it replace something that others may have changed since the caller looked?
    #[must_use]
    pub const fn replaces(&self) -> bool {
        matches!(self, Self::Override { .. } | Self::WeeklyHours { .. } | Self::Breaks { .. })
    }
}

impl PracticeParts {
    /// The change as it would be stored, if the caller may make it.
    pub(super) async fn drafted(
        &self,
        caller: &Caller,
        whose: Subject,
        wanted: &Wanted,
        asked: &Asked,
        id: ChangeId,
        now: Timestamp,
    ) -> Result<PracticeChange, PracticeError> {
        let (step, event) = match (whose, wanted) {
            (Subject::Doctor(doctor), wanted) => self.of_doctor(caller, doctor, wanted, now).await?,
            (Subject::Clinic(clinic), Wanted::Holidays(days)) => self.of_clinic(caller, clinic, days, now).await?,
            (Subject::Clinic(_), _) => return Err(PracticeError::NotFound),
        };
        let event = event.as_change(id);
        let event = match whose {
            Subject::Doctor(doctor) => event.of(doctor),
            Subject::Clinic(_) => event,
        };
        Ok(PracticeChange {
            subject: whose,
            step,
            only_versions: None,
            on_conflict: OnConflict::Refuse,
            event: Recorded::new(event, caller.actor(), now).caused_by(asked.request_id.clone()),
            once: None,
        })
    }

    async fn of_doctor(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        wanted: &Wanted,
        now: Timestamp,
    ) -> Result<(Step, PracticeEvent), PracticeError> {
        Ok(match wanted {
            Wanted::TimeOff { starts_at, ends_at } => {
                let (taken, event) = add_time_off::draft(self, caller, doctor, *starts_at, *ends_at, now).await?;
                (Step::TimeOff(taken), event)
            }
            Wanted::Override { date, hours, reason } => {
                let found = self.calendar_of(caller, doctor).await?;
                let draft = set_override::OverrideDraft { hours, reason: reason.as_deref() };
                let (hours, reason, event) = set_override::draft(self, caller, &found, *date, draft, now).await?;
                (Step::Override(*date, hours, reason), event)
            }
            Wanted::WeeklyHours { hours } => {
                let found = self.calendar_of(caller, doctor).await?;
                let (plan, event) = replace_weekly_hours::draft(self, caller, &found, hours).await?;
                (Step::WeeklyHours(plan, policy::clinics_within_reach(caller, &found)), event)
            }
            Wanted::Breaks { breaks } => {
                let found = self.calendar_of(caller, doctor).await?;
                let (plan, event) = replace_breaks::draft(self, caller, &found, breaks).await?;
                (Step::Breaks(plan, policy::clinics_within_reach(caller, &found)), event)
            }
            Wanted::RetireVisitType { id } => {
                let whose = self.calendar_of(caller, doctor).await?;
                let found = self.practice.visit_type(doctor, *id).await?.ok_or(PracticeError::NotFound)?;
                if !found.active {
                    return Err(PracticeError::Unchanged);
                }
                let (gone, event) = retire_visit_type::draft(self, &whose, found).await?;
                (Step::VisitType(gone), event)
            }
            Wanted::Deactivate => {
                let found = self.practice.doctor(doctor).await?.ok_or(PracticeError::NotFound)?;
                deactivate_doctor::may(caller, &found)?;
                if !found.profile.active {
                    return Err(PracticeError::Unchanged);
                }
                let (gone, event) = deactivate_doctor::draft(found);
                (Step::Doctor(gone), event)
            }
            Wanted::Holidays(_) => return Err(PracticeError::NotFound),
        })
    }

    async fn of_clinic(
        &self,
        caller: &Caller,
        clinic: ClinicId,
        days: &[WantedHoliday],
        now: Timestamp,
    ) -> Result<(Step, PracticeEvent), PracticeError> {
        let found = self.clinic_of(caller, clinic).await?;
        if days.is_empty() || days.len() > MOST_HOLIDAYS {
            let message = format!("must have 1 to {MOST_HOLIDAYS} entries");
            return Err(vec![Fault::new("holidays", "length", message)].into());
        }
        let today = today_in(&found.card.time_zone, now);
        let (mut faults, mut holidays): (Vec<Fault>, Vec<ClinicHoliday>) = (Vec::new(), Vec::new());
        for (at, day) in days.iter().enumerate() {
            match ClinicHoliday::declare(clinic, day.date, &day.name, today) {
                Ok(holiday) if holidays.iter().any(|known| known.date == holiday.date) => {
                    faults.push(Fault::new(format!("holidays[{at}].date"), "duplicate", "is named twice"));
                }
                Ok(holiday) => holidays.push(holiday),
                Err(wrong) => faults.extend(
                    wrong.into_iter().map(|fault| Fault { field: format!("holidays[{at}].{}", fault.field), ..fault }),
                ),
            }
        }
        if !faults.is_empty() {
            return Err(faults.into());
        }
        let closed = self.practice.holidays(clinic, today).await?;
        holidays.retain(|holiday| closed.iter().all(|known| known.date != holiday.date));
        if holidays.is_empty() {
            return Err(PracticeError::Unchanged);
        }
        holidays.sort_by_key(|holiday| holiday.date);
        let dates = holidays.iter().map(|holiday| holiday.date).collect();
        let event = PracticeEvent::at(clinic, PracticeAction::HolidaysAdded).on_all(dates);
        Ok((Step::Holidays(holidays), event))
    }
}
