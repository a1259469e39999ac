use super::daily::Whose;
use super::visit::{Booker, Canceller, Fate, VisitFacts};

/// What is counted of the visits that begin on one day. Counts add up over days; the two lead times do not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// All of them, whatever became of them.
    pub booked: u32,
    /// The patient was there.
    pub held: u32,
    /// The patient did not come.
    pub missed: u32,
    /// Nobody has marked them.
    pub open: u32,
    /// Called off by the patient's side.
    pub cancelled_by_patient: u32,
    /// Called off by the practice.
    pub cancelled_by_practice: u32,
    /// Called off by the installation, or nobody knows by whom.
    pub cancelled_otherwise: u32,
    /// Minutes of those that were not called off.
    pub booked_minutes: u32,
    /// Half of those that were not called off were booked at most so many minutes ahead.
    pub lead_median_minutes: Option<u32>,
    /// Nine tenths of them.
    pub lead_p90_minutes: Option<u32>,
    /// Held, and the first that was held of its patient.
    pub new_patients: u32,
    /// Booked by the patient's side.
    pub booked_online: u32,
    /// Booked by the practice.
    pub booked_at_desk: u32,
    /// Reminders that were sent for them.
    pub reminders_sent: u32,
    /// Those that somebody who waited has taken.
    pub waitlist_taken: u32,
    /// Those whose patient has an account, or is looked after by somebody with one.
    pub with_account: u32,
}

impl Figures {
    /// Counts. New is who is new to the doctor, or to the clinic.
    #[must_use]
    pub fn of<'a>(visits: impl IntoIterator<Item = &'a VisitFacts>, whose: Whose) -> Self {
        let mut figures = Self::default();
        let mut leads = Vec::new();
        for visit in visits {
            let one = |yes: bool| u32::from(yes);
            figures.booked += 1;
            match visit.fate {
                Fate::Open => figures.open += 1,
                Fate::Held => figures.held += 1,
                Fate::Missed => figures.missed += 1,
                Fate::Cancelled(Canceller::Patient) => figures.cancelled_by_patient += 1,
                Fate::Cancelled(Canceller::Practice) => figures.cancelled_by_practice += 1,
                Fate::Cancelled(Canceller::Other) => figures.cancelled_otherwise += 1,
            }
            if visit.takes_time() {
                figures.booked_minutes += visit.minutes();
                leads.push(visit.lead_minutes());
            }
            let is_new = match whose {
                Whose::Clinic => visit.new_to_clinic,
                Whose::Doctor(_) => visit.new_to_doctor,
            };
            figures.new_patients += one(is_new && visit.fate == Fate::Held);
            figures.booked_online += one(visit.booker == Booker::Online);
            figures.booked_at_desk += one(visit.booker == Booker::Desk);
            figures.reminders_sent += visit.reminders;
            figures.waitlist_taken += one(visit.from_waitlist);
            figures.with_account += one(visit.has_account);
        }
        leads.sort_unstable();
        figures.lead_median_minutes = nearest_rank(&leads, 50);
        figures.lead_p90_minutes = nearest_rank(&leads, 90);
        figures
    }

    /// Those that were called off, by whomever.
    #[must_use]
    pub const fn cancelled(&self) -> u32 {
        self.cancelled_by_patient + self.cancelled_by_practice + self.cancelled_otherwise
    }

    /// Missed ones, of those that were held or missed.
    #[must_use]
    pub fn no_show_rate(&self) -> Option<f64> {
        rate(self.missed, self.held + self.missed)
    }
}

/// The percentile by nearest rank: the smallest value that so many percent of all do not exceed.
fn nearest_rank(sorted: &[u32], percent: usize) -> Option<u32> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// A part of a whole, to four digits behind the point; none of nothing.
#[must_use]
pub fn rate(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| (f64::from(part) / f64::from(whole) * 10_000.0).round() / 10_000.0)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use kernel::{DoctorId, Interval};
    use proptest::prelude::*;

    use super::*;

    fn visit(fate: Fate, lead_minutes: i64) -> VisitFacts {
        let start: Timestamp = "2027-03-01T15:00:00Z".parse().unwrap();
        VisitFacts {
            doctor: DoctorId::from_uuid(uuid::Uuid::nil()),
            visit: Interval::new(start, start + SignedDuration::from_mins(30)).unwrap(),
            fate,
            booked_at: start - SignedDuration::from_mins(lead_minutes),
            booker: Booker::Online,
            new_to_doctor: true,
            new_to_clinic: false,
            reminders: 1,
            from_waitlist: false,
            has_account: true,
        }
    }

    #[test]
    fn what_was_called_off_takes_no_time_and_has_no_lead() {
        let visits = [
            visit(Fate::Held, 60),
            visit(Fate::Missed, 120),
            visit(Fate::Open, 180),
            visit(Fate::Cancelled(Canceller::Patient), 9_000),
        ];
        let doctor = Whose::Doctor(visits[0].doctor);
        let figures = Figures::of(&visits, doctor);
        assert_eq!((figures.booked, figures.cancelled(), figures.booked_minutes), (4, 1, 90));
        assert_eq!((figures.lead_median_minutes, figures.lead_p90_minutes), (Some(120), Some(180)));
        assert_eq!((figures.no_show_rate(), figures.new_patients), (Some(0.5), 1));
        assert_eq!(Figures::of(&visits, Whose::Clinic).new_patients, 0, "they were at the clinic before");
        assert_eq!(Figures::of(&[], doctor).no_show_rate(), None);
    }

    #[test]
    fn what_was_written_down_after_its_start_was_booked_no_time_ahead() {
        assert_eq!(visit(Fate::Held, -10).lead_minutes(), 0);
    }

    proptest! {
        #[test]
        fn a_percentile_is_the_smallest_value_that_enough_do_not_exceed(mut values in prop::collection::vec(0_u32..1000, 1..60)) {
            values.sort_unstable();
            for percent in [50, 90] {
                let found = nearest_rank(&values, percent).unwrap();
                let up_to = |value: u32| values.iter().filter(|other| **other <= value).count() * 100;
                prop_assert!(up_to(found) >= values.len() * percent);
                let smaller = values.iter().rev().find(|other| **other < found);
                prop_assert!(smaller.is_none_or(|smaller| up_to(*smaller) < values.len() * percent));
            }
        }
    }
}
