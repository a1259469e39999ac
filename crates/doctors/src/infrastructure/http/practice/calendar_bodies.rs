//! Hours, time off and holidays as they are sent and shown when a practice is run.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{ClinicId, VisitTypeId};
use platform::http::in_zone;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::change_answers::RefusedVisitBody;
use crate::domain::{ClinicHoliday, DayOverride, HoursDraft, OpenHours, TimeOff};

/// An RFC 3339 instant; one without an offset is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(in super::super) struct Instant(pub(in super::super) Timestamp);

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let expected = "not an instant, expected an RFC 3339 instant with an offset";
        // A zone's name behind it would be read over where it contradicts the rest.
        let plain = text.len() > "2027-03-01".len() && !text.contains('[');
        text.parse().ok().filter(|_| plain).map(Self).ok_or_else(|| serde::de::Error::custom(expected))
    }
}

/// Opening hours of a weekday.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WeeklyHoursDraft)]
pub struct WeeklyHoursDraftBody {
    #[schema(value_type = Uuid)]
    clinic_id: Option<ClinicId>,
    /// `monday` … `sunday`.
    #[schema(required = true, nullable = false, example = "monday")]
    weekday: Option<String>,
    #[schema(required = true, nullable = false, example = "09:00", pattern = "^[0-2][0-9]:[0-5][0-9]$")]
    from: Option<String>,
    /// Later than `from`; `24:00` is the end of the day.
    #[schema(required = true, nullable = false, example = "17:00", pattern = "^[0-2][0-9]:[0-5][0-9]$")]
    to: Option<String>,
    /// Only for these visit types of the doctor; null is for all.
    #[schema(value_type = Option<Vec<Uuid>>)]
    visit_type_ids: Option<Vec<VisitTypeId>>,
    /// First day they hold.
    #[schema(format = Date)]
    valid_from: Option<String>,
    /// Last day they hold.
    #[schema(format = Date)]
    valid_until: Option<String>,
}

impl From<WeeklyHoursDraftBody> for HoursDraft {
    fn from(body: WeeklyHoursDraftBody) -> Self {
        Self {
            clinic: body.clinic_id,
            weekday: body.weekday,
            from: body.from,
            to: body.to,
            visit_types: body.visit_type_ids,
            valid_from: body.valid_from,
            valid_until: body.valid_until,
        }
    }
}

/// A whole week.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Week)]
pub struct WeekBody {
    /// All hours, at every clinic; no two of a weekday overlap.
    #[validate(required)]
    #[schema(required = true, nullable = false, max_items = 100)]
    pub(super) hours: Option<Vec<WeeklyHoursDraftBody>>,
}

/// Opening hours of one date.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DayHours)]
pub struct DayHoursBody {
    #[schema(value_type = Uuid)]
    clinic_id: Option<ClinicId>,
    #[schema(required = true, nullable = false, example = "09:00", pattern = "^[0-2][0-9]:[0-5][0-9]$")]
    from: Option<String>,
    /// Later than `from`; `24:00` is the end of the day.
    #[schema(required = true, nullable = false, example = "12:00", pattern = "^[0-2][0-9]:[0-5][0-9]$")]
    to: Option<String>,
}

impl From<DayHoursBody> for HoursDraft {
    fn from(body: DayHoursBody) -> Self {
        Self { clinic: body.clinic_id, from: body.from, to: body.to, ..Self::default() }
    }
}

impl From<&OpenHours> for DayHoursBody {
    fn from(hours: &OpenHours) -> Self {
        Self { clinic_id: Some(hours.clinic), from: Some(hours.from.to_string()), to: Some(hours.to.to_string()) }
    }
}

/// The hours of one date, in place of those of the week at every clinic.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OverrideDraft)]
pub struct OverrideDraftBody {
    /// No entry is closed.
    #[validate(required)]
    #[schema(required = true, nullable = false, max_items = 20)]
    pub(super) hours: Option<Vec<DayHoursBody>>,
    /// Why, for those who run the calendar; patients never see it.
    #[schema(min_length = 1, max_length = 200, example = "Training")]
    pub(super) reason: Option<String>,
}

/// A date with hours of its own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Override)]
pub struct OverrideBody {
    #[schema(format = Date, example = "2027-03-09")]
    date: String,
    /// No entry is closed.
    hours: Vec<DayHoursBody>,
    /// Why, where somebody has said so; only those who run the calendar read it.
    #[schema(example = "Training")]
    reason: Option<String>,
}

impl OverrideBody {
    pub(super) fn new(day: &DayOverride, reason: Option<String>) -> Self {
        Self { date: day.date.to_string(), hours: day.hours.iter().map(Into::into).collect(), reason }
    }
}

/// Time off as one wants it.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TimeOffDraft)]
pub struct TimeOffDraftBody {
    /// With an offset.
    #[schema(value_type = String, format = DateTime, required = true, example = "2027-07-05T00:00:00-04:00")]
    pub(super) starts_at: Option<Instant>,
    /// Does not belong to it; at most a year later.
    #[schema(value_type = String, format = DateTime, required = true, example = "2027-07-19T00:00:00-04:00")]
    pub(super) ends_at: Option<Instant>,
}

/// A span in which the doctor does not work.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TimeOff)]
pub struct TimeOffBody {
    id: Uuid,
    #[schema(format = DateTime)]
    starts_at: String,
    #[schema(format = DateTime)]
    ends_at: String,
}

impl TimeOffBody {
    pub(super) fn new(time_off: &TimeOff, zone: &TimeZone) -> Self {
        Self {
            id: time_off.id.as_uuid(),
            starts_at: in_zone(time_off.span.start, zone),
            ends_at: in_zone(time_off.span.end, zone),
        }
    }
}

/// A holiday as one wants it.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HolidayDraft)]
pub struct HolidayDraftBody {
    /// A date of the clinic's calendar to come.
    #[serde(default, deserialize_with = "super::super::date")]
    #[schema(value_type = String, format = Date, required = true, example = "2027-07-05")]
    pub(super) date: Option<Date>,
    #[schema(required = true, nullable = false, min_length = 1, max_length = 100, example = "Independence Day")]
    pub(super) name: Option<String>,
}

/// A date on which a clinic is closed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Holiday)]
pub struct HolidayBody {
    #[schema(format = Date, example = "2027-07-05")]
    date: String,
    #[schema(example = "Independence Day")]
    name: String,
}

impl From<&ClinicHoliday> for HolidayBody {
    fn from(holiday: &ClinicHoliday) -> Self {
        Self::named(holiday.date, &holiday.name)
    }
}

impl HolidayBody {
    pub(super) fn named(date: Date, name: &str) -> Self {
        Self { date: date.to_string(), name: name.to_owned() }
    }
}

/// A booked visit that a change would leave outside of the hours.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AffectedVisit)]
pub struct AffectedVisitBody {
    pub(super) id: Uuid,
    #[schema(format = DateTime)]
    pub(super) starts_at: String,
    #[schema(format = DateTime)]
    pub(super) ends_at: String,
    pub(super) visit_type_id: Uuid,
}

/// A problem (RFC 9457) that a conflict with what is booked, or with the present state, causes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PracticeConflict)]
pub struct AffectedBody {
    #[schema(example = "/problems/appointments-affected")]
    r#type: String,
    title: String,
    #[schema(example = 409)]
    status: u16,
    detail: String,
    /// `appointments-affected`, `default-visit-type`, `holiday-exists`, `idempotency-in-progress`; with changes of
    /// hours and visits also `nothing-to-change`, `plan-changed`, `visits-refused`, `too-many-visits`,
    /// `rules-changed-since`, `undo-too-late`.
    #[schema(example = "appointments-affected")]
    code: String,
    request_id: String,
    /// With `appointments-affected`: the visits by start, a hundred at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    appointments: Option<Vec<AffectedVisitBody>>,
    /// With `appointments-affected`: how many there are in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1)]
    total: Option<usize>,
    /// With `visits-refused`: the visits that cannot be changed so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refused: Option<Vec<RefusedVisitBody>>,
}
