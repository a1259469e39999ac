//! The waitlist as JSON.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use kernel::{AppointmentId, DoctorId, PatientId, VisitTypeId};
use platform::http::{FieldError, Problem, in_zone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::relatives::{Day, utc};
use crate::application::{EntryView, Wish};
use crate::domain::{DAY, WaitlistEntry, WaitlistOffer, Wanted, Weekdays, Window};

const NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A day of the week by its English name.
#[derive(Debug, Clone, Copy)]
struct DayName(Weekday);

impl Serialize for DayName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(name_of(self.0))
    }
}

fn name_of(day: Weekday) -> &'static str {
    usize::try_from(day.to_monday_zero_offset()).ok().and_then(|place| NAMES.get(place)).copied().unwrap_or_default()
}

impl<'de> Deserialize<'de> for DayName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let place = NAMES.iter().position(|known| *known == name).and_then(|place| i8::try_from(place).ok());
        let day = place.and_then(|place| Weekday::from_monday_zero_offset(place).ok());
        day.map(Self).ok_or_else(|| serde::de::Error::custom("not a weekday, expected monday … sunday"))
    }
}

/// A minute of the day, `00:00` to `24:00`.
#[derive(Debug, Clone, Copy, Serialize)]
struct TimeOfDay(u16);

impl<'de> Deserialize<'de> for TimeOfDay {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let two = |digits: &str| match digits.as_bytes() {
            [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(u16::from(tens - b'0') * 10 + u16::from(ones - b'0')),
            _ => None,
        };
        let minute = text
            .split_once(':')
            .and_then(|(hour, minute)| Some((two(hour)?, two(minute)?)))
            .filter(|(_, minute)| *minute < 60)
            .map(|(hour, minute)| hour * 60 + minute)
            .filter(|minute| *minute <= DAY);
        minute.map(Self).ok_or_else(|| serde::de::Error::custom("not a time of day, expected 00:00 to 24:00"))
    }
}

fn time_of_day(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// What somebody waits for: a time of `doctor_id`, or of any doctor of `specialty` in `city`.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWaitlistEntry)]
pub struct NewEntryBody {
    /// For whom; for yourself when left out.
    #[schema(nullable = false, value_type = Option<Uuid>)]
    patient_id: Option<PatientId>,
    /// With this doctor.
    #[schema(nullable = false, value_type = Option<Uuid>)]
    doctor_id: Option<DoctorId>,
    /// What for; the doctor's default when left out. Only together with `doctor_id`.
    #[schema(nullable = false, value_type = Option<Uuid>)]
    visit_type_id: Option<VisitTypeId>,
    /// Slug of a specialty, together with `city`: for the default visit type of any doctor there.
    #[validate(length(min = 1, max = 100))]
    #[schema(nullable = false, min_length = 1, max_length = 100, example = "cardiology")]
    specialty: Option<String>,
    /// Slug of a city.
    #[validate(length(min = 1, max = 100))]
    #[schema(nullable = false, min_length = 1, max_length = 100, example = "new-york")]
    city: Option<String>,
    /// The first day, on the clinic's calendar.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, format = Date, example = "2027-03-09")]
    from_date: Option<Day>,
    /// The last day, at most 180 days in all.
    #[validate(required)]
    #[schema(required = true, nullable = false, value_type = Option<String>, format = Date, example = "2027-03-31")]
    to_date: Option<Day>,
    /// On these days of the week; on all when left out.
    #[validate(length(min = 1, max = 7))]
    #[schema(nullable = false, value_type = Option<Vec<String>>, min_items = 1, max_items = 7, example = json!(["monday", "wednesday"]))]
    weekdays: Option<Vec<DayName>>,
    /// The visit begins then or later, by the clinic's clock.
    #[schema(nullable = false, value_type = Option<String>, example = "09:00")]
    from_time: Option<TimeOfDay>,
    /// The visit has ended by then; `24:00` is midnight.
    #[schema(nullable = false, value_type = Option<String>, example = "12:00")]
    to_time: Option<TimeOfDay>,
}

impl NewEntryBody {
    /// What is wished for.
    ///
    /// # Errors
    /// 422 where it is not one doctor or one place.
    pub(super) fn into_wish(self) -> Result<Wish, Problem> {
        let wrong =
            |field: &str, code: &str, message: &str| Err(Problem::invalid(vec![FieldError::new(field, code, message)]));
        let either = "either doctor_id, or specialty and city";
        let wanted = match (self.doctor_id, self.specialty, self.city) {
            (Some(doctor), None, None) => Wanted::Doctor { doctor, visit_type: self.visit_type_id },
            (Some(_), Some(_), _) => return wrong("specialty", "either-or", either),
            (Some(_), None, Some(_)) => return wrong("city", "either-or", either),
            (None, _, _) if self.visit_type_id.is_some() => {
                return wrong("visit_type_id", "either-or", "only together with doctor_id");
            }
            (None, Some(specialty), Some(city)) => Wanted::Specialty { specialty, city },
            (None, Some(_), None) => return wrong("city", "required", "is required with specialty"),
            (None, None, Some(_)) => return wrong("specialty", "required", "is required with city"),
            (None, None, None) => return wrong("doctor_id", "required", either),
        };
        // Both days were required where the body was read.
        let (Some(from), Some(to)) = (self.from_date, self.to_date) else {
            return wrong("from_date", "required", "is required");
        };
        let weekdays = self.weekdays.map_or(Weekdays::ALL, |days| Weekdays::of(days.into_iter().map(|day| day.0)));
        let window = Window {
            first_day: from.0,
            last_day: to.0,
            weekdays,
            from_minute: self.from_time.map_or(0, |time| time.0),
            until_minute: self.to_time.map_or(DAY, |time| time.0),
        };
        Ok(Wish { patient: self.patient_id, wanted, window })
    }
}

/// A time that is offered to who waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitlistOffer)]
pub struct OfferBody {
    /// The id the appointment will have.
    id: Uuid,
    entry_id: Uuid,
    doctor_id: Uuid,
    clinic_id: Uuid,
    visit_type_id: Uuid,
    /// With the clinic's offset.
    #[schema(format = DateTime, example = "2027-03-09T09:00:00-05:00")]
    starts_at: String,
    #[schema(format = DateTime, example = "2027-03-09T09:30:00-05:00")]
    ends_at: String,
    #[schema(format = DateTime)]
    offered_at: String,
    /// From then on it is over.
    #[schema(format = DateTime, example = "2027-03-08T12:00:00-05:00")]
    until: String,
    /// `open`, `accepted`, `refused`, `expired` or `withdrawn`.
    #[schema(example = "open")]
    outcome: &'static str,
}

impl OfferBody {
    pub(super) fn new(offer: &WaitlistOffer) -> Self {
        let zone = TimeZone::get(&offer.time_zone).unwrap_or(TimeZone::UTC);
        Self {
            id: AppointmentId::as_uuid(offer.id),
            entry_id: offer.entry.as_uuid(),
            doctor_id: offer.doctor.as_uuid(),
            clinic_id: offer.clinic.as_uuid(),
            visit_type_id: offer.visit_type.as_uuid(),
            starts_at: in_zone(offer.starts_at, &zone),
            ends_at: in_zone(offer.ends_at, &zone),
            offered_at: in_zone(offer.offered_at, &zone),
            until: in_zone(offer.until, &zone),
            outcome: offer.outcome.word(),
        }
    }
}

/// Somebody who waits for a time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitlistEntry)]
pub struct EntryBody {
    pub(super) id: Uuid,
    patient_id: Uuid,
    doctor_id: Option<Uuid>,
    visit_type_id: Option<Uuid>,
    #[schema(example = "cardiology")]
    specialty: Option<String>,
    #[schema(example = "new-york")]
    city: Option<String>,
    #[schema(format = Date, example = "2027-03-09")]
    from_date: String,
    #[schema(format = Date, example = "2027-03-31")]
    to_date: String,
    weekdays: Vec<&'static str>,
    #[schema(example = "09:00")]
    from_time: String,
    #[schema(example = "12:00")]
    to_time: String,
    /// `waiting`, `offered`, `served`, `left` or `lapsed` (its days have passed, or three offers were not answered).
    #[schema(example = "waiting")]
    state: &'static str,
    /// The place in the line: who came first is asked first.
    #[schema(format = DateTime)]
    created_at: String,
    /// The offer that awaits an answer.
    offer: Option<OfferBody>,
}

impl EntryBody {
    pub(super) fn new(entry: &WaitlistEntry, offer: Option<&WaitlistOffer>) -> Self {
        let (doctor, visit_type, place) = match &entry.wanted {
            Wanted::Doctor { doctor, visit_type } => (Some(doctor.as_uuid()), visit_type.map(|id| id.as_uuid()), None),
            Wanted::Specialty { specialty, city } => (None, None, Some((specialty.clone(), city.clone()))),
        };
        let (specialty, city) = place.unzip();
        Self {
            id: entry.id.as_uuid(),
            patient_id: entry.patient.as_uuid(),
            doctor_id: doctor,
            visit_type_id: visit_type,
            specialty,
            city,
            from_date: entry.window.first_day.to_string(),
            to_date: entry.window.last_day.to_string(),
            weekdays: entry.window.weekdays.days().map(name_of).collect(),
            from_time: time_of_day(entry.window.from_minute),
            to_time: time_of_day(entry.window.until_minute),
            state: entry.state.word(),
            created_at: utc(entry.created_at),
            offer: offer.map(OfferBody::new),
        }
    }

    pub(super) fn of(view: &EntryView) -> Self {
        Self::new(&view.entry, view.offer.as_ref())
    }
}
