//! The slice's things as JSON.

use jiff::tz::TimeZone;
use platform::http::in_zone;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::application::{City, Clinic, Listing, Specialty, WeeklyHoursView};
use crate::domain::{Slot, VisitMode, VisitType, WeeklyHours};

/// An amount of money.
#[derive(Debug, Serialize, ToSchema)]
pub struct MoneyBody {
    /// In the smallest unit: cents.
    #[schema(example = 15000, minimum = 0)]
    pub amount: i64,
    /// ISO 4217.
    #[schema(example = "USD")]
    pub currency: &'static str,
}

/// A doctor as the catalogue lists one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Doctor)]
pub struct DoctorBody {
    /// UUIDv7.
    pub id: Uuid,
    /// The clinic the doctor is listed under.
    pub clinic_id: Uuid,
    #[schema(example = "Maria")]
    first_name: String,
    #[schema(example = "Sample")]
    last_name: String,
    #[schema(example = "Cardiology")]
    specialty: String,
    #[schema(example = "Boston")]
    city: String,
    #[schema(example = "MA", min_length = 2, max_length = 2)]
    state: String,
    #[schema(example = "12 Harbor Street")]
    address: String,
    /// Whole US dollars.
    #[schema(example = 150, minimum = 0)]
    consultation_price: i32,
    /// A picture; where there is none, show the initials.
    profile_image_url: Option<String>,
    /// 0–5, two decimals; 0 is "not rated yet".
    #[schema(example = 4.73, minimum = 0, maximum = 5)]
    rating: f64,
    #[schema(example = 12, minimum = 0)]
    years_experience: i16,
    bio: String,
    /// Weekdays with opening hours, Monday first.
    #[schema(example = json!(["monday", "tuesday"]))]
    available_days: Vec<&'static str>,
    /// Language tags (BCP 47).
    #[schema(example = json!(["en", "es"]))]
    languages: Vec<String>,
    /// `in_person`, `video`, or both.
    #[schema(example = json!(["in_person"]))]
    visit_modes: Vec<&'static str>,
    /// IANA zone of the clinic.
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// First free time of the doctor's default visit type, or null when there is none within the horizon.
    #[schema(format = DateTime, example = "2027-03-01T09:00:00-05:00")]
    next_available_at: Option<String>,
    #[schema(format = DateTime)]
    created_at: String,
}

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

impl From<Listing> for DoctorBody {
    fn from(doctor: Listing) -> Self {
        let zone = TimeZone::get(&doctor.time_zone).unwrap_or(TimeZone::UTC);
        let modes = [(doctor.in_person, "in_person"), (doctor.video, "video")];
        Self {
            id: doctor.id.as_uuid(),
            clinic_id: doctor.clinic.as_uuid(),
            first_name: doctor.first_name,
            last_name: doctor.last_name,
            specialty: doctor.specialty,
            city: doctor.city,
            state: doctor.state,
            address: doctor.address,
            consultation_price: doctor.consultation_price,
            profile_image_url: doctor.profile_image_url,
            rating: f64::from(doctor.rating) / 100.0,
            years_experience: doctor.years_experience,
            bio: doctor.bio,
            available_days: (0..)
                .zip(WEEKDAYS)
                .filter(|(bit, _)| doctor.weekdays & (1 << bit) != 0)
                .map(|(_, day)| day)
                .collect(),
            languages: doctor.languages,
            visit_modes: modes.into_iter().filter(|(offered, _)| *offered).map(|(_, mode)| mode).collect(),
            next_available_at: doctor.next_available_at.map(|at| in_zone(at, &zone)),
            created_at: in_zone(doctor.created_at, &zone),
            time_zone: doctor.time_zone,
        }
    }
}

/// A specialty of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Specialty)]
pub struct SpecialtyBody {
    /// For the parameter `specialty` of the search.
    #[schema(example = "cardiology")]
    slug: String,
    #[schema(example = "Cardiology")]
    name: String,
    /// Active doctors.
    #[schema(example = 42, minimum = 0)]
    doctors: i64,
}

impl From<Specialty> for SpecialtyBody {
    fn from(specialty: Specialty) -> Self {
        Self { slug: specialty.slug, name: specialty.name, doctors: specialty.doctors }
    }
}

/// A city of the catalogue.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = City)]
pub struct CityBody {
    /// For the parameter `city` of the search.
    #[schema(example = "boston")]
    slug: String,
    #[schema(example = "Boston")]
    name: String,
    #[schema(example = "MA", min_length = 2, max_length = 2)]
    state: String,
    /// IANA zone.
    #[schema(example = "America/New_York")]
    time_zone: String,
    /// Active doctors.
    #[schema(example = 42, minimum = 0)]
    doctors: i64,
}

impl From<City> for CityBody {
    fn from(city: City) -> Self {
        Self { slug: city.slug, name: city.name, state: city.state, time_zone: city.time_zone, doctors: city.doctors }
    }
}

/// A clinic: organisation and place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Clinic)]
pub struct ClinicBody {
    /// UUIDv7.
    id: Uuid,
    #[schema(example = "Harbor Health Center")]
    name: String,
    #[schema(example = "12 Harbor Street")]
    address: String,
    #[schema(example = "Boston")]
    city: String,
    #[schema(example = "MA", min_length = 2, max_length = 2)]
    state: String,
    /// IANA zone; opening hours are wall-clock times in it.
    #[schema(example = "America/New_York")]
    time_zone: String,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Clinic> for ClinicBody {
    fn from(clinic: Clinic) -> Self {
        let zone = TimeZone::get(&clinic.time_zone).unwrap_or(TimeZone::UTC);
        Self {
            id: clinic.id.as_uuid(),
            name: clinic.name,
            address: clinic.address,
            city: clinic.city,
            state: clinic.state,
            updated_at: in_zone(clinic.updated_at, &zone),
            time_zone: clinic.time_zone,
        }
    }
}

/// Something one can book with a doctor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = VisitType)]
pub struct VisitTypeBody {
    /// UUIDv7.
    id: Uuid,
    clinic_id: Uuid,
    #[schema(example = "Consultation")]
    name: String,
    /// `in_person` or `video`.
    #[schema(example = "in_person")]
    mode: &'static str,
    #[schema(example = 30, minimum = 5, maximum = 240)]
    duration_minutes: u16,
    /// Visits start every so many minutes from the opening time on.
    #[schema(example = 30, minimum = 5, maximum = 240)]
    grid_minutes: u16,
    /// Minutes kept free before a visit.
    #[schema(example = 0, minimum = 0, maximum = 120)]
    buffer_before: u16,
    /// Minutes kept free after a visit.
    #[schema(example = 5, minimum = 0, maximum = 120)]
    buffer_after: u16,
    price: MoneyBody,
    /// May somebody book it whom the doctor does not know yet?
    open_to_new_patients: bool,
    /// Is it the one that is booked when none is named?
    is_default: bool,
    /// The kind of room or device that a visit takes as well; null where it takes none.
    #[schema(example = "ultrasound")]
    resource_kind: Option<String>,
}

impl From<VisitType> for VisitTypeBody {
    fn from(visit_type: VisitType) -> Self {
        Self {
            id: visit_type.id.as_uuid(),
            clinic_id: visit_type.clinic.as_uuid(),
            name: visit_type.name,
            mode: match visit_type.mode {
                VisitMode::InPerson => "in_person",
                VisitMode::Video => "video",
            },
            duration_minutes: visit_type.duration_minutes,
            grid_minutes: visit_type.grid_minutes,
            buffer_before: visit_type.buffer_before,
            buffer_after: visit_type.buffer_after,
            price: MoneyBody { amount: visit_type.price.as_cents(), currency: "USD" },
            open_to_new_patients: visit_type.open_to_new_patients,
            is_default: visit_type.is_default,
            resource_kind: visit_type.resource_kind,
        }
    }
}

/// Repeating opening hours, in wall-clock time of the clinic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WeeklyHours)]
pub struct WeeklyHoursBody {
    clinic_id: Uuid,
    #[schema(example = "monday")]
    weekday: &'static str,
    /// Opening.
    #[schema(example = "09:00")]
    from: String,
    /// Closing; `24:00` is the end of the day.
    #[schema(example = "17:00")]
    to: String,
    /// Only for these visit types; null is for all.
    visit_type_ids: Option<Vec<Uuid>>,
    /// First day they hold.
    #[schema(format = Date)]
    valid_from: Option<String>,
    /// Last day they hold.
    #[schema(format = Date)]
    valid_until: Option<String>,
}

impl From<WeeklyHours> for WeeklyHoursBody {
    fn from(hours: WeeklyHours) -> Self {
        let only = hours.visit_types.map(|only| only.into_iter().map(Into::into).collect());
        WeeklyHoursView {
            clinic: hours.clinic,
            weekday: hours.weekday.to_monday_one_offset().into(),
            from: hours.from,
            to: hours.to,
            visit_types: only,
            valid_from: hours.valid_from,
            valid_until: hours.valid_until,
        }
        .into()
    }
}

impl From<WeeklyHoursView> for WeeklyHoursBody {
    fn from(hours: WeeklyHoursView) -> Self {
        let weekday =
            usize::try_from(hours.weekday - 1).ok().and_then(|day| WEEKDAYS.get(day)).copied().unwrap_or_default();
        Self {
            clinic_id: hours.clinic.as_uuid(),
            weekday,
            from: hours.from.to_string(),
            to: hours.to.to_string(),
            visit_type_ids: hours.visit_types,
            valid_from: hours.valid_from.map(|date| date.to_string()),
            valid_until: hours.valid_until.map(|date| date.to_string()),
        }
    }
}

/// A time one may book now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Slot)]
pub struct SlotBody {
    /// With the clinic's offset.
    #[schema(format = DateTime, example = "2027-03-01T09:00:00-05:00")]
    starts_at: String,
    #[schema(format = DateTime, example = "2027-03-01T09:30:00-05:00")]
    ends_at: String,
    visit_type_id: Uuid,
    clinic_id: Uuid,
}

impl SlotBody {
    pub(super) fn new(slot: &Slot, zone: &TimeZone) -> Self {
        Self {
            starts_at: in_zone(slot.starts_at, zone),
            ends_at: in_zone(slot.ends_at, zone),
            visit_type_id: slot.visit_type.as_uuid(),
            clinic_id: slot.clinic.as_uuid(),
        }
    }
}
