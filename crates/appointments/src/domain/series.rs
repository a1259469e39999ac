//! Visits that are booked together.

use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, DomainEvent, PatientId, VisitTypeId, ids};
use serde::Serialize;
use uuid::Uuid;

use super::{Appointment, AppointmentEvent, CancelRefusal, Offer, Recurrence, Side, Status};

ids! {
    /// Visits that were booked together.
    SeriesId,
}

/// What a patient may book at once without the front desk: a quarter of a year, week by week.
pub const MOST_BY_PATIENT: usize = 12;

/// Visits that were booked together by one rule. Which ones, say the visits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// Its id.
    pub id: SeriesId,
    /// Where its first visit is.
    pub clinic: ClinicId,
    /// With whom.
    pub doctor: DoctorId,
    /// For whom.
    pub patient: PatientId,
    /// What.
    pub visit_type: VisitTypeId,
    /// By which rule it was asked for; what was agreed may differ from it.
    pub rule: String,
    /// From when on the rule counts.
    pub first: Timestamp,
    /// IANA zone whose wall clock the rule follows.
    pub time_zone: String,
    /// When it was booked.
    pub created_at: Timestamp,
}

/// A visit's place in a series, which it keeps when it is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeriesPlace {
    /// Which series.
    pub series: SeriesId,
    /// Which of its visits, from 1, by the times as they were booked.
    pub position: u16,
}

/// By what a series was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesTerms {
    /// The rule.
    pub rule: Recurrence,
    /// The first of its dates.
    pub first: Timestamp,
    /// IANA zone whose wall clock it follows.
    pub time_zone: String,
}

/// A new series with its visits by start, each with what happened, and what happened to the series.
pub type NewVisits = (Series, Vec<(Appointment, AppointmentEvent)>, SeriesEvent);

impl Series {
    /// Offers of one doctor taken by one patient; `None` where there are none.
    #[must_use]
    pub fn book(
        terms: &SeriesTerms,
        mut offers: Vec<Offer>,
        patient: PatientId,
        notes: Option<&str>,
        now: Timestamp,
    ) -> Option<NewVisits> {
        offers.sort_by_key(|offer| offer.visit.start);
        let begins = offers.first()?;
        let series = Self {
            id: SeriesId::mint(),
            clinic: begins.clinic,
            doctor: begins.doctor,
            patient,
            visit_type: begins.visit_type,
            rule: terms.rule.text().to_owned(),
            first: terms.first,
            time_zone: terms.time_zone.clone(),
            created_at: now,
        };
        let visits = (1..).zip(offers).map(|(position, offer)| {
            let (visit, event) = Appointment::book(offer, patient, notes.map(str::to_owned), now);
            (Appointment { series: Some(SeriesPlace { series: series.id, position }), ..visit }, event)
        });
        let visits: Vec<_> = visits.collect();
        let event = SeriesEvent::Booked {
            series_id: series.id,
            clinic_id: series.clinic,
            doctor_id: series.doctor,
            patient_id: patient,
            appointment_ids: visits.iter().map(|(visit, _)| visit.id).collect(),
        };
        Some((series, visits, event))
    }

    /// The visits of this series that end with it at `from`: that one and all that come after it, as far as they are
    /// booked and have not begun.
    ///
    /// # Errors
    /// Never of what is chosen so; the error is that of [`Appointment::cancel`].
    pub fn cut<'a>(
        visits: impl Iterator<Item = &'a Appointment>,
        from: &Appointment,
        reason: Option<&str>,
        by: Side,
        now: Timestamp,
    ) -> Result<Vec<(Appointment, AppointmentEvent)>, CancelRefusal> {
        let ahead = |visit: &&Appointment| {
            visit.visit.start >= from.visit.start && visit.status == Status::Booked && visit.visit.start > now
        };
        visits.filter(ahead).map(|visit| visit.cancel(reason.map(str::to_owned), by, now)).collect()
    }

    /// That the series ends at one of its visits.
    #[must_use]
    pub const fn cut_at(&self, from: AppointmentId, cancelled: Vec<AppointmentId>) -> SeriesEvent {
        SeriesEvent::Cut {
            series_id: self.id,
            clinic_id: self.clinic,
            doctor_id: self.doctor,
            patient_id: self.patient,
            from,
            appointment_ids: cancelled,
        }
    }
}

/// What happened to a series; each of its visits has an event of its own. Ids only: it goes into the audit trail and
/// the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SeriesEvent {
    /// It was booked.
    Booked {
        /// The series.
        series_id: SeriesId,
        /// Where its first visit is.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// Its visits, by start.
        appointment_ids: Vec<AppointmentId>,
    },
    /// One visit and those after it were called off.
    Cut {
        /// The series.
        series_id: SeriesId,
        /// Where its first visit was.
        clinic_id: ClinicId,
        /// With whom.
        doctor_id: DoctorId,
        /// For whom.
        patient_id: PatientId,
        /// From which visit on.
        from: AppointmentId,
        /// Those that were called off, by start.
        appointment_ids: Vec<AppointmentId>,
    },
}

impl DomainEvent for SeriesEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Booked { .. } => "series.booked",
            Self::Cut { .. } => "series.cut",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Booked { series_id, .. } | Self::Cut { series_id, .. } => series_id.as_uuid(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        match self {
            Self::Booked { clinic_id, .. } | Self::Cut { clinic_id, .. } => Some(clinic_id.as_uuid()),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use kernel::{Interval, Money};

    use super::super::VisitMode;
    use super::*;

    fn now() -> Timestamp {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    fn offer(days: i64) -> Offer {
        let start = now() + SignedDuration::from_hours(24 * days);
        let visit = Interval::new(start, start + SignedDuration::from_mins(30)).unwrap();
        Offer {
            doctor: DoctorId::from_uuid(Uuid::nil()),
            clinic: ClinicId::from_uuid(Uuid::nil()),
            visit_type: VisitTypeId::from_uuid(Uuid::nil()),
            mode: VisitMode::InPerson,
            price: Money::dollars(90),
            visit,
            blocked: visit,
            resources: Vec::new(),
            outside_hours: None,
            time_zone: "UTC".into(),
            open_to_new_patients: true,
            edition: 1,
        }
    }

    fn booked(days: &[i64]) -> NewVisits {
        let rule = "FREQ=WEEKLY;COUNT=3".parse().unwrap();
        let terms = SeriesTerms { rule, first: now(), time_zone: "UTC".into() };
        let offers = days.iter().map(|days| offer(*days)).collect();
        Series::book(&terms, offers, PatientId::mint(), Some("Stairs"), now()).unwrap()
    }

    #[test]
    fn visits_are_numbered_by_their_times_whatever_order_they_were_agreed_in() {
        let (series, visits, event) = booked(&[15, 1, 8]);
        let numbered: Vec<_> = visits.iter().map(|(visit, _)| (visit.series.unwrap().position, visit.visit)).collect();
        assert_eq!(numbered, [(1, offer(1).visit), (2, offer(8).visit), (3, offer(15).visit)]);
        assert!(visits.iter().all(|(visit, _)| visit.notes.as_deref() == Some("Stairs")));
        let ids: Vec<_> = visits.iter().map(|(visit, _)| visit.id).collect();
        assert!(matches!(event, SeriesEvent::Booked { series_id, appointment_ids, .. }
            if series_id == series.id && appointment_ids == ids));
    }

    #[test]
    fn a_visit_that_is_moved_stays_in_its_series() {
        let (_, visits, _) = booked(&[1, 8]);
        let (moved, _) = visits[1].0.reschedule(&offer(9), now()).unwrap();
        assert_eq!(moved.series, visits[1].0.series);
    }

    #[test]
    fn a_cut_takes_that_visit_and_those_after_it_and_leaves_what_is_over_or_under_way() {
        let (_, visits, _) = booked(&[1, 8, 15, 22]);
        let mut visits: Vec<Appointment> = visits.into_iter().map(|(visit, _)| visit).collect();
        visits[2].status = Status::Completed;
        let cut = |from: usize, now| {
            let gone = Series::cut(visits.iter(), &visits[from], Some("ill"), Side::Patient, now).unwrap();
            gone.into_iter().map(|(visit, _)| visit.series.unwrap().position).collect::<Vec<_>>()
        };
        assert_eq!(cut(0, now()), [1, 2, 4]);
        assert_eq!(cut(1, now()), [2, 4]);
        assert_eq!(cut(2, now()), [4]);
        assert_eq!(cut(0, visits[0].visit.start), [2, 4], "the first has begun");
    }
}
