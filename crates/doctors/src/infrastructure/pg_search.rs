//! The search over doctors: one statement a page, along the index of its order.

use diesel::prelude::*;
use diesel::result::Error as DieselError;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use jiff::Timestamp;
use jiff_diesel::{Timestamp as DbTimestamp, ToDiesel as _};
use kernel::{ClinicId, DoctorId};
use platform::pg;
use uuid::Uuid;

use super::schema::{city, clinic, doctor, soonest, specialty};
use super::soonest::never;
use crate::application::{Criteria, Listing, Position, Sort, SortKey};
use crate::domain::VisitMode;

#[derive(Queryable, Selectable)]
#[diesel(table_name = doctor)]
struct Profile {
    id: Uuid,
    clinic_id: Uuid,
    first_name: String,
    last_name: String,
    address: String,
    consultation_price: i32,
    profile_image_url: Option<String>,
    rating: i16,
    years_experience: i16,
    bio: String,
    languages: Vec<String>,
    offers_in_person: bool,
    offers_video: bool,
    version: i32,
    created_at: DbTimestamp,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = soonest)]
struct First {
    soonest_at: DbTimestamp,
    valid_until: DbTimestamp,
    weekdays: i16,
}

type Row = (Profile, First, String, (String, String), String);

/// A listing, and until when its first free time is right.
pub(super) struct Found {
    pub(super) listing: Listing,
    pub(super) valid_until: Timestamp,
    soonest_at: Timestamp,
}

impl Found {
    fn new((profile, first, specialty, (city, state), time_zone): Row) -> Self {
        let soonest_at = first.soonest_at.to_jiff();
        let listing = Listing {
            id: DoctorId::from_uuid(profile.id),
            clinic: ClinicId::from_uuid(profile.clinic_id),
            first_name: profile.first_name,
            last_name: profile.last_name,
            specialty,
            city,
            state,
            address: profile.address,
            consultation_price: profile.consultation_price,
            profile_image_url: profile.profile_image_url,
            rating: profile.rating,
            years_experience: profile.years_experience,
            bio: profile.bio,
            languages: profile.languages,
            in_person: profile.offers_in_person,
            video: profile.offers_video,
            weekdays: first.weekdays,
            next_available_at: (soonest_at < never()).then_some(soonest_at),
            time_zone,
            version: profile.version,
            created_at: profile.created_at.to_jiff(),
        };
        Self { listing, valid_until: first.valid_until.to_jiff(), soonest_at }
    }

    /// Where this entry stands in a list.
    pub(super) fn position(&self, sort: Sort) -> Position<SortKey> {
        let key = match sort {
            Sort::Rating => SortKey::Rating(self.listing.rating),
            Sort::Price => SortKey::Price(self.listing.consultation_price),
            Sort::Experience => SortKey::Experience(self.listing.years_experience),
            Sort::Soonest => SortKey::Soonest(self.soonest_at),
        };
        Position { key, id: self.listing.id.as_uuid() }
    }
}

/// Doctors with their first free time and the names of what they refer to. A macro, because the type of the
/// join is a page long and nobody's concern.
macro_rules! listings {
    () => {
        doctor::table
            .inner_join(soonest::table.on(soonest::doctor_id.eq(doctor::id)))
            .inner_join(specialty::table.on(specialty::slug.eq(doctor::specialty)))
            .inner_join(city::table.on(city::slug.eq(doctor::city)))
            .inner_join(clinic::table.on(clinic::id.eq(doctor::clinic_id)))
            .filter(doctor::active)
            .select((
                Profile::as_select(),
                First::as_select(),
                specialty::name,
                (city::name, city::state),
                clinic::time_zone,
            ))
    };
}

/// One active doctor.
pub(super) async fn one(mut conn: &AsyncPgConnection, id: DoctorId) -> Result<Option<Found>, DieselError> {
    let row: Option<Row> = listings!().filter(doctor::id.eq(id.as_uuid())).first(&mut conn).await.optional()?;
    Ok(row.map(Found::new))
}

/// Is one plan good for all values? The index of the order leads to a page, however many a specialty or a city has,
/// but past all doctors when the other filters let few of them through.
pub(super) fn planned_once(criteria: &Criteria) -> bool {
    criteria.words.is_empty()
        && criteria.language.is_none()
        && criteria.max_price.is_none()
        && criteria.available_from.is_none()
        && criteria.available_to.is_none()
}

/// The page that is asked for, and one entry more. A macro too: the query may be over more or fewer tables.
macro_rules! narrowed {
    ($all:expr, $criteria:expr) => {{
        let (mut query, criteria): (_, &Criteria) = ($all.into_boxed(), $criteria);
        // The index of the order begins with the filters, so each order filters on the table its index is on.
        let by_soonest = criteria.sort == Sort::Soonest;
        if let Some(slug) = &criteria.specialty {
            query = if by_soonest {
                query.filter(soonest::specialty.eq(slug))
            } else {
                query.filter(doctor::specialty.eq(slug))
            };
        }
        if let Some(slug) = &criteria.city {
            query = if by_soonest { query.filter(soonest::city.eq(slug)) } else { query.filter(doctor::city.eq(slug)) };
        }
        for word in &criteria.words {
            query = query.filter(doctor::search_text.like(containing(word)));
        }
        if let Some(language) = &criteria.language {
            query = query.filter(doctor::languages.contains(vec![language.clone()]));
        }
        query = match criteria.mode {
            Some(VisitMode::InPerson) => query.filter(doctor::offers_in_person),
            Some(VisitMode::Video) => query.filter(doctor::offers_video),
            None => query,
        };
        if let Some(price) = criteria.max_price {
            query = query.filter(doctor::consultation_price.le(price));
        }
        if let Some(date) = criteria.available_from {
            query = query.filter(soonest::local_date.ge(date.to_diesel()));
        }
        if let Some(date) = criteria.available_to {
            query = query.filter(soonest::local_date.le(date.to_diesel()));
        }
        if criteria.available_from.is_some() || criteria.available_to.is_some() {
            query = query.filter(soonest::soonest_at.lt(never().to_diesel()));
        }
        // `key <= k AND (key < k OR id > i)`: the first half is what the index can start from.
        if let Some(Position { key, id }) = criteria.after {
            query = match key {
                SortKey::Rating(k) => {
                    query.filter(doctor::rating.le(k).and(doctor::rating.lt(k).or(doctor::id.gt(id))))
                }
                SortKey::Experience(k) => query
                    .filter(doctor::years_experience.le(k).and(doctor::years_experience.lt(k).or(doctor::id.gt(id)))),
                SortKey::Price(k) => query.filter(
                    doctor::consultation_price.ge(k).and(doctor::consultation_price.gt(k).or(doctor::id.gt(id))),
                ),
                SortKey::Soonest(k) => {
                    let k = k.to_diesel();
                    query.filter(soonest::soonest_at.ge(k).and(soonest::soonest_at.gt(k).or(soonest::doctor_id.gt(id))))
                }
            };
        }
        query = match criteria.sort {
            Sort::Rating => query.order((doctor::rating.desc(), doctor::id)),
            Sort::Price => query.order((doctor::consultation_price, doctor::id)),
            Sort::Experience => query.order((doctor::years_experience.desc(), doctor::id)),
            Sort::Soonest => query.order((soonest::soonest_at, soonest::doctor_id)),
        };
        query.limit(i64::from(criteria.limit) + 1)
    }};
}

/// A page and one entry more, when there is one.
pub(super) async fn page(mut conn: &AsyncPgConnection, criteria: &Criteria) -> Result<Vec<Found>, DieselError> {
    let rows: Vec<Row> = narrowed!(listings!(), criteria).load(&mut conn).await?;
    Ok(rows.into_iter().map(Found::new).collect())
}

/// [`page`] for criteria that need a plan of their own, inside a transaction: the doctors first, what is shown of
/// them second, because planning the small statement costs a fifth of planning the whole.
pub(super) async fn page_by_value(
    conn: &mut AsyncPgConnection,
    criteria: &Criteria,
) -> Result<Vec<Found>, DieselError> {
    pg::plan_by_value(conn).await?;
    let doctors = doctor::table
        .inner_join(soonest::table.on(soonest::doctor_id.eq(doctor::id)))
        .filter(doctor::active)
        .select(doctor::id);
    let ids: Vec<Uuid> = narrowed!(doctors, criteria).load(conn).await?;
    pg::plan_once(conn).await?;
    let rows: Vec<Row> = listings!().filter(doctor::id.eq_any(&ids)).load(conn).await?;
    let mut found: Vec<Found> = rows.into_iter().map(Found::new).collect();
    found.sort_by_key(|entry| ids.iter().position(|id| *id == entry.listing.id.as_uuid()));
    Ok(found)
}

/// A LIKE pattern in which the client's own wildcards are plain characters.
fn containing(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for c in word.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clients_wildcards_are_plain_characters() {
        assert_eq!(containing("50%_a\\b"), "%50\\%\\_a\\\\b%");
    }
}
