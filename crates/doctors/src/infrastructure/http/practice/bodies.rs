//! Profiles, clinics and visit types as they are sent and shown when a practice is run.

use jiff::tz::TimeZone;
use kernel::ClinicId;
use platform::http::in_zone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::application::{ClinicRecord, DoctorRecord};
use crate::domain::{ClinicDraft, ProfileDraft, VisitMode, VisitTypeDraft};

/// A doctor's profile as one wants it. What is left out stays as it is.
///
/// A new doctor needs clinic, specialty, names, price, years and languages; the rest has usual values.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DoctorDraft)]
pub struct DoctorDraftBody {
    /// The clinic to be listed under; one of yours.
    #[schema(value_type = Option<Uuid>)]
    clinic_id: Option<ClinicId>,
    /// Name or slug of a specialty of the catalogue. Not one's own to change.
    #[schema(example = "cardiology", max_length = 100)]
    specialty: Option<String>,
    #[schema(example = "Maria", min_length = 1, max_length = 100)]
    first_name: Option<String>,
    #[schema(example = "Sample", min_length = 1, max_length = 100)]
    last_name: Option<String>,
    /// Street and number; a new doctor's is the clinic's when left out.
    #[schema(example = "12 Harbor Street, Suite 3", min_length = 1, max_length = 300)]
    address: Option<String>,
    /// Whole US dollars.
    #[schema(example = 150, minimum = 0, maximum = 100_000)]
    consultation_price: Option<i32>,
    /// A picture at an https address; an empty text takes it away.
    #[schema(example = "https://images.example.org/sample.jpg", max_length = 500)]
    profile_image_url: Option<String>,
    #[schema(example = 12, minimum = 0, maximum = 80)]
    years_experience: Option<i16>,
    #[schema(max_length = 4000)]
    bio: Option<String>,
    /// Language tags (BCP 47).
    #[schema(example = json!(["en", "es"]), min_items = 1, max_items = 20)]
    languages: Option<Vec<String>>,
    /// A visit starts at least so many minutes after it is booked; usually 60.
    #[schema(example = 60, minimum = 0, maximum = 43_200)]
    minimum_notice_minutes: Option<i32>,
    /// A visit is booked at most so many days ahead; usually 90.
    #[schema(example = 90, minimum = 1, maximum = 730)]
    horizon_days: Option<i32>,
    /// So many hours before a visit a patient must say why it is called off, and cannot move it any more; usually 0, which
    /// is never.
    #[schema(example = 24, minimum = 0, maximum = 168)]
    change_cutoff_hours: Option<i32>,
    /// Can the doctor be found and booked? Not one's own to change.
    #[schema(example = true)]
    active: Option<bool>,
}

impl From<DoctorDraftBody> for ProfileDraft {
    fn from(body: DoctorDraftBody) -> Self {
        Self {
            clinic: body.clinic_id,
            specialty: body.specialty,
            first_name: body.first_name,
            last_name: body.last_name,
            address: body.address,
            consultation_price: body.consultation_price,
            profile_image_url: body.profile_image_url,
            years_experience: body.years_experience,
            bio: body.bio,
            languages: body.languages,
            minimum_notice_minutes: body.minimum_notice_minutes,
            horizon_days: body.horizon_days,
            change_cutoff_hours: body.change_cutoff_hours,
            active: body.active,
        }
    }
}

/// A doctor as those see one who run the calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoctorProfile)]
pub struct DoctorProfileBody {
    id: Uuid,
    clinic_id: Uuid,
    /// Slug.
    #[schema(example = "cardiology")]
    specialty: String,
    first_name: String,
    last_name: String,
    address: String,
    /// Whole US dollars.
    consultation_price: i32,
    profile_image_url: Option<String>,
    years_experience: i16,
    bio: String,
    languages: Vec<String>,
    minimum_notice_minutes: i32,
    horizon_days: i32,
    change_cutoff_hours: i32,
    active: bool,
}

impl From<&DoctorRecord> for DoctorProfileBody {
    fn from(doctor: &DoctorRecord) -> Self {
        let profile = doctor.profile.clone();
        Self {
            id: doctor.id.as_uuid(),
            clinic_id: profile.clinic.as_uuid(),
            specialty: profile.specialty,
            first_name: profile.first_name,
            last_name: profile.last_name,
            address: profile.address,
            consultation_price: profile.consultation_price,
            profile_image_url: profile.profile_image_url,
            years_experience: profile.years_experience,
            bio: profile.bio,
            languages: profile.languages,
            minimum_notice_minutes: profile.minimum_notice_minutes,
            horizon_days: profile.horizon_days,
            change_cutoff_hours: profile.change_cutoff_hours,
            active: profile.active,
        }
    }
}

/// A clinic as one wants it. What is left out stays as it is; a new clinic needs name, address and city.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClinicDraft)]
pub struct ClinicDraftBody {
    #[schema(example = "Harbor Health Center", min_length = 1, max_length = 200)]
    name: Option<String>,
    #[schema(example = "12 Harbor Street", min_length = 1, max_length = 300)]
    address: Option<String>,
    /// Name or slug of a city of the catalogue; for administrators.
    #[schema(example = "boston", max_length = 100)]
    city: Option<String>,
    /// IANA zone; the city's when left out; for administrators.
    #[schema(example = "America/New_York", max_length = 64)]
    time_zone: Option<String>,
    /// Does it see patients? For administrators.
    #[schema(example = true)]
    active: Option<bool>,
}

impl From<ClinicDraftBody> for ClinicDraft {
    fn from(body: ClinicDraftBody) -> Self {
        let ClinicDraftBody { name, address, city, time_zone, active } = body;
        Self { name, address, city, time_zone, active }
    }
}

/// A clinic as those see it who run it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ClinicCard)]
pub struct ClinicCardBody {
    id: Uuid,
    name: String,
    address: String,
    /// Slug.
    #[schema(example = "boston")]
    city: String,
    #[schema(example = "MA", min_length = 2, max_length = 2)]
    state: String,
    #[schema(example = "America/New_York")]
    time_zone: String,
    active: bool,
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<&ClinicRecord> for ClinicCardBody {
    fn from(clinic: &ClinicRecord) -> Self {
        let zone = TimeZone::get(&clinic.card.time_zone).unwrap_or(TimeZone::UTC);
        let card = clinic.card.clone();
        Self {
            id: clinic.id.as_uuid(),
            name: card.name,
            address: card.address,
            city: card.city,
            state: card.state,
            time_zone: card.time_zone,
            active: card.active,
            updated_at: in_zone(clinic.updated_at, &zone),
        }
    }
}

/// An amount of money as one wants it.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneyDraft {
    /// In cents.
    #[schema(example = 15000, minimum = 0, maximum = 10_000_000)]
    amount: i64,
    /// ISO 4217; `USD` is the only one there is.
    #[schema(inline)]
    currency: Option<Currency>,
}

/// A currency.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
pub enum Currency {
    /// US dollars.
    #[serde(rename = "USD")]
    Usd,
}

/// How patient and doctor meet.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ModeWord {
    /// At the clinic.
    InPerson,
    /// By video call.
    Video,
}

/// A visit type as one wants it. What is left out stays as it is; a new one needs name, mode, duration and price.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = VisitTypeDraft)]
pub struct VisitTypeDraftBody {
    #[schema(example = "Check-up", min_length = 1, max_length = 120)]
    name: Option<String>,
    #[schema(inline)]
    mode: Option<ModeWord>,
    #[schema(example = 45, minimum = 5, maximum = 240)]
    duration_minutes: Option<u16>,
    /// Visits start every so many minutes from the opening time on; the duration when left out.
    #[schema(example = 15, minimum = 5, maximum = 240)]
    grid_minutes: Option<u16>,
    /// Minutes kept free before a visit.
    #[schema(example = 0, minimum = 0, maximum = 120)]
    buffer_before: Option<u16>,
    /// Minutes kept free after a visit.
    #[schema(example = 5, minimum = 0, maximum = 120)]
    buffer_after: Option<u16>,
    price: Option<MoneyDraft>,
    #[schema(example = true)]
    open_to_new_patients: Option<bool>,
    /// Booked when nobody names a visit type; true takes that from the one before.
    #[schema(example = false)]
    is_default: Option<bool>,
    /// A visit takes such a room or device of the clinic as well; empty for none.
    #[schema(example = "ultrasound", max_length = 40)]
    resource_kind: Option<String>,
}

impl From<VisitTypeDraftBody> for VisitTypeDraft {
    fn from(body: VisitTypeDraftBody) -> Self {
        Self {
            name: body.name,
            mode: body.mode.map(|mode| match mode {
                ModeWord::InPerson => VisitMode::InPerson,
                ModeWord::Video => VisitMode::Video,
            }),
            duration_minutes: body.duration_minutes,
            grid_minutes: body.grid_minutes,
            buffer_before: body.buffer_before,
            buffer_after: body.buffer_after,
            price: body.price.map(|price| price.amount),
            open_to_new_patients: body.open_to_new_patients,
            is_default: body.is_default,
            resource_kind: body.resource_kind.map(|kind| Some(kind).filter(|kind| !kind.is_empty())),
        }
    }
}
