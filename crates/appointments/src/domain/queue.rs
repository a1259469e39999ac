use jiff::Timestamp;
use kernel::AppointmentId;

use super::{Appointment, Status};

/// Since when the patient is there; nothing for who never came, or has been seen.
#[must_use]
pub fn arrived_at(visit: &Appointment) -> Option<Timestamp> {
    // Where an early version has not written it down, the arrival was the last change.
    (visit.status == Status::Arrived).then(|| visit.arrived_at.unwrap_or(visit.updated_at))
}

/// How long the patient has waited since the arrival, in whole minutes.
#[must_use]
pub fn waiting_minutes(visit: &Appointment, now: Timestamp) -> Option<i64> {
    let since = arrived_at(visit)?;
    Some(now.duration_since(since).as_mins().max(0))
}

/// When the visits of one doctor that wait are expected to begin: one after the other in the order of their times, none
/// before its own time or before now, each as long as it was booked for. Who has not come is not waited for.
#[must_use]
pub fn expected_starts<'a>(
    visits: impl IntoIterator<Item = &'a Appointment>,
    now: Timestamp,
) -> Vec<(AppointmentId, Timestamp)> {
    let mut waiting: Vec<&Appointment> = visits.into_iter().filter(|visit| visit.status == Status::Arrived).collect();
    waiting.sort_by_key(|visit| (visit.visit.start, visit.id));
    let mut free_from = now;
    waiting
        .into_iter()
        .map(|visit| {
            let start = free_from.max(visit.visit.start);
            free_from = start.checked_add(visit.visit.length()).unwrap_or(start);
            (visit.id, start)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{ClinicId, DoctorId, Interval, Money, PatientId, VisitTypeId};

    use super::*;
    use crate::domain::{Mark, Offer, VisitMode};

    fn at(minute: i64) -> Timestamp {
        "2027-03-01T14:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_mins(minute)
    }

    /// Half an hour from this minute on.
    fn visit(start: i64) -> Appointment {
        let span = Interval::new(at(start), at(start + 30)).unwrap();
        let offer = Offer {
            doctor: DoctorId::mint(),
            clinic: ClinicId::mint(),
            visit_type: VisitTypeId::mint(),
            mode: VisitMode::InPerson,
            price: Money::dollars(90),
            visit: span,
            blocked: span,
            time_zone: "America/New_York".into(),
            open_to_new_patients: true,
            edition: 1,
            resources: Vec::new(),
            outside_hours: None,
        };
        Appointment::book(offer, PatientId::mint(), None, at(-600)).0
    }

    fn arrived(start: i64, came: i64) -> Appointment {
        visit(start).mark(Mark::Arrived, at(came)).unwrap().0
    }

    #[test]
    fn who_is_there_waits_in_whole_minutes_and_nobody_else_does() {
        let there = arrived(0, -10);
        assert_eq!(waiting_minutes(&there, at(5) + SignedDuration::from_secs(59)), Some(15));
        assert_eq!(waiting_minutes(&there, at(-20)), Some(0), "never less than none");
        assert_eq!(waiting_minutes(&visit(0), at(5)), None);
    }

    #[test]
    fn visits_begin_one_after_the_other_never_before_their_time_and_without_who_has_not_come() {
        let (late, early, last) = (arrived(30, 20), arrived(0, 5), arrived(120, 25));
        let absent = visit(60);
        let expected = expected_starts([&late, &early, &absent, &last], at(25));
        assert_eq!(expected, [(early.id, at(25)), (late.id, at(55)), (last.id, at(120))]);
    }
}
