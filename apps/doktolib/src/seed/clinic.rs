use std::collections::BTreeMap;

use jiff::civil::{Date, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::SeedError;
use super::agenda::{days, midnight, minutes};
use super::dice::Dice;
use super::words::{self, Words};

/// What the migrations have put into the catalogue tables, in the order of the slugs.
pub(super) struct Catalogue {
    pub(super) specialties: Vec<Specialty>,
    pub(super) cities: Vec<City>,
}

pub(super) struct Specialty {
    pub(super) slug: String,
    pub(super) name: String,
}

#[derive(Clone)]
pub(super) struct City {
    pub(super) slug: String,
    pub(super) name: String,
    pub(super) state: String,
    pub(super) zone_name: String,
    pub(super) zone: TimeZone,
}

impl City {
    pub(super) fn new(slug: String, name: String, state: String, zone_name: String) -> Result<Self, SeedError> {
        match TimeZone::get(&zone_name) {
            Ok(zone) => Ok(Self { slug, name, state, zone_name, zone }),
            Err(source) => Err(SeedError::Zone { name: zone_name, source }),
        }
    }
}

pub(super) struct Clinic {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) address: String,
    pub(super) city: City,
    pub(super) holidays: BTreeMap<Date, &'static str>,
    pub(super) created_at: Timestamp,
}

impl Clinic {
    /// A clinic in `city`, which has been there for some years on `today`.
    pub(super) fn draw(dice: &mut Dice, words: &Words, city: &City, today: Date) -> Result<Self, SeedError> {
        let age = days(dice.between(1500, 2500));
        let created_at = midnight(&city.zone, today)? - age + minutes(dice.between(480, 1080));
        Ok(Self {
            id: dice.id(created_at),
            name: words::clinic(dice),
            address: format!("{} {}", dice.between(1, 9800), dice.pick(&words.streets)),
            city: city.clone(),
            holidays: holidays(dice, today)?,
            created_at,
        })
    }
}

/// The public holidays that a clinic keeps in the year after `today`; never today itself, which would
/// leave a fresh installation without a single visit of the day.
fn holidays(dice: &mut Dice, today: Date) -> Result<BTreeMap<Date, &'static str>, SeedError> {
    let until = today.checked_add(1.year())?;
    let mut kept = BTreeMap::new();
    // Everybody keeps the first four; the others are a clinic's own choice.
    let choice: [bool; 4] = std::array::from_fn(|_| dice.chance(50));
    for year in [today.year(), until.year()] {
        let mut all = vec![
            (date(year, 1, 1), "New Year's Day"),
            (date(year, 7, 4), "Independence Day"),
            (date(year, 11, 1).nth_weekday_of_month(4, Weekday::Thursday)?, "Thanksgiving Day"),
            (date(year, 12, 25), "Christmas Day"),
        ];
        let optional = [
            (date(year, 5, 1).nth_weekday_of_month(-1, Weekday::Monday)?, "Memorial Day"),
            (date(year, 9, 1).nth_weekday_of_month(1, Weekday::Monday)?, "Labor Day"),
            (date(year, 6, 19), "Juneteenth"),
            (date(year, 1, 1).nth_weekday_of_month(3, Weekday::Monday)?, "Martin Luther King Jr. Day"),
        ];
        all.extend(optional.into_iter().zip(choice).filter_map(|(day, kept)| kept.then_some(day)));
        kept.extend(all.into_iter().filter(|(day, _)| today < *day && *day <= until));
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays_fall_on_their_days_and_never_on_the_present_one() {
        let kept = holidays(&mut Dice::new(1, 1), date(2026, 11, 26)).unwrap();
        assert!(!kept.contains_key(&date(2026, 11, 26)), "{kept:?}");
        assert_eq!(kept.get(&date(2026, 12, 25)), Some(&"Christmas Day"));
        assert_eq!(kept.get(&date(2027, 11, 25)), Some(&"Thanksgiving Day"));
        assert!((4..=8).contains(&kept.len()), "{kept:?}");
    }
}
