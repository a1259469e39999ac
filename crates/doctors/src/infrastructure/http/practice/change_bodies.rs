//! Changes of hours with their visits, as they are sent.

use jiff::civil::Date;
use kernel::{AppointmentId, VisitTypeId};
use platform::http::{FieldError, Problem};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use validator::Validate;

use super::breaks::BreaksBody;
use super::calendar_bodies::{DayHoursBody, HolidayDraftBody, Instant, TimeOffDraftBody, WeekBody};
use crate::application::{Changing, Decision, Wanted, WantedHoliday};

/// The longest reason of a cancellation.
const REASON: usize = 500;

/// Other hours on one date.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DatedHours)]
pub struct DatedHoursBody {
    #[serde(default, deserialize_with = "super::super::date")]
    #[schema(value_type = String, format = Date, required = true, example = "2027-07-05")]
    date: Option<Date>,
    /// No entry is closed.
    #[schema(required = true, nullable = false, max_items = 20)]
    hours: Option<Vec<DayHoursBody>>,
    /// Why, for those who run the calendar; patients never see it.
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    reason: Option<String>,
}

/// A change of one doctor's hours: exactly one of the members.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DoctorChangeDraft)]
pub struct DoctorChangeBody {
    /// Away for a while.
    #[schema(nullable = false)]
    time_off: Option<TimeOffDraftBody>,
    /// Other hours on a date.
    #[schema(nullable = false)]
    r#override: Option<DatedHoursBody>,
    /// Another week, the whole of it.
    #[schema(nullable = false)]
    weekly_hours: Option<WeekBody>,
    /// Other breaks of the week, all of them.
    #[schema(nullable = false)]
    breaks: Option<BreaksBody>,
    /// The visit type that is to be booked no more.
    #[schema(value_type = Option<Uuid>, nullable = false)]
    retire_visit_type: Option<VisitTypeId>,
    /// `true`: the doctor is listed and booked no more. Not one's own to do.
    #[schema(nullable = false)]
    deactivate: Option<bool>,
}

/// A change of a clinic's days.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClinicChangeDraft)]
pub struct ClinicChangeBody {
    /// Closed on these dates, for everybody who works there; dates on which it is closed already do not matter.
    #[schema(required = true, nullable = false, min_items = 1, max_items = 100)]
    holidays: Option<Vec<HolidayDraftBody>>,
}

/// What a preview is asked of.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct PreviewBody<C> {
    pub(super) change: Option<C>,
}

/// What is to become of a visit.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ActionWord {
    /// Another time.
    Move,
    /// It does not take place.
    Cancel,
    /// It stays as it is booked.
    Keep,
}

/// A visit, and what is to become of it.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitDecision)]
pub struct DecisionBody {
    #[schema(value_type = Uuid, required = true)]
    appointment_id: Option<AppointmentId>,
    #[schema(inline, required = true, nullable = false)]
    action: Option<ActionWord>,
    /// With `move`: when; the first time that is proposed when left out.
    #[schema(value_type = Option<String>, format = DateTime, nullable = false)]
    to: Option<Instant>,
    /// With `cancel`: why; the patient reads it.
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// What is to become of all other visits.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OtherVisits)]
pub struct OtherwiseBody {
    #[schema(inline, required = true, nullable = false)]
    action: Option<ActionWord>,
    /// With `cancel`: why; the patients read it.
    #[schema(nullable = false, min_length = 1, max_length = 500)]
    reason: Option<String>,
}

/// A change with its visits.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct ApplyBody<C> {
    change: Option<C>,
    #[serde(default)]
    decisions: Vec<DecisionBody>,
    otherwise: Option<OtherwiseBody>,
    plan: Option<String>,
}

/// A preview of a doctor's change.
#[derive(ToSchema)]
#[schema(as = DoctorPreviewDraft)]
#[expect(dead_code, reason = "describes PreviewBody<DoctorChangeBody>")]
pub struct DoctorPreviewSchema {
    change: DoctorChangeBody,
}

/// A preview of a clinic's change.
#[derive(ToSchema)]
#[schema(as = ClinicPreviewDraft)]
#[expect(dead_code, reason = "describes PreviewBody<ClinicChangeBody>")]
pub struct ClinicPreviewSchema {
    change: ClinicChangeBody,
}

/// A doctor's change with its visits.
#[derive(ToSchema)]
#[schema(as = DoctorChangeOrder)]
#[expect(dead_code, reason = "describes ApplyBody<DoctorChangeBody>")]
pub struct DoctorApplySchema {
    change: DoctorChangeBody,
    /// What is to become of single visits.
    #[schema(required = false, max_items = 500)]
    decisions: Vec<DecisionBody>,
    /// What is to become of all others; without it there must be no others.
    #[schema(nullable = false)]
    otherwise: Option<OtherwiseBody>,
    /// Of the preview that you have seen; needed with `override`, `weekly_hours` and `breaks`.
    #[schema(nullable = false, max_length = 64)]
    plan: Option<String>,
}

/// A clinic's change with its visits.
#[derive(ToSchema)]
#[schema(as = ClinicChangeOrder)]
#[expect(dead_code, reason = "describes ApplyBody<ClinicChangeBody>")]
pub struct ClinicApplySchema {
    change: ClinicChangeBody,
    /// What is to become of single visits.
    #[schema(required = false, max_items = 500)]
    decisions: Vec<DecisionBody>,
    /// What is to become of all others; without it there must be no others.
    #[schema(nullable = false)]
    otherwise: Option<OtherwiseBody>,
    /// Of the preview that you have seen.
    #[schema(nullable = false, max_length = 64)]
    plan: Option<String>,
}

fn required(field: &str) -> FieldError {
    FieldError::new(field, "required", "is required")
}

/// A change as it is sent.
pub(super) trait Draft {
    /// What is wanted, or what is wrong with its shape.
    fn wanted(self) -> Result<Wanted, Vec<FieldError>>;
}

impl Draft for DoctorChangeBody {
    fn wanted(self) -> Result<Wanted, Vec<FieldError>> {
        let mut wanted = Vec::new();
        if let Some(off) = self.time_off {
            let (starts_at, ends_at) = (off.starts_at.map(|at| at.0), off.ends_at.map(|at| at.0));
            wanted.push(Wanted::TimeOff { starts_at, ends_at });
        }
        if let Some(day) = self.r#override {
            let missing = [("date", day.date.is_none()), ("hours", day.hours.is_none())];
            let missing: Vec<FieldError> = missing
                .iter()
                .filter(|(_, missing)| *missing)
                .map(|(field, _)| required(&format!("change.override.{field}")))
                .collect();
            let (Some(date), Some(hours)) = (day.date, day.hours) else { return Err(missing) };
            let hours = hours.into_iter().map(Into::into).collect();
            wanted.push(Wanted::Override { date, hours, reason: day.reason });
        }
        if let Some(week) = self.weekly_hours {
            let Some(hours) = week.hours else { return Err(vec![required("change.weekly_hours.hours")]) };
            wanted.push(Wanted::WeeklyHours { hours: hours.into_iter().map(Into::into).collect() });
        }
        if let Some(breaks) = self.breaks {
            let Some(breaks) = breaks.breaks else { return Err(vec![required("change.breaks.breaks")]) };
            wanted.push(Wanted::Breaks { breaks: breaks.into_iter().map(Into::into).collect() });
        }
        wanted.extend(self.retire_visit_type.map(|id| Wanted::RetireVisitType { id }));
        match self.deactivate {
            Some(true) => wanted.push(Wanted::Deactivate),
            Some(false) => return Err(vec![FieldError::new("change.deactivate", "value", "must be true")]),
            None => {}
        }
        match (wanted.pop(), wanted.is_empty()) {
            (Some(wanted), true) => Ok(wanted),
            _ => Err(vec![FieldError::new("change", "one-of", "must have exactly one member")]),
        }
    }
}

impl Draft for ClinicChangeBody {
    fn wanted(self) -> Result<Wanted, Vec<FieldError>> {
        let Some(holidays) = self.holidays else { return Err(vec![required("change.holidays")]) };
        let day = |day: HolidayDraftBody| WantedHoliday { date: day.date, name: day.name.unwrap_or_default() };
        Ok(Wanted::Holidays(holidays.into_iter().map(day).collect()))
    }
}

impl<C: Draft> PreviewBody<C> {
    pub(super) fn wanted(self) -> Result<Wanted, Problem> {
        let Some(change) = self.change else { return Err(Problem::invalid(vec![required("change")])) };
        change.wanted().map_err(Problem::invalid)
    }
}

impl<C: Draft> ApplyBody<C> {
    pub(super) fn changing(self) -> Result<Changing, Problem> {
        let mut faults = Vec::new();
        let wanted = match self.change {
            None => Err(vec![required("change")]),
            Some(change) => change.wanted(),
        };
        let mut decisions: Vec<(AppointmentId, Decision)> = Vec::new();
        for (at, body) in self.decisions.into_iter().enumerate() {
            let path = format!("decisions[{at}]");
            let decided = decision(&path, body.action, body.to, body.reason, &mut faults);
            match body.appointment_id {
                None => faults.push(required(&format!("{path}.appointment_id"))),
                Some(id) if decisions.iter().any(|(known, _)| *known == id) => {
                    faults.push(FieldError::new(format!("{path}.appointment_id"), "duplicate", "is named twice"));
                }
                Some(id) => decisions.extend(decided.map(|decided| (id, decided))),
            }
        }
        let otherwise =
            self.otherwise.and_then(|body| decision("otherwise", body.action, None, body.reason, &mut faults));
        match wanted {
            Ok(wanted) if faults.is_empty() => Ok(Changing { wanted, decisions, otherwise, plan: self.plan }),
            Ok(_) => Err(Problem::invalid(faults)),
            Err(wrong) => Err(Problem::invalid(wrong.into_iter().chain(faults).collect())),
        }
    }
}

fn decision(
    path: &str,
    action: Option<ActionWord>,
    to: Option<Instant>,
    reason: Option<String>,
    faults: &mut Vec<FieldError>,
) -> Option<Decision> {
    let Some(action) = action else {
        faults.push(required(&format!("{path}.action")));
        return None;
    };
    if to.is_some() && !matches!(action, ActionWord::Move) {
        faults.push(FieldError::new(format!("{path}.to"), "not-allowed", "goes with move only"));
    }
    if reason.is_some() && !matches!(action, ActionWord::Cancel) {
        faults.push(FieldError::new(format!("{path}.reason"), "not-allowed", "goes with cancel only"));
    }
    match action {
        ActionWord::Move => Some(Decision::Move { to: to.map(|at| at.0) }),
        ActionWord::Keep => Some(Decision::Keep),
        ActionWord::Cancel => {
            let reason = reason.map(|reason| reason.trim().to_owned()).unwrap_or_default();
            if !(1..=REASON).contains(&reason.chars().count()) {
                let message = format!("must have 1 to {REASON} characters");
                faults.push(FieldError::new(format!("{path}.reason"), "length", message));
                return None;
            }
            Some(Decision::Cancel { reason })
        }
    }
}
