use jiff::{SignedDuration, Timestamp};

use super::{Appointment, AppointmentEvent, Status};

/// For so long after it was made, a mistaken mark can be taken back.
pub const CORRECTABLE_FOR: SignedDuration = SignedDuration::from_hours(24);

/// Why a mark cannot be taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CorrectRefusal {
    /// Only `completed` and `no_show` are taken back, and nothing becomes `cancelled` so.
    #[error("there is no mark to take back")]
    NothingToCorrect(Status),
    /// It was made more than 24 hours ago.
    #[error("the mark is too old to take back")]
    TooLate,
}

impl Appointment {
    /// `completed` or `no_show`, by mistake → what it should have been, within [`CORRECTABLE_FOR`] of the mark. The
    /// other of the two keeps the time of the first mark, so that corrections of corrections come to an end as well.
    /// What becomes `booked` or `arrived` again takes its time back; the store tells whether it is still free.
    ///
    /// # Errors
    /// When there is no such mark, or it is too old.
    pub fn correct(
        &self,
        to: Status,
        reason: String,
        now: Timestamp,
    ) -> Result<(Self, AppointmentEvent), CorrectRefusal> {
        let marked_at = match self.status {
            Status::Completed => self.completed_at,
            Status::NoShow => self.missed_at,
            other @ (Status::Booked | Status::Arrived | Status::Cancelled) => {
                return Err(CorrectRefusal::NothingToCorrect(other));
            }
        };
        let marked_at = marked_at.unwrap_or(self.updated_at);
        if to == Status::Cancelled || to == self.status {
            return Err(CorrectRefusal::NothingToCorrect(self.status));
        }
        if now.duration_since(marked_at) > CORRECTABLE_FOR {
            return Err(CorrectRefusal::TooLate);
        }
        let unmarked = Self { completed_at: None, missed_at: None, ..self.clone() };
        let mut corrected = match to {
            Status::Arrived => unmarked.standing(to, self.arrived_at.unwrap_or(now), now),
            _ => unmarked.standing(to, marked_at, now),
        };
        if to == Status::Booked || to == Status::NoShow {
            corrected.arrived_at = None;
        }
        corrected.correct_reason = Some(reason);
        let event = AppointmentEvent::Corrected {
            appointment_id: self.id,
            clinic_id: self.clinic,
            doctor_id: self.doctor,
            patient_id: self.patient,
            was: self.status,
            is: to,
            version: corrected.version,
        };
        Ok((corrected, event))
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;
    use kernel::{ClinicId, DoctorId, Interval, Money, PatientId, VisitTypeId};

    use super::super::{Mark, Offer, VisitMode};
    use super::*;

    const EVERY: [Status; 5] = [Status::Booked, Status::Arrived, Status::Completed, Status::Cancelled, Status::NoShow];

    fn start() -> Timestamp {
        "2027-03-01T15:00:00Z".parse().unwrap()
    }

    fn visit(status: Status) -> Appointment {
        let visit = Interval::new(start(), start() + 30.minutes()).unwrap();
        let offer = Offer {
            doctor: DoctorId::mint(),
            clinic: ClinicId::mint(),
            visit_type: VisitTypeId::mint(),
            mode: VisitMode::InPerson,
            price: Money::dollars(90),
            visit,
            blocked: visit,
            time_zone: "America/Chicago".into(),
            open_to_new_patients: true,
            edition: 1,
            resources: Vec::new(),
            outside_hours: None,
        };
        let (booked, _) = Appointment::book(offer, PatientId::mint(), None, start() - 48.hours());
        booked.standing(status, start(), start())
    }

    fn correct(visit: &Appointment, to: Status, now: Timestamp) -> Result<Appointment, CorrectRefusal> {
        visit.correct(to, "wrong patient".into(), now).map(|(corrected, _)| corrected)
    }

    #[test]
    fn only_completed_and_no_show_are_taken_back_and_nothing_is_cancelled_so() {
        for from in EVERY {
            for to in EVERY {
                let found = correct(&visit(from), to, start() + 1.hour()).map(|corrected| corrected.status);
                let marked = matches!(from, Status::Completed | Status::NoShow);
                if marked && to != from && to != Status::Cancelled {
                    assert_eq!(found, Ok(to), "{from:?} to {to:?}");
                } else {
                    assert_eq!(found, Err(CorrectRefusal::NothingToCorrect(from)), "{from:?} to {to:?}");
                }
            }
        }
    }

    #[test]
    fn a_mark_is_taken_back_for_24_hours_and_not_an_instant_longer() {
        let missed = visit(Status::NoShow);
        assert!(correct(&missed, Status::Booked, start() + 24.hours()).is_ok());
        let late = start() + 24.hours() + 1.nanosecond();
        assert_eq!(correct(&missed, Status::Booked, late), Err(CorrectRefusal::TooLate));
    }

    #[test]
    fn corrections_of_corrections_do_not_lengthen_the_time() {
        let completed = correct(&visit(Status::NoShow), Status::Completed, start() + 20.hours()).unwrap();
        assert_eq!((completed.completed_at, completed.missed_at), (Some(start()), None));
        let late = start() + 25.hours();
        assert_eq!(correct(&completed, Status::NoShow, late), Err(CorrectRefusal::TooLate));
    }

    #[test]
    fn a_mark_of_an_early_version_is_as_old_as_the_last_change() {
        let early = Appointment { missed_at: None, ..visit(Status::NoShow) };
        assert!(correct(&early, Status::Arrived, start() + 24.hours()).is_ok());
        assert_eq!(correct(&early, Status::Arrived, start() + 25.hours()), Err(CorrectRefusal::TooLate));
    }

    #[test]
    fn the_times_of_what_is_taken_back_are_gone_and_the_visit_goes_on() {
        let now = start() + 1.hour();
        let arrived = visit(Status::Arrived);
        let (completed, _) = arrived.mark(Mark::Completed, now).unwrap();
        let again = correct(&completed, Status::Arrived, now).unwrap();
        assert_eq!((again.arrived_at, again.completed_at), (Some(start()), None));
        let booked = correct(&completed, Status::Booked, now).unwrap();
        assert_eq!((booked.arrived_at, booked.completed_at), (None, None));
        assert!(booked.mark(Mark::NoShow, now).is_ok());
    }

    #[test]
    fn the_event_names_both_statuses_and_not_the_reason() {
        let (_, event) = visit(Status::NoShow).correct(Status::Completed, "secret".into(), start()).unwrap();
        assert!(!format!("{event:?}").contains("secret"));
        let AppointmentEvent::Corrected { was, is, .. } = event else { panic!("{event:?}") };
        assert_eq!((was, is), (Status::NoShow, Status::Completed));
    }
}
