use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClinicId, DoctorId, Interval, PortFailure, ResourceId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::{MinuteOfDay, Rules, VisitMode, VisitType};

/// A doctor as the catalogue lists one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The doctor.
    pub id: DoctorId,
    /// The clinic the doctor is listed under.
    pub clinic: ClinicId,
    /// Given name.
    pub first_name: String,
    /// Family name.
    pub last_name: String,
    /// Name of the specialty, e.g. `Cardiology`.
    pub specialty: String,
    /// Name of the city.
    pub city: String,
    /// Two-letter state.
    pub state: String,
    /// Street and number.
    pub address: String,
    /// Whole US dollars.
    pub consultation_price: i32,
    /// A picture, where there is one.
    pub profile_image_url: Option<String>,
    /// Hundredths: 473 is 4.73.
    pub rating: i16,
    /// In practice since so many years.
    pub years_experience: i16,
    /// About the doctor.
    pub bio: String,
    /// Language tags (BCP 47), e.g. `en`.
    pub languages: Vec<String>,
    /// Can one come to the clinic?
    pub in_person: bool,
    /// Can one meet by video?
    pub video: bool,
    /// Days with weekly hours: bit 0 is Monday.
    pub weekdays: i16,
    /// Start of the first free time of the default visit type.
    pub next_available_at: Option<Timestamp>,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// Grows with every change of the profile.
    pub version: i32,
    /// Since when the doctor is listed.
    pub created_at: Timestamp,
}

/// In what order doctors are listed; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// Best rated first.
    #[default]
    Rating,
    /// Cheapest first.
    Price,
    /// Longest in practice first.
    Experience,
    /// Earliest free time first; who has none comes last.
    Soonest,
}

/// The value a list is ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SortKey {
    /// Of [`Sort::Rating`].
    #[serde(rename = "r")]
    Rating(i16),
    /// Of [`Sort::Price`].
    #[serde(rename = "p")]
    Price(i32),
    /// Of [`Sort::Experience`].
    #[serde(rename = "e")]
    Experience(i16),
    /// Of [`Sort::Soonest`].
    #[serde(rename = "s")]
    Soonest(Timestamp),
}

impl SortKey {
    /// The order it belongs to.
    #[must_use]
    pub const fn sort(self) -> Sort {
        match self {
            Self::Rating(_) => Sort::Rating,
            Self::Price(_) => Sort::Price,
            Self::Experience(_) => Sort::Experience,
            Self::Soonest(_) => Sort::Soonest,
        }
    }
}

/// Where a page ended; the next one begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position<K> {
    /// The last entry's sort value.
    #[serde(rename = "k")]
    pub key: K,
    /// The last entry's id.
    #[serde(rename = "i")]
    pub id: Uuid,
}

/// What a search asks for; everything that is left out does not matter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Criteria {
    /// Slug of the specialty.
    pub specialty: Option<String>,
    /// Slug of the city.
    pub city: Option<String>,
    /// Words that name or bio must hold, normalised like [`crate::domain::search_text`].
    pub words: Vec<String>,
    /// Language tag.
    pub language: Option<String>,
    /// In person or by video.
    pub mode: Option<VisitMode>,
    /// Highest price in whole US dollars.
    pub max_price: Option<i32>,
    /// First free time on or after this date of the clinic.
    pub available_from: Option<Date>,
    /// First free time on or before this date of the clinic.
    pub available_to: Option<Date>,
    /// Order.
    pub sort: Sort,
    /// Where the last page ended.
    pub after: Option<Position<SortKey>>,
    /// Entries of a page.
    pub limit: u32,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T, K> {
    /// The entries.
    pub entries: Vec<T>,
    /// Where the next page begins, when there is one.
    pub next: Option<Position<K>>,
}

/// A specialty of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Specialty {
    /// What a search is given.
    pub slug: String,
    /// What people read.
    pub name: String,
    /// Active doctors.
    pub doctors: i64,
}

/// A city of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    /// What a search is given.
    pub slug: String,
    /// What people read.
    pub name: String,
    /// Two-letter state.
    pub state: String,
    /// IANA zone.
    pub time_zone: String,
    /// Active doctors.
    pub doctors: i64,
}

/// A place where visits happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clinic {
    /// Its id.
    pub id: ClinicId,
    /// Its name.
    pub name: String,
    /// Street and number.
    pub address: String,
    /// Name of the city.
    pub city: String,
    /// Two-letter state.
    pub state: String,
    /// IANA zone; all its hours are read in it.
    pub time_zone: String,
    /// Grows with every change.
    pub version: i32,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Weekly hours as they are listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeeklyHoursView {
    /// Where.
    pub clinic: ClinicId,
    /// 1 Monday … 7 Sunday.
    pub weekday: i16,
    /// Opening.
    pub from: MinuteOfDay,
    /// Closing.
    pub to: MinuteOfDay,
    /// Only for these visit types, or for all.
    pub visit_types: Option<Vec<Uuid>>,
    /// First day they hold.
    pub valid_from: Option<Date>,
    /// Last day they hold.
    pub valid_until: Option<Date>,
}

/// The catalogue as it is read.
#[async_trait]
pub trait DoctorDirectory: Send + Sync {
    /// Active doctors that fit; `next_available_at` is never older than a doctor's last committed change.
    async fn search(&self, criteria: &Criteria, now: Timestamp) -> Result<Page<Listing, SortKey>, PortFailure>;

    /// One active doctor.
    async fn find(&self, id: DoctorId, now: Timestamp) -> Result<Option<Listing>, PortFailure>;

    /// All specialties by name.
    async fn specialties(&self) -> Result<Vec<Specialty>, PortFailure>;

    /// All cities by name.
    async fn cities(&self) -> Result<Vec<City>, PortFailure>;

    /// Active clinics by name, of one city (slug) or of all.
    async fn clinics(
        &self,
        city: Option<&str>,
        after: Option<&Position<String>>,
        limit: u32,
    ) -> Result<Page<Clinic, String>, PortFailure>;

    /// One active clinic.
    async fn clinic(&self, id: ClinicId) -> Result<Option<Clinic>, PortFailure>;

    /// What one can book with an active doctor; `None` when there is no such doctor.
    async fn visit_types(&self, doctor: DoctorId) -> Result<Option<Vec<VisitType>>, PortFailure>;

    /// The weekly hours of an active doctor; `None` when there is no such doctor.
    async fn weekly_hours(&self, doctor: DoctorId) -> Result<Option<Vec<WeeklyHoursView>>, PortFailure>;
}

/// The rules of doctors' time.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait Agendas: Send + Sync {
    /// All rules of one doctor, or `None` when there is no such doctor.
    async fn rules(&self, doctor: DoctorId) -> Result<Option<Rules>, PortFailure>;

    /// All rules of these doctors in one question, in any order; who is unknown is left out.
    async fn rules_of_many(&self, doctors: &[DoctorId]) -> Result<Vec<Rules>, PortFailure>;
}

/// What is taken of several doctors' time, and of rooms and devices; buffers included, in any order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TakenOfMany {
    /// Each stretch with whose time it takes.
    pub doctors: Vec<(DoctorId, Interval)>,
    /// Each stretch with the room or device, whoever has it.
    pub resources: Vec<(ResourceId, Interval)>,
}

/// What takes doctors' time. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait BusyTimes: Send + Sync {
    /// Every stretch within `span` in which the doctor is taken at `now`, buffers included, in any order.
    async fn busy(&self, doctor: DoctorId, span: Interval, now: Timestamp) -> Result<Vec<Interval>, PortFailure>;

    /// The same of several doctors in one question, each stretch with whose time it takes.
    async fn busy_of_many(
        &self,
        doctors: &[DoctorId],
        span: Interval,
        now: Timestamp,
    ) -> Result<Vec<(DoctorId, Interval)>, PortFailure>;

    /// The same of doctors together with rooms and devices, all of it seen at one instant.
    async fn with_resources(
        &self,
        doctors: &[DoctorId],
        resources: &[ResourceId],
        span: Interval,
        now: Timestamp,
    ) -> Result<TakenOfMany, PortFailure>;
}
