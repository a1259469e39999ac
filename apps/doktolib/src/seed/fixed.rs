//! The set of `docs/test-data.md`: nothing is drawn, every id can be worked out by hand.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use uuid::Uuid;

use super::SeedError;
use super::agenda::{Agenda, Window, instant, minutes};
use super::clinic::{City, Clinic};
use super::doctor::{Doctor, Hours};
use super::offer::Offer;
use super::patient::Patient;
use super::placing::{Period, Place};
use super::prescription;
use super::rows::Batch;
use super::visit::{Status, Visit};

/// 2026-06-01T12:00:00Z: when clinics, doctors and patients came.
pub(super) const ENTERED: Timestamp = Timestamp::constant(1_780_315_200, 0);
/// 2026-10-01T12:00:00Z: when all visits were booked.
const BOOKED: Timestamp = Timestamp::constant(1_790_856_000, 0);
/// 2026-11-01T12:00:00Z: when the cancelled ones were cancelled.
const CANCELLED: Timestamp = Timestamp::constant(1_793_534_400, 0);

const FIRST_MONDAY: Date = date(2027, 3, 1);
/// Monday, Wednesday, Thursday, Friday; Tuesdays are free.
const BUSY_DAYS: [u8; 4] = [1, 3, 4, 5];
/// The visits of a busy day begin on these hours.
const BUSY_HOURS: [u8; 6] = [9, 10, 11, 13, 14, 15];
const PATIENTS_PER_DOCTOR: u64 = 4;

pub(super) struct Person {
    pub(super) name: (&'static str, &'static str),
    specialty: &'static str,
    /// Index of the clinic.
    pub(super) clinic: usize,
    price: i64,
    rating: i64,
    years: i64,
    languages: &'static [&'static str],
    video: bool,
    bio: &'static str,
}

pub(super) const DOCTORS: [Person; 5] = [
    Person {
        name: ("Amara", "Okafor"),
        specialty: "cardiology",
        clinic: 0,
        price: 220,
        rating: 490,
        years: 18,
        languages: &["en", "fr"],
        video: true,
        bio: "Dr. Okafor listens to hearts and to their owners.",
    },
    Person {
        name: ("Daniel", "Reyes"),
        specialty: "dermatology",
        clinic: 0,
        price: 180,
        rating: 472,
        years: 11,
        languages: &["en", "es"],
        video: true,
        bio: "Dr. Reyes looks closely and explains plainly.",
    },
    Person {
        name: ("Hannah", "Lindqvist"),
        specialty: "pediatrics",
        clinic: 0,
        price: 150,
        rating: 481,
        years: 7,
        languages: &["en"],
        video: false,
        bio: "Dr. Lindqvist has a drawer full of stickers.",
    },
    Person {
        name: ("Wei", "Zhang"),
        specialty: "family-medicine",
        clinic: 1,
        price: 120,
        rating: 455,
        years: 22,
        languages: &["en", "zh"],
        video: true,
        bio: "Dr. Zhang has known some families for three generations.",
    },
    Person {
        name: ("Sofía", "Núñez"),
        specialty: "psychiatry",
        clinic: 1,
        price: 260,
        rating: 467,
        years: 30,
        languages: &["en", "es", "pt"],
        video: true,
        bio: "Dr. Núñez takes time, also at a café table.",
    },
];

/// Name and address; the fourth shares the address of the third, as a child does.
pub(super) const PATIENTS: [(&str, &str); 20] = [
    ("Alice Baker", "alice.baker@example.com"),
    ("Omar Haddad", "omar.haddad@example.com"),
    ("Elena Petrov", "elena.petrov@example.com"),
    ("Mila Petrov", "elena.petrov@example.com"),
    ("Kofi Mensah", "kofi.mensah@example.com"),
    ("Grace Murphy", "grace.murphy@example.com"),
    ("Hiroshi Tanaka", "hiroshi.tanaka@example.com"),
    ("Lucía Ortega", "lucia.ortega@example.com"),
    ("Noah Fischer", "noah.fischer@example.org"),
    ("Priya Nair", "priya.nair@example.org"),
    ("Samuel Begay", "samuel.begay@example.org"),
    ("Zoë Laurent", "zoe.laurent@example.org"),
    ("Ivan Sokolov", "ivan.sokolov@example.org"),
    ("Leila Ahmadi", "leila.ahmadi@example.org"),
    ("Marcus Greene", "marcus.greene@example.org"),
    ("Thandiwe Moyo", "thandiwe.moyo@example.net"),
    ("Björn Karlsson", "bjorn.karlsson@example.net"),
    ("Camila Rojas", "camila.rojas@example.net"),
    ("Linh Tran", "linh.tran@example.net"),
    ("Ruth Cohen", "ruth.cohen@example.net"),
];

pub(super) fn fill(batch: &mut Batch) -> Result<(), SeedError> {
    let clinics = [
        clinic(1, "Harbor Health Center", "12 Ferry Street", ["new-york", "New York", "NY", "America/New_York"])?,
        clinic(
            2,
            "Sunrise Medical Group",
            "480 Magnolia Street",
            ["los-angeles", "Los Angeles", "CA", "America/Los_Angeles"],
        )?,
    ];
    for clinic in &clinics {
        batch.clinic(clinic);
    }
    for (number, (name, email)) in (1..).zip(PATIENTS) {
        batch.patient(&Patient::new(id(0xb, number), name.to_owned(), email.to_owned(), ENTERED));
        // The fourth is a child whom the user of the third looks after.
        let (user, relation) = if number == 4 { (3, "child") } else { (number, "self") };
        batch.caretaker(id(0x9, 100 + user), id(0xb, number), relation, ENTERED);
    }
    for (number, person) in (1..).zip(DOCTORS) {
        let clinic = &clinics[person.clinic];
        let doctor = doctor(number, &person, clinic);
        batch.doctor(clinic, &doctor);
        // The four patients of the doctor take turns.
        let patients = (0..PATIENTS_PER_DOCTOR).map(|turn| u64::from(number - 1) * PATIENTS_PER_DOCTOR + turn + 1);
        for (time, patient) in busy_times().zip(patients.cycle()) {
            if let Some(visit) = visit(number, clinic, time, patient)? {
                batch.visit(clinic, &doctor, &visit);
                prescribe(batch, clinic, &doctor, &visit, (number, time));
            }
        }
    }
    Ok(())
}

/// Week, weekday and hour of every visit of a doctor.
fn busy_times() -> impl Iterator<Item = (u8, u8, u8)> {
    [1, 2].into_iter().flat_map(|week| {
        BUSY_DAYS.into_iter().flat_map(move |day| BUSY_HOURS.into_iter().map(move |hour| (week, day, hour)))
    })
}

/// An id that reads like its number: the last twelve digits are the kind and then the number in decimal.
pub(super) fn id(kind: u128, number: u64) -> Uuid {
    let digits = (0..11).map(|place| u128::from(number / 10_u64.pow(place) % 10) << (4 * place)).sum::<u128>();
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | kind << 44 | digits)
}

fn clinic(number: u64, name: &str, address: &str, [slug, city, state, zone]: [&str; 4]) -> Result<Clinic, SeedError> {
    Ok(Clinic {
        id: id(0xc, number),
        name: name.to_owned(),
        address: address.to_owned(),
        city: City::new(slug.to_owned(), city.to_owned(), state.to_owned(), zone.to_owned())?,
        holidays: BTreeMap::from([(date(2027, 5, 31), "Memorial Day")]),
        created_at: ENTERED,
    })
}

fn doctor(number: u8, person: &Person, clinic: &Clinic) -> Doctor {
    let number = u64::from(number);
    let offer = |place: u64, name, video, duration, price: i64| Offer {
        id: id(0xe, number * 10 + place),
        name,
        video,
        duration,
        grid: duration,
        before: 0,
        after: 0,
        price_cents: price * 100,
        open_to_new_patients: true,
        created_at: ENTERED,
        resource_kind: None,
    };
    let mut offers = vec![
        offer(1, "Consultation", false, 30, person.price),
        Offer { open_to_new_patients: false, ..offer(2, "Follow-up", false, 15, person.price / 2) },
    ];
    if person.video {
        offers.push(Offer { after: 5, ..offer(3, "Video consultation", true, 30, person.price - 20) });
    }
    let mut hours = Vec::new();
    for weekday in 1..=5_u8 {
        for (half, from, to) in [(1, 9 * 60, 12 * 60), (2, 13 * 60, 18 * 60)] {
            hours.push(Hours {
                id: id(0xf, number * 100 + u64::from(weekday) * 10 + half),
                weekday: weekday.into(),
                window: Window { from, to, only: None },
            });
        }
    }
    Doctor {
        id: id(0xd, number),
        specialty: person.specialty.to_owned(),
        first_name: person.name.0.to_owned(),
        last_name: person.name.1.to_owned(),
        address: format!("{}, Suite {number}00", clinic.address),
        price: person.price,
        rating: person.rating,
        years: person.years,
        bio: person.bio.to_owned(),
        languages: person.languages.to_vec(),
        notice_minutes: 60,
        // The days of March 2027 can be booked from 2025 on.
        horizon_days: 730,
        created_at: ENTERED,
        offers,
        agenda: Agenda::of(&hours),
        hours,
        time_off: None,
    }
}

fn visit(
    doctor: u8,
    clinic: &Clinic,
    (week, day, hour): (u8, u8, u8),
    patient: u64,
) -> Result<Option<Visit>, SeedError> {
    let on = FIRST_MONDAY.checked_add((i64::from(week) * 7 + i64::from(day) - 8).days())?;
    // The hours lie far from any change of the clocks, so there is always an instant.
    let Some(starts_at) = instant(&clinic.city.zone, on, i16::from(hour) * 60) else { return Ok(None) };
    let ends_at = starts_at + minutes(30);
    let status = match (week, day, hour) {
        (_, _, 14) => Status::Cancelled,
        (1, 5, 15) => Status::NoShow,
        (1, ..) => Status::Completed,
        _ => Status::Booked,
    };
    let period = if week == 1 { Period::Past } else { Period::Future };
    let number = [doctor, week, day].into_iter().fold(0, |number, digit| number * 10 + u64::from(digit));
    Ok(Some(Visit {
        id: id(0xa, number * 100 + u64::from(hour)),
        place: Place { period, offer: 0, starts_at, ends_at, blocked_from: starts_at, blocked_until: ends_at },
        patient_id: id(0xb, patient),
        status,
        notes: None,
        cancel_reason: (status == Status::Cancelled).then_some("Cannot make it on that day."),
        reminder_sent: matches!(status, Status::Completed | Status::NoShow),
        created_at: BOOKED,
        updated_at: match status {
            Status::Cancelled => CANCELLED,
            Status::Booked | Status::Arrived => BOOKED,
            Status::Completed | Status::NoShow => ends_at,
        },
    }))
}

/// Prescribes something at the completed visits but those at 11:00 and on Friday after 9:00: 13 of a doctor's 19.
fn prescribe(batch: &mut Batch, clinic: &Clinic, doctor: &Doctor, visit: &Visit, at: (u8, (u8, u8, u8))) {
    let (number, (week, day, hour)) = at;
    if visit.status != Status::Completed || hour == 11 || (day == 5 && hour > 9) {
        return;
    }
    let number = [number, week, day].into_iter().fold(0, |number, digit| number * 10 + u64::from(digit));
    let number = number * 100 + u64::from(hour);
    prescription::write(batch, clinic, doctor, visit, [id(0x6, number), id(0x3, number)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_read_like_their_numbers() {
        assert_eq!(id(0xa, 32110).to_string(), "01900000-0000-7000-8000-a00000032110");
        assert_eq!(id(0xd, 5).get_version(), Some(uuid::Version::SortRand));
        assert_eq!(id(0xd, 5).get_variant(), uuid::Variant::RFC4122);
    }

    #[test]
    fn the_instants_are_the_ones_the_document_names() {
        assert_eq!(ENTERED.to_string(), "2026-06-01T12:00:00Z");
        assert_eq!(BOOKED.to_string(), "2026-10-01T12:00:00Z");
        assert_eq!(CANCELLED.to_string(), "2026-11-01T12:00:00Z");
        assert_eq!(crate::seed::TEST_DATA_NOW.to_string(), "2027-03-08T05:00:00Z");
    }
}
