use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kernel::{DoctorId, Interval, PortFailure};

use super::ports::{Catalogue, DailyFiles, DailyStore, DoctorOffer, NamedClinic, Visits};
use crate::domain::{DailyRow, Figures, MOST_MISSED, Whose, days_to_do, last_ended, span_of};

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Dates.
    pub days: usize,
    /// Rows on these.
    pub rows: usize,
}

/// Counts the days that have ended, and writes their files.
///
/// The same again gives the same rows and the same files; a date counts as done when both are there.
pub struct CountDays {
    /// Who works where.
    pub catalogue: Arc<dyn Catalogue>,
    /// What there is to count.
    pub visits: Arc<dyn Visits>,
    /// Where figures are kept.
    pub store: Arc<dyn DailyStore>,
    /// Where files are kept.
    pub files: Arc<dyn DailyFiles>,
}

impl CountDays {
    /// Counts, for the clinics on this wall clock, the dates that have ended by `now` and are to be done
    /// ([`days_to_do`]). Nobody's rights are asked for: the installation does it by itself. Ends early when `stop` says
    /// so; tried again, it goes on.
    ///
    /// # Errors
    /// When something fails; the dates before stay counted.
    pub async fn run(
        &self,
        time_zone: &str,
        now: Timestamp,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> Result<Counted, PortFailure> {
        let zone = TimeZone::get(time_zone).map_err(|error| PortFailure::new("read a zone", error))?;
        let last = last_ended(now, &zone);
        let first = last.checked_sub(i64::try_from(MOST_MISSED).unwrap_or(0).days()).unwrap_or(last);
        let counted = self.store.counted(time_zone, first, last).await?;
        let clinics = self.catalogue.clinics_on(time_zone).await?;
        let mut done = Counted::default();
        for date in days_to_do(last, &counted) {
            if stop() {
                break;
            }
            let Some(span) = span_of(date, &zone) else { continue };
            // Only the evening after a date knows when the next free times were then.
            let as_of = (date == last).then_some(now);
            for clinic in &clinics {
                let rows = self.count(clinic, date, span, as_of).await?;
                self.store.replace(clinic.id, date, &rows).await?;
            }
            let ids: Vec<_> = clinics.iter().map(|clinic| clinic.id).collect();
            let rows = self.store.rows(&ids, date).await?;
            self.files.write(time_zone, date, &rows).await?;
            self.store.note(time_zone, date, now).await?;
            done.days += 1;
            done.rows += rows.len();
        }
        Ok(done)
    }

    async fn count(
        &self,
        clinic: &NamedClinic,
        date: Date,
        span: Interval,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<DailyRow>, PortFailure> {
        let visits = self.visits.of_clinic(clinic.id, span).await?;
        let seen: BTreeSet<DoctorId> = visits.iter().map(|visit| visit.doctor).collect();
        let others: Vec<DoctorId> = seen.into_iter().collect();
        let doctors = self.catalogue.doctors_at(clinic.id, &others).await?;
        let ids: Vec<DoctorId> = doctors.iter().map(|doctor| doctor.id).collect();
        let offers = self.catalogue.offers(clinic.id, &ids, date, as_of).await?;
        let third = |offer: &DoctorOffer| days_until(date, offer.third_free?);
        let row = |whose, name: &str, figures, offered_minutes, third_free_days| DailyRow {
            date,
            clinic: clinic.id,
            clinic_name: clinic.name.clone(),
            whose,
            doctor_name: name.to_owned(),
            figures,
            offered_minutes,
            third_free_days,
        };
        let whole = Figures::of(&visits, Whose::Clinic);
        let offered = offers.iter().map(|offer| offer.minutes).sum();
        let mut rows = vec![row(Whose::Clinic, "", whole, offered, offers.iter().filter_map(third).min())];
        for doctor in &doctors {
            let whose = Whose::Doctor(doctor.id);
            let own = Figures::of(visits.iter().filter(|visit| visit.doctor == doctor.id), whose);
            let offer = offers.iter().find(|offer| offer.doctor == doctor.id);
            let minutes = offer.map_or(0, |offer| offer.minutes);
            rows.push(row(whose, &doctor.name, own, minutes, offer.and_then(third)));
        }
        Ok(rows)
    }
}

/// Days from the end of a date on: 0 is the very next day.
fn days_until(date: Date, later: Date) -> Option<u32> {
    let days = date.until(later).ok()?.get_days();
    u32::try_from(days - 1).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use kernel::ClinicId;

    use super::super::ports::{MockCatalogue, MockDailyFiles, MockDailyStore, MockVisits, NamedDoctor};
    use super::*;
    use crate::domain::{Booker, Fate, VisitFacts};

    const ZONE: &str = "America/New_York";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn catalogue(doctor: DoctorId, asked: Arc<Mutex<Vec<(Date, bool)>>>) -> MockCatalogue {
        let mut catalogue = MockCatalogue::new();
        let clinic = NamedClinic { id: ClinicId::mint(), name: "Harbor".to_owned() };
        catalogue.expect_clinics_on().returning(move |_| Ok(vec![clinic.clone()]));
        catalogue
            .expect_doctors_at()
            .returning(move |_, _| Ok(vec![NamedDoctor { id: doctor, name: "Amara Okafor".to_owned() }]));
        catalogue.expect_offers().returning(move |_, doctors, date, as_of| {
            asked.lock().unwrap().push((date, as_of.is_some()));
            let third_free = as_of.map(|_| date.checked_add(3.days()).unwrap());
            Ok(doctors.iter().map(|doctor| DoctorOffer { doctor: *doctor, minutes: 480, third_free }).collect())
        });
        catalogue
    }

    #[tokio::test]
    async fn each_date_is_counted_over_its_own_hours_and_the_third_free_time_of_the_last_alone() {
        let (doctor, asked) = (DoctorId::mint(), Arc::new(Mutex::new(Vec::new())));
        let mut visits = MockVisits::new();
        visits.expect_of_clinic().returning(move |_, span| {
            Ok(vec![VisitFacts {
                doctor,
                visit: Interval::new(span.start, span.start + jiff::SignedDuration::from_mins(30)).unwrap(),
                fate: Fate::Held,
                booked_at: span.start,
                booker: Booker::Desk,
                new_to_doctor: true,
                new_to_clinic: true,
                reminders: 0,
                from_waitlist: false,
                has_account: false,
            }])
        });
        let mut store = MockDailyStore::new();
        let last: Date = "2027-03-15".parse().unwrap();
        store.expect_counted().returning(move |_, from, to| {
            assert_eq!(to, last);
            let dates = from.series(1.day()).take_while(|date| *date <= to);
            Ok(dates.collect())
        });
        store.expect_replace().times(3).returning(|_, _, rows| {
            assert_eq!(rows.len(), 2);
            assert_eq!((rows[0].whose, rows[0].figures.booked, rows[0].offered_minutes), (Whose::Clinic, 1, 480));
            assert_eq!((rows[1].figures.held, rows[1].fill_rate()), (1, Some(0.0625)));
            Ok(())
        });
        store.expect_rows().returning(|_, _| Ok(Vec::new()));
        store.expect_note().times(3).returning(|_, _, _| Ok(()));
        let mut files = MockDailyFiles::new();
        files.expect_write().times(3).returning(|_, _, _| Ok(()));
        let count = CountDays {
            catalogue: Arc::new(catalogue(doctor, asked.clone())),
            visits: Arc::new(visits),
            store: Arc::new(store),
            files: Arc::new(files),
        };
        let done = count.run(ZONE, at("2027-03-16T07:30:00Z"), &|| false).await.unwrap();
        assert_eq!(done.days, 3);
        let dates: Vec<(String, bool)> =
            asked.lock().unwrap().iter().map(|(date, third)| (date.to_string(), *third)).collect();
        let expected = [("2027-03-13", false), ("2027-03-14", false), ("2027-03-15", true)];
        assert_eq!(dates, expected.map(|(date, third)| (date.to_owned(), third)));
        assert_eq!(count.run(ZONE, at("2027-03-16T07:30:00Z"), &|| true).await.unwrap(), Counted::default());
    }

    #[tokio::test]
    async fn a_date_whose_files_could_not_be_written_is_not_noted_as_done() {
        let mut visits = MockVisits::new();
        visits.expect_of_clinic().returning(|_, _| Ok(Vec::new()));
        let mut store = MockDailyStore::new();
        store.expect_counted().returning(|_, _, _| Ok(BTreeSet::new()));
        store.expect_replace().once().returning(|_, _, _| Ok(()));
        store.expect_rows().returning(|_, _| Ok(Vec::new()));
        store.expect_note().never();
        let mut files = MockDailyFiles::new();
        files.expect_write().once().returning(|_, _, _| Err(PortFailure::new("store an object", "away")));
        let count = CountDays {
            catalogue: Arc::new(catalogue(DoctorId::mint(), Arc::default())),
            visits: Arc::new(visits),
            store: Arc::new(store),
            files: Arc::new(files),
        };
        assert!(count.run(ZONE, at("2027-03-16T07:30:00Z"), &|| false).await.is_err());
    }

    #[test]
    fn the_very_next_day_is_no_wait() {
        let days = |from: &str, to: &str| days_until(from.parse().unwrap(), to.parse().unwrap());
        assert_eq!(days("2027-03-01", "2027-03-02"), Some(0));
        assert_eq!(days("2027-03-01", "2027-03-15"), Some(13));
        assert_eq!(days("2027-03-01", "2027-03-01"), None);
    }
}
