use jiff::Timestamp;
use uuid::Uuid;

use super::agenda::{days, midnight, minutes};
use super::clinic::{Catalogue, Clinic};
use super::dice::Dice;
use super::doctor::Doctor;
use super::offer;
use super::patient::Patient;
use super::placing::{Place, Placing};
use super::prescription;
use super::rows::Batch;
use super::visit::{OLDEST_BOOKING, Visit};
use super::words::Words;
use super::{SeedError, SeedOptions};

/// So many clinics, the first ones, have ultrasounds that their doctors share.
const WITH_ULTRASOUND: usize = 2;

/// Makes one clinic after the other, each with its doctors, their patients and visits.
pub(super) struct Generator<'a> {
    options: &'a SeedOptions,
    catalogue: &'a Catalogue,
    words: Words,
    /// How many doctors each clinic has.
    sizes: Vec<u32>,
    /// Indices into the catalogue, in the order in which clinics take cities and doctors specialties.
    cities: Vec<usize>,
    specialties: Vec<usize>,
    dice: Dice,
    next_clinic: usize,
    doctors: usize,
    patients: u64,
}

/// A patient with the visits given to them so far.
struct Booked {
    patient: Patient,
    visits: Vec<(Timestamp, Timestamp)>,
}

impl<'a> Generator<'a> {
    pub(super) fn new(options: &'a SeedOptions, catalogue: &'a Catalogue) -> Result<Self, SeedError> {
        if catalogue.cities.is_empty() || catalogue.specialties.is_empty() {
            return Err(SeedError::NoCatalogue);
        }
        let mut dice = Dice::new(options.seed, 0);
        let sizes = sizes(&mut dice, options.doctors);
        let mut cities: Vec<usize> = (0..catalogue.cities.len()).collect();
        dice.shuffle(&mut cities);
        let specialties = (0..catalogue.specialties.len()).collect();
        Ok(Self {
            options,
            catalogue,
            words: Words::new(),
            sizes,
            cities,
            specialties,
            dice,
            next_clinic: 0,
            doctors: 0,
            patients: 0,
        })
    }

    /// Adds clinics to the batch until it has at least `doctors` more of them; false when there are no more.
    pub(super) fn fill(&mut self, batch: &mut Batch, doctors: usize) -> Result<bool, SeedError> {
        let before = self.doctors;
        while self.doctors - before < doctors && self.next_clinic < self.sizes.len() {
            self.clinic(batch)?;
        }
        Ok(self.doctors > before)
    }

    fn clinic(&mut self, batch: &mut Batch) -> Result<(), SeedError> {
        let index = self.next_clinic;
        self.next_clinic += 1;
        // Dice of its own, so that a clinic is the same however many there are.
        let mut dice = Dice::new(self.options.seed, u64::try_from(index).unwrap_or(0) + 1);
        let city = &self.catalogue.cities[self.cities[index % self.cities.len()]];
        let today = self.options.now.to_zoned(city.zone.clone()).date();
        let day_begins = midnight(&city.zone, today)?;
        let clinic = Clinic::draw(&mut dice, &self.words, city, today)?;
        batch.clinic(&clinic);

        // No agenda of sixteen months holds more; the figure keeps the arithmetic in its bounds.
        let wanted = self.options.appointments_per_doctor.min(20_000);
        let mut places: Vec<(usize, Place)> = Vec::new();
        let mut doctors = Vec::new();
        for _ in 0..self.sizes[index] {
            let specialty = &self.catalogue.specialties[self.next_specialty()];
            let mut doctor = Doctor::draw(&mut dice, &self.words, &clinic, specialty, today)?;
            if Placing::today_share(wanted) > 0 {
                doctor.open_on(today);
            }
            let placing = Placing { zone: &city.zone, agenda: &doctor.agenda, offers: &doctor.offers, today };
            places.extend(placing.places(&mut dice, wanted)?.into_iter().map(|place| (doctors.len(), place)));
            batch.doctor(&clinic, &doctor);
            doctors.push(doctor);
        }
        let patients = self.patients(&mut dice, &places, day_begins);
        for patient in &patients.1 {
            batch.patient(&patient.patient);
        }
        for ((doctor, place), patient) in places.into_iter().zip(patients.0) {
            let visit = Visit::draw(&mut dice, place, patient, day_begins, self.options.now);
            batch.visit(&clinic, &doctors[doctor], &visit);
            prescription::draw(batch, &clinic, &doctors[doctor], &visit);
        }
        if index < WITH_ULTRASOUND {
            // Last, so that it changes nothing else that is drawn.
            for name in ["Ultrasound 1", "Ultrasound 2"] {
                batch.resource(&clinic, dice.id(clinic.created_at), "ultrasound", name);
            }
            for doctor in doctors.iter().filter(|doctor| doctor.offers_in_person()) {
                let offer = offer::ultrasound(&mut dice, doctor.price, doctor.created_at);
                batch.offer(&clinic, doctor, &offer, false);
            }
        }
        Ok(())
    }

    /// Specialties come in rounds, each in an order of its own: all of them before one comes again.
    fn next_specialty(&mut self) -> usize {
        let turn = self.doctors % self.specialties.len();
        if turn == 0 {
            self.dice.shuffle(&mut self.specialties);
        }
        self.doctors += 1;
        self.specialties[turn]
    }

    /// One patient for about five visits, and for each visit one who is free then.
    fn patients(
        &mut self,
        dice: &mut Dice,
        places: &[(usize, Place)],
        day_begins: Timestamp,
    ) -> (Vec<Uuid>, Vec<Booked>) {
        let mut booked: Vec<Booked> = Vec::new();
        for _ in 0..(places.len() + 2) / 5 {
            let patient = self.patient(dice, booked.last().map(|last| &last.patient), day_begins);
            booked.push(patient);
        }
        let mut chosen = Vec::with_capacity(places.len());
        for (_, place) in places {
            let index = match free(dice, &booked, place) {
                Some(index) => index,
                None => {
                    let patient = self.patient(dice, booked.last().map(|last| &last.patient), day_begins);
                    booked.push(patient);
                    booked.len() - 1
                }
            };
            booked[index].visits.push((place.starts_at, place.ends_at));
            chosen.push(booked[index].patient.id);
        }
        (chosen, booked)
    }

    fn patient(&mut self, dice: &mut Dice, before: Option<&Patient>, day_begins: Timestamp) -> Booked {
        self.patients += 1;
        let known_since = day_begins - OLDEST_BOOKING - days(dice.between(1, 280)) - minutes(dice.between(0, 1439));
        let patient = Patient::draw(dice, &self.words, self.patients, before, known_since);
        Booked { patient, visits: Vec::new() }
    }
}

/// Somebody without another visit at that time; of several who are asked at random, first one who has no
/// visit within two hours of it either.
fn free(dice: &mut Dice, booked: &[Booked], place: &Place) -> Option<usize> {
    if booked.is_empty() {
        return None;
    }
    let fits = |index: usize, gap| {
        let (from, until) = (place.starts_at - minutes(gap), place.ends_at + minutes(gap));
        booked[index].visits.iter().all(|(start, end)| *end <= from || until <= *start)
    };
    (0..8)
        .map(|_| dice.index(booked.len()))
        .find(|index| fits(*index, 120))
        .or_else(|| (0..booked.len()).find(|index| fits(*index, 0)))
}

/// One clinic for five doctors: none with fewer than two, as long as there are that many, none with more than nine.
fn sizes(dice: &mut Dice, doctors: u32) -> Vec<u32> {
    let count = ((doctors + 2) / 5).max(1);
    let mut sizes: Vec<u32> = (0..count).map(|index| doctors / count + u32::from(index < doctors % count)).collect();
    for pair in sizes.chunks_exact_mut(2) {
        let moved = u32::try_from(dice.between(0, 3)).unwrap_or(0).min(pair[1].saturating_sub(2));
        pair[0] += moved;
        pair[1] -= moved;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clinics_of_all_sizes_have_every_doctor_between_them() {
        for doctors in (1..60).chain([100, 9_999, 10_000]) {
            let sizes = sizes(&mut Dice::new(1, 0), doctors);
            assert_eq!(sizes.iter().sum::<u32>(), doctors);
            assert!(sizes.iter().all(|size| (1..=10).contains(size)), "{sizes:?}");
        }
    }
}
