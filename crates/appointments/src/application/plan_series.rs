use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Caller, Clock, DoctorId, Interval, OnceError, PatientId, PortFailure, VisitTypeId};

use super::patient_ports::PatientStore;
use super::policy::Policy;
use super::ports::NoOffer;
use super::series_ports::{ManyTimes, OwnTimes, SeriesAgenda, SeriesStore, Weighed};
use crate::domain::{LONGEST_SERIES_DAYS, MOST_BY_PATIENT, Offer, Patient, PatientError, Recurrence, RecurrenceError};

/// How many other times are named for each that cannot be booked.
pub(super) const ALTERNATIVES: usize = 3;

/// A series that somebody wants.
#[derive(Debug, Clone)]
pub struct SeriesWish {
    /// With whom.
    pub doctor: DoctorId,
    /// What; the doctor's default when left out.
    pub visit_type: Option<VisitTypeId>,
    /// For whom; a patient who leaves it out means oneself.
    pub patient: Option<PatientId>,
    /// The first of its dates.
    pub first: Timestamp,
    /// How often.
    pub rule: Recurrence,
}

/// Why there is no series.
#[derive(Debug, thiserror::Error)]
pub enum SeriesError {
    /// The caller does not book in that doctor's calendar.
    #[error("not this caller's calendar")]
    OthersCalendar,
    /// There is no such patient, or not for this caller.
    #[error("unknown patient")]
    UnknownPatient,
    /// It was not said who comes, and the caller is nobody's patient.
    #[error("nobody is named")]
    Nobody,
    /// The account's name or address cannot be a patient's.
    #[error(transparent)]
    BadPatient(#[from] PatientError),
    /// The doctor, or what is to be booked, is unknown.
    #[error(transparent)]
    NotOffered(#[from] NoOffer),
    /// The rule has no dates.
    #[error(transparent)]
    Rule(#[from] RecurrenceError),
    /// More visits than a patient books at once.
    #[error("more than a patient books at once")]
    TooManyForPatients,
    /// The visit type is for people whom the doctor knows.
    #[error("not open to new patients")]
    NotForNewPatients,
    /// More times are agreed than the rule has dates, or one twice, or none.
    #[error("these times cannot have been agreed")]
    BadlyAgreed,
    /// Rules refuse some of the times.
    #[error("some times are not offered")]
    Refused(Vec<(Timestamp, &'static str)>, TimeZone),
    /// Some of the times are taken.
    #[error("some times are taken")]
    SlotTaken(Vec<Timestamp>, TimeZone),
    /// The patient has other visits at some of the times.
    #[error("the patient is busy")]
    PatientBusy(Vec<Timestamp>, TimeZone),
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// The dates of a series, each weighed.
#[derive(Debug, Clone)]
pub struct SeriesPlan {
    /// The zone whose clock the rule follows.
    pub time_zone: TimeZone,
    /// The dates, by start.
    pub dates: Vec<Weighed>,
}

/// Looks at the dates of a series; changes nothing.
#[derive(Clone)]
pub struct PlanSeries {
    /// What doctors offer.
    pub agenda: Arc<dyn SeriesAgenda>,
    /// Where series are kept.
    pub store: Arc<dyn SeriesStore>,
    /// Where patients are kept.
    pub patients: Arc<dyn PatientStore>,
    /// Who may.
    pub policy: Policy,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// How far ahead those who run calendars book series: it may begin within a year.
const TEAM_HORIZON_DAYS: u32 = LONGEST_SERIES_DAYS + 366;

impl PlanSeries {
    /// Tells of each date whether it is free, and what is free near those that are not.
    ///
    /// # Errors
    /// See [`SeriesError`].
    pub async fn run(&self, caller: &Caller, wish: &SeriesWish) -> Result<SeriesPlan, SeriesError> {
        let now = self.clock.now();
        let patient = self.known(caller, wish.patient).await?;
        let (time_zone, dates) = self.dates(caller, wish, now).await?;
        let own = self.own_times(caller, wish.doctor, patient.as_ref(), &dates, now).await?;
        let mut dates = self.weighed(caller, wish, &own, (dates, ALTERNATIVES), now).await?;
        self.may_come(caller, patient.as_ref(), dates.iter().filter_map(|date| date.answer.as_ref().ok())).await?;
        for date in &mut dates {
            date.alternatives.retain(|slot| Policy::books_with(caller, wish.doctor, slot.clinic));
        }
        Ok(SeriesPlan { time_zone, dates })
    }

    /// Who comes; nobody where it is a user who has no record yet.
    pub(super) async fn known(
        &self,
        caller: &Caller,
        patient: Option<PatientId>,
    ) -> Result<Option<Patient>, SeriesError> {
        match (patient, caller.actor()) {
            (None, Actor::Patient(user)) => Ok(self.patients.own(user).await?),
            (None, _) => Err(SeriesError::Nobody),
            (Some(id), _) => {
                if !self.policy.books_for(caller, id).await? {
                    return Err(SeriesError::UnknownPatient);
                }
                self.patients.patient(id).await?.ok_or(SeriesError::UnknownPatient).map(Some)
            }
        }
    }

    /// The dates of the rule on the clock of the clinic.
    pub(super) async fn dates(
        &self,
        caller: &Caller,
        wish: &SeriesWish,
        now: Timestamp,
    ) -> Result<(TimeZone, Vec<Timestamp>), SeriesError> {
        let question = times(caller, wish, &OwnTimes::default(), (Vec::new(), 0));
        let (clinic, time_zone) = self.agenda.place(&question, wish.first, now).await??;
        if !Policy::books_with(caller, wish.doctor, clinic) {
            return Err(SeriesError::OthersCalendar);
        }
        let dates = wish.rule.times(wish.first, &time_zone)?;
        if !Policy::is_team(caller) && dates.len() > MOST_BY_PATIENT {
            return Err(SeriesError::TooManyForPatients);
        }
        Ok((time_zone, dates))
    }

    /// What stands in the calendars of patient and booker around these times.
    pub(super) async fn own_times(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        patient: Option<&Patient>,
        starts: &[Timestamp],
        now: Timestamp,
    ) -> Result<OwnTimes, SeriesError> {
        let (Some(patient), Some(first), Some(last)) = (patient, starts.iter().min(), starts.iter().max()) else {
            return Ok(OwnTimes::default());
        };
        // As far as other times are looked for.
        let (day, days) = (SignedDuration::from_hours(24), SignedDuration::from_hours(10 * 24));
        let span = Interval {
            start: first.saturating_sub(day).unwrap_or(Timestamp::MIN),
            end: last.saturating_add(days).unwrap_or(Timestamp::MAX),
        };
        Ok(self.store.own_times(patient.id, caller.user(), doctor, span, now).await?)
    }

    /// Weighs times of the wish.
    pub(super) async fn weighed(
        &self,
        caller: &Caller,
        wish: &SeriesWish,
        own: &OwnTimes,
        (starts, alternatives): (Vec<Timestamp>, usize),
        now: Timestamp,
    ) -> Result<Vec<Weighed>, SeriesError> {
        let question = times(caller, wish, own, (starts, alternatives));
        let weighed = self.agenda.weigh(&question, now).await??;
        let offers = weighed.iter().filter_map(|time| time.answer.as_ref().ok());
        if offers.into_iter().any(|offer| !Policy::books_with(caller, offer.doctor, offer.clinic)) {
            return Err(SeriesError::OthersCalendar);
        }
        Ok(weighed)
    }

    /// Refuses who is new where only known patients are seen.
    pub(super) async fn may_come(
        &self,
        caller: &Caller,
        patient: Option<&Patient>,
        offers: impl Iterator<Item = &Offer> + Send,
    ) -> Result<(), SeriesError> {
        // Those who run the calendar decide for themselves whom they see.
        if Policy::is_team(caller) {
            return Ok(());
        }
        let closed = offers.filter(|offer| !offer.open_to_new_patients).map(|offer| offer.doctor).next();
        let known = match (closed, patient) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(doctor), Some(patient)) => self.policy.ties.care_link(doctor, patient.id).await?,
        };
        if known { Ok(()) } else { Err(SeriesError::NotForNewPatients) }
    }
}

/// Those who run calendars book as far ahead as a series reaches; patients as far as the doctor's horizon.
fn times(
    caller: &Caller,
    wish: &SeriesWish,
    own: &OwnTimes,
    (starts, alternatives): (Vec<Timestamp>, usize),
) -> ManyTimes {
    ManyTimes {
        doctor: wish.doctor,
        visit_type: wish.visit_type,
        starts,
        horizon_days: if Policy::is_team(caller) { TEAM_HORIZON_DAYS } else { 0 },
        elsewhere: own.elsewhere.clone(),
        kept: own.held.iter().map(|held| held.blocked).collect(),
        alternatives,
    }
}

#[cfg(test)]
mod tests;
