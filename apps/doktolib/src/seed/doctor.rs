use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::SeedError;
use super::agenda::{Agenda, Window, days, midnight, minutes};
use super::clinic::{Clinic, Specialty};
use super::dice::Dice;
use super::offer::{self, Offer};
use super::words::{self, Words};

pub(super) struct Doctor {
    pub(super) id: Uuid,
    pub(super) specialty: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) address: String,
    /// Whole dollars.
    pub(super) price: i64,
    /// Hundredths.
    pub(super) rating: i64,
    pub(super) years: i64,
    pub(super) bio: String,
    pub(super) languages: Vec<&'static str>,
    pub(super) notice_minutes: i64,
    pub(super) horizon_days: i64,
    pub(super) created_at: Timestamp,
    /// The first one is the default.
    pub(super) offers: Vec<Offer>,
    pub(super) hours: Vec<Hours>,
    pub(super) agenda: Agenda,
    pub(super) time_off: Option<TimeOff>,
}

/// One opening of the week.
pub(super) struct Hours {
    pub(super) id: Uuid,
    /// 1 is Monday.
    pub(super) weekday: usize,
    pub(super) window: Window,
}

pub(super) struct TimeOff {
    pub(super) id: Uuid,
    pub(super) starts_at: Timestamp,
    pub(super) ends_at: Timestamp,
}

impl Doctor {
    pub(super) fn draw(
        dice: &mut Dice,
        words: &Words,
        clinic: &Clinic,
        specialty: &Specialty,
        today: Date,
    ) -> Result<Self, SeedError> {
        let created_at =
            midnight(&clinic.city.zone, today)? - days(dice.between(700, 1400)) + minutes(dice.between(480, 1080));
        let (first_name, last_name) = words.person(dice);
        let years = dice.between(1, 40);
        // Experience costs more, with room for exceptions; the catalogue's prices lie between 80 and 300.
        let price = (80 + years * 3 + dice.between(0, 20) * 5).min(300);
        let bio = words::bio(dice, last_name, &specialty.name, &clinic.city.name, years);
        let id = dice.id(created_at);
        let offers = offer::draw(dice, &specialty.slug, price, created_at);
        let hours = hours(dice, &offers, created_at);
        let mut doctor = Self {
            id,
            specialty: specialty.slug.clone(),
            first_name: first_name.to_owned(),
            last_name: last_name.to_owned(),
            address: format!("{}, Suite {}", clinic.address, dice.between(1, 9) * 100 + dice.between(1, 30)),
            price,
            // The better of two throws: most people only come back to doctors they like.
            rating: dice.between(350, 500).max(dice.between(350, 500)),
            years,
            bio,
            languages: words::languages(dice),
            notice_minutes: *[60, 60, 60, 120, 1440].get(dice.index(5)).unwrap_or(&60),
            horizon_days: if dice.chance(15) { 180 } else { 90 },
            created_at,
            agenda: Agenda::of(&hours),
            offers,
            hours,
            time_off: None,
        };
        doctor.agenda.holidays = clinic.holidays.keys().copied().collect();
        doctor.exceptions(dice, clinic, today)?;
        Ok(doctor)
    }

    pub(super) fn offers_video(&self) -> bool {
        self.offers.iter().any(|offer| offer.video)
    }

    pub(super) fn offers_in_person(&self) -> bool {
        self.offers.iter().any(|offer| !offer.video)
    }

    pub(super) fn search_text(&self) -> String {
        doctors::domain::search_text(&format!("{} {} {}", self.first_name, self.last_name, self.bio))
    }

    /// Opens `date` for one day where the week does not; a seeding on a Sunday has visits of the day too.
    pub(super) fn open_on(&mut self, date: Date) {
        if self.agenda.on(date).is_empty() {
            let open = |from, to| Window { from, to, only: None };
            self.agenda.overrides.insert(date, vec![open(9 * 60, 12 * 60), open(13 * 60, 17 * 60)]);
        }
    }

    /// Some have a day with other hours or none in the coming weeks, some a holiday.
    fn exceptions(&mut self, dice: &mut Dice, clinic: &Clinic, today: Date) -> Result<(), SeedError> {
        if dice.chance(20) {
            let on = today.checked_add(dice.between(1, 28).days())?;
            let from = dice.between(16, 20);
            let shorter = Window { from: minute(from * 30), to: minute((from + 8) * 30), only: None };
            let closed = dice.chance(50) && !self.agenda.usual(on).is_empty();
            self.agenda.overrides.insert(on, if closed { Vec::new() } else { vec![shorter] });
        }
        if dice.chance(15) {
            let first = today.checked_add(dice.between(3, 45).days())?;
            let last = first.checked_add(dice.between(1, 11).days())?;
            self.agenda.away = Some((first, last));
            self.time_off = Some(TimeOff {
                id: dice.id(self.created_at),
                starts_at: midnight(&clinic.city.zone, first)?,
                ends_at: midnight(&clinic.city.zone, last.tomorrow()?)?,
            });
        }
        Ok(())
    }
}

impl Agenda {
    /// An agenda of nothing but these weekly hours.
    pub(super) fn of(hours: &[Hours]) -> Self {
        let mut agenda = Self::default();
        for opening in hours {
            agenda.week[(opening.weekday + 6) % 7].push(opening.window);
        }
        agenda
    }
}

/// A week with a lunch break: Monday to Friday or a day less, some with an evening or a Saturday morning.
fn hours(dice: &mut Dice, offers: &[Offer], at: Timestamp) -> Vec<Hours> {
    let (opens, closes) = (dice.between(16, 18) * 30, dice.between(34, 36) * 30);
    let lunch_ends = dice.between(26, 27) * 30;
    let day_off = if dice.chance(25) { dice.between(1, 5) } else { 0 };
    let evening = if dice.chance(25) { dice.between(1, 5) } else { 0 };
    let saturday = dice.chance(20);
    // The evening of some is for the screen alone.
    let evening_video = dice.chance(40);
    let video = offers.iter().position(|offer| offer.video).filter(|_| evening_video);
    let mut openings = Vec::new();
    for weekday in (1..=5).filter(|day| *day != day_off) {
        openings.push((weekday, opens, 12 * 60, None));
        openings.push((weekday, lunch_ends, closes, None));
        if weekday == evening {
            openings.push((weekday, 18 * 60 + 30, 20 * 60 + 30, video));
        }
    }
    if saturday {
        openings.push((6, 9 * 60, 13 * 60, None));
    }
    let hours = openings.into_iter().map(|(weekday, from, to, only)| Hours {
        id: dice.id(at),
        weekday: usize::try_from(weekday).unwrap_or(1),
        window: Window { from: minute(from), to: minute(to), only },
    });
    hours.collect()
}

fn minute(of_day: i64) -> i16 {
    i16::try_from(of_day).unwrap_or(0)
}
