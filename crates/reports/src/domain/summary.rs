use jiff::ToSpan as _;
use jiff::civil::Date;

use super::daily::DailyRow;
use super::figures::rate;

/// What a period adds up to. Lead times do not add up, and are left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Visits, whatever became of them.
    pub booked: u32,
    /// The patient was there.
    pub held: u32,
    /// The patient did not come.
    pub missed: u32,
    /// Nobody has marked them.
    pub open: u32,
    /// By the patient's side.
    pub cancelled_by_patient: u32,
    /// By the practice.
    pub cancelled_by_practice: u32,
    /// By the installation, or nobody knows by whom.
    pub cancelled_otherwise: u32,
    /// Kept for visits.
    pub booked_minutes: u32,
    /// Offered for visits.
    pub offered_minutes: u32,
    /// First visits of their patients.
    pub new_patients: u32,
    /// By the patient's side.
    pub booked_online: u32,
    /// By the practice.
    pub booked_at_desk: u32,
    /// Reminders that were sent.
    pub reminders_sent: u32,
    /// By somebody who waited.
    pub waitlist_taken: u32,
}

impl Sums {
    /// Over these rows.
    #[must_use]
    pub fn of<'a>(rows: impl IntoIterator<Item = &'a DailyRow>) -> Self {
        rows.into_iter().fold(Self::default(), |sums, row| {
            let figures = row.figures;
            Self {
                booked: sums.booked + figures.booked,
                held: sums.held + figures.held,
                missed: sums.missed + figures.missed,
                open: sums.open + figures.open,
                cancelled_by_patient: sums.cancelled_by_patient + figures.cancelled_by_patient,
                cancelled_by_practice: sums.cancelled_by_practice + figures.cancelled_by_practice,
                cancelled_otherwise: sums.cancelled_otherwise + figures.cancelled_otherwise,
                booked_minutes: sums.booked_minutes + figures.booked_minutes,
                offered_minutes: sums.offered_minutes + row.offered_minutes,
                new_patients: sums.new_patients + figures.new_patients,
                booked_online: sums.booked_online + figures.booked_online,
                booked_at_desk: sums.booked_at_desk + figures.booked_at_desk,
                reminders_sent: sums.reminders_sent + figures.reminders_sent,
                waitlist_taken: sums.waitlist_taken + figures.waitlist_taken,
            }
        })
    }

    /// Missed ones, of those held or missed.
    #[must_use]
    pub fn no_show_rate(&self) -> Option<f64> {
        rate(self.missed, self.held + self.missed)
    }

    /// Booked minutes of offered ones.
    #[must_use]
    pub fn fill_rate(&self) -> Option<f64> {
        rate(self.booked_minutes, self.offered_minutes)
    }

    /// Called off, by whomever.
    #[must_use]
    pub const fn cancelled(&self) -> u32 {
        self.cancelled_by_patient + self.cancelled_by_practice + self.cancelled_otherwise
    }
}

/// A week of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Week {
    /// Its Monday.
    pub monday: Date,
    /// What it adds up to.
    pub sums: Sums,
}

/// The weeks from Monday to Sunday that a period touches, in order; also those without visits.
#[must_use]
pub fn weeks(rows: &[DailyRow], from: Date, to: Date) -> Vec<Week> {
    let monday =
        |date: Date| date.checked_sub(i64::from(date.weekday().to_monday_zero_offset()).days()).unwrap_or(date);
    let mondays = monday(from).series(1.week()).take_while(|monday| *monday <= to);
    mondays
        .map(|first| Week { monday: first, sums: Sums::of(rows.iter().filter(|row| monday(row.date) == first)) })
        .collect()
}

/// What a report shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// What the doctor is called.
    pub doctor_name: String,
    /// What the clinics are called, each once.
    pub clinic_names: Vec<String>,
    /// From this date on.
    pub from: Date,
    /// To this date, included.
    pub to: Date,
    /// Dates of the period that were counted.
    pub counted_days: usize,
    /// Of the whole period.
    pub sums: Sums,
    /// Week by week.
    pub weeks: Vec<Week>,
    /// The middle of the days to the third free time, over the dates where they are known.
    pub third_free_median: Option<u32>,
}

impl Summary {
    /// Adds up rows of one doctor.
    #[must_use]
    pub fn of(doctor_name: String, rows: &[DailyRow], from: Date, to: Date) -> Self {
        let mut names: Vec<String> = rows.iter().map(|row| row.clinic_name.clone()).collect();
        names.sort();
        names.dedup();
        let mut dates: Vec<Date> = rows.iter().map(|row| row.date).collect();
        dates.sort_unstable();
        dates.dedup();
        let mut third: Vec<u32> = rows.iter().filter_map(|row| row.third_free_days).collect();
        third.sort_unstable();
        Self {
            doctor_name,
            clinic_names: names,
            from,
            to,
            counted_days: dates.len(),
            sums: Sums::of(rows),
            weeks: weeks(rows, from, to),
            third_free_median: third.get(third.len().saturating_sub(1) / 2).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, DoctorId};

    use super::super::daily::Whose;
    use super::super::figures::Figures;
    use super::*;

    fn row(date: &str, held: u32, missed: u32, third: Option<u32>) -> DailyRow {
        DailyRow {
            date: date.parse().unwrap(),
            clinic: ClinicId::from_uuid(uuid::Uuid::nil()),
            clinic_name: "Harbor".to_owned(),
            whose: Whose::Doctor(DoctorId::from_uuid(uuid::Uuid::nil())),
            doctor_name: "Amara Okafor".to_owned(),
            figures: Figures { booked: held + missed, held, missed, booked_minutes: 30 * held, ..Figures::default() },
            offered_minutes: 480,
            third_free_days: third,
        }
    }

    #[test]
    fn weeks_begin_on_monday_and_none_is_left_out() {
        let rows = [row("2027-03-05", 2, 0, Some(4)), row("2027-03-07", 1, 1, None), row("2027-03-22", 3, 0, Some(1))];
        let summary =
            Summary::of("Amara".to_owned(), &rows, "2027-03-05".parse().unwrap(), "2027-03-23".parse().unwrap());
        let weeks: Vec<(String, u32)> =
            summary.weeks.iter().map(|week| (week.monday.to_string(), week.sums.booked)).collect();
        let expected = [("2027-03-01", 4), ("2027-03-08", 0), ("2027-03-15", 0), ("2027-03-22", 3)];
        assert_eq!(weeks, expected.map(|(monday, booked)| (monday.to_owned(), booked)));
        assert_eq!((summary.counted_days, summary.third_free_median), (3, Some(1)));
        assert_eq!((summary.sums.no_show_rate(), summary.sums.fill_rate()), (Some(0.1429), Some(0.125)));
        assert_eq!(summary.clinic_names, ["Harbor"]);
    }
}
