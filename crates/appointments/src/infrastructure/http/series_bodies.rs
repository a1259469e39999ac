//! Series as JSON.

use jiff::tz::TimeZone;
use kernel::{AppointmentId, DoctorId, PatientId, VisitTypeId};
use platform::http::{Problem, in_zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::bodies::{AppointmentBody, FreeSlotBody, Instant};
use super::problems::free_slot;
use super::series_problems::bad_rule;
use crate::application::{SeriesBooking, SeriesDetails, SeriesPlan, SeriesWish, Weighed};

/// A series that somebody wants.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeriesWish)]
pub struct SeriesWishBody {
    /// With whom.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
    /// What; the doctor's default when left out.
    #[schema(nullable = false, value_type = Option<Uuid>)]
    visit_type_id: Option<VisitTypeId>,
    /// For whom; a patient who leaves it out means oneself.
    #[schema(nullable = false, value_type = Option<Uuid>)]
    patient_id: Option<PatientId>,
    /// The first of the dates, with an offset.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, format = DateTime, example = "2027-03-09T09:00:00-05:00")]
    starts_at: Option<Instant>,
    /// How often (RFC 5545): `FREQ` is `DAILY`, `WEEKLY` or `MONTHLY`, with `INTERVAL`, `BYDAY`, `WKST`, in months
    /// `BYMONTHDAY` in place of `BYDAY`, and an end by `COUNT` (52 at most) or `UNTIL`. Its dates follow the clinic's clock.
    #[validate(required, length(min = 1, max = 200))]
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "FREQ=WEEKLY;INTERVAL=2;COUNT=10"
    )]
    rrule: Option<String>,
}

/// A series to be booked.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewSeries)]
pub struct NewSeriesBody {
    /// With whom.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
    /// What; the doctor's default when left out.
    #[schema(nullable = false, value_type = Option<Uuid>)]
    visit_type_id: Option<VisitTypeId>,
    /// For whom; a patient who leaves it out means oneself.
    #[schema(nullable = false, value_type = Option<Uuid>)]
    patient_id: Option<PatientId>,
    /// The first date of the rule, as in the preview.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, format = DateTime, example = "2027-03-09T09:00:00-05:00")]
    starts_at: Option<Instant>,
    /// How often, as in the preview.
    #[validate(required, length(min = 1, max = 200))]
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "FREQ=WEEKLY;INTERVAL=2;COUNT=10"
    )]
    rrule: Option<String>,
    /// What was agreed on in place of the rule's own dates: some left out, some replaced, not more than the rule has.
    /// Without it, every date of the rule is to be booked.
    #[validate(length(min = 1, max = 52))]
    #[schema(nullable = false, value_type = Option<Vec<String>>, min_items = 1, max_items = 52, example = json!(["2027-03-09T09:00:00-05:00", "2027-03-23T09:30:00-04:00"]))]
    occurrences: Option<Vec<Instant>>,
    /// What the doctor should know, at each of the visits.
    #[validate(length(max = 2000))]
    #[schema(nullable = false, max_length = 2000)]
    notes: Option<String>,
}

impl SeriesWishBody {
    pub(super) fn into_wish(self) -> Result<SeriesWish, Problem> {
        let rule = self.rrule.unwrap_or_default().parse().map_err(bad_rule)?;
        // What is required was checked where the body was read.
        let missing = || Problem::invalid(Vec::new());
        Ok(SeriesWish {
            doctor: self.doctor_id.ok_or_else(missing)?,
            visit_type: self.visit_type_id,
            patient: self.patient_id,
            first: self.starts_at.ok_or_else(missing)?.0,
            rule,
        })
    }
}

impl NewSeriesBody {
    pub(super) fn into_booking(self) -> Result<SeriesBooking, Problem> {
        let Self { doctor_id, visit_type_id, patient_id, starts_at, rrule, occurrences, notes } = self;
        let wish = SeriesWishBody { doctor_id, visit_type_id, patient_id, starts_at, rrule };
        Ok(SeriesBooking {
            wish: wish.into_wish()?,
            agreed: occurrences.map(|times| times.into_iter().map(|at| at.0).collect()),
            notes: notes.filter(|notes| !notes.trim().is_empty()),
        })
    }
}

/// From which visit on a series ends.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SeriesCancellation)]
pub struct CancelSeriesBody {
    /// This visit and all of the series after it.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<Uuid>)]
    pub(super) from: Option<AppointmentId>,
    /// Shown to the clinic. Those who run the calendar always say it, patients inside the doctor's cut-off.
    #[validate(length(max = 500))]
    #[schema(nullable = false, max_length = 500, example = "I have recovered")]
    pub(super) reason: Option<String>,
}

/// One date of a series.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Occurrence)]
pub struct OccurrenceBody {
    #[schema(format = DateTime, example = "2027-03-09T09:00:00-05:00")]
    starts_at: String,
    #[schema(format = DateTime, example = "2027-03-09T09:30:00-05:00")]
    ends_at: String,
    /// Can it be booked?
    free: bool,
    /// What stands in the way: a word of `GET /doctors/{id}/slots/explain`, or "patient-busy"; null when it is free.
    #[schema(example = "busy")]
    reason: Option<&'static str>,
    /// Free times near one that is not, three at most: of the same day, or of the next six.
    alternatives: Vec<FreeSlotBody>,
}

/// The dates of a series. All that is free, and all alternatives, can be booked side by side.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SeriesPlan)]
pub struct SeriesPlanBody {
    /// IANA zone whose clock the rule follows.
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// Are all of them free?
    all_free: bool,
    /// By start.
    occurrences: Vec<OccurrenceBody>,
}

impl SeriesPlanBody {
    pub(super) fn new(plan: &SeriesPlan) -> Self {
        let zone = &plan.time_zone;
        let occurrence = |date: &Weighed| OccurrenceBody {
            starts_at: in_zone(date.starts_at, zone),
            ends_at: in_zone(date.ends_at, zone),
            free: date.answer.is_ok(),
            reason: date.answer.as_ref().err().map(|hindered| hindered.word()),
            alternatives: date.alternatives.iter().map(free_slot).collect(),
        };
        Self {
            time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            all_free: plan.dates.iter().all(|date| date.answer.is_ok()),
            occurrences: plan.dates.iter().map(occurrence).collect(),
        }
    }
}

/// Visits that were booked together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Series)]
pub struct SeriesBody {
    /// UUIDv7.
    pub(super) id: Uuid,
    doctor_id: Uuid,
    patient_id: Uuid,
    visit_type_id: Uuid,
    /// As it was asked for; what was agreed on may differ from it.
    #[schema(example = "FREQ=WEEKLY;INTERVAL=2;COUNT=10")]
    rrule: String,
    /// The first date of the rule.
    #[schema(format = DateTime, example = "2027-03-09T09:00:00-05:00")]
    starts_at: String,
    #[schema(format = DateTime)]
    created_at: String,
    /// By start, also those that were cancelled since.
    visits: Vec<AppointmentBody>,
}

impl SeriesBody {
    pub(super) fn new(details: &SeriesDetails, link: impl Fn(AppointmentId) -> Option<String>) -> Self {
        let SeriesDetails { series, visits } = details;
        let zone = TimeZone::get(&series.time_zone).unwrap_or(TimeZone::UTC);
        Self {
            id: series.id.as_uuid(),
            doctor_id: series.doctor.as_uuid(),
            patient_id: series.patient.as_uuid(),
            visit_type_id: series.visit_type.as_uuid(),
            rrule: series.rule.clone(),
            starts_at: in_zone(series.first, &zone),
            created_at: in_zone(series.created_at, &zone),
            visits: visits.iter().map(|visit| AppointmentBody::new(visit, link(visit.appointment.id))).collect(),
        }
    }
}
