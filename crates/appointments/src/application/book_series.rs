use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{Actor, Caller, FailureKind, Interval, Once, PortFailure, Recorded};

use super::plan_series::{PlanSeries, SeriesError, SeriesWish};
use super::ports::AppointmentDetails;
use super::series_letters::SeriesLetters;
use super::series_ports::{Hindered, NewSeries, NewSeriesError, OwnTimes, SeriesDetails, Weighed};
use super::welcome_patient::{WelcomeError, WelcomePatient};
use crate::domain::{Offer, Patient, Series, SeriesTerms};

const TRIES: usize = 3;

/// A series that is to be booked.
#[derive(Debug, Clone)]
pub struct SeriesBooking {
    /// What is wanted.
    pub wish: SeriesWish,
    /// The times that were agreed on, in place of the rule's own dates: some left out, some replaced.
    pub agreed: Option<Vec<Timestamp>>,
    /// What the doctor should know at each visit.
    pub notes: Option<String>,
}

impl From<WelcomeError> for SeriesError {
    fn from(error: WelcomeError) -> Self {
        match error {
            WelcomeError::NobodyKnown => Self::Nobody,
            WelcomeError::BadPatient(error) => error.into(),
            WelcomeError::Failed(failure) => failure.into(),
        }
    }
}

/// Books a series: all of its visits, or none.
pub struct BookSeries {
    /// Looks at the dates.
    pub plan: PlanSeries,
    /// Makes a user's own record where there is none yet.
    pub welcome: Arc<WelcomePatient>,
    /// Tells patients.
    pub letters: SeriesLetters,
}

impl BookSeries {
    /// Books every date of the rule or, where other times were agreed on, every one of those.
    ///
    /// # Errors
    /// See [`SeriesError`]; then nothing is booked.
    pub async fn run(
        &self,
        caller: &Caller,
        booking: SeriesBooking,
        request_id: Option<String>,
        once: Option<Once<SeriesDetails>>,
    ) -> Result<SeriesDetails, SeriesError> {
        let SeriesBooking { wish, agreed, notes } = booking;
        let now = self.plan.clock.now();
        let known = self.plan.known(caller, wish.patient).await?;
        let (time_zone, dates) = self.plan.dates(caller, &wish, now).await?;
        let starts = match agreed {
            Some(agreed) => agreed_on(agreed, dates.len())?,
            None => dates,
        };
        let patient = match (known, caller.actor()) {
            (Some(patient), _) => patient,
            (None, Actor::Patient(user)) => self.welcome.own(user, request_id.clone()).await?,
            (None, _) => return Err(SeriesError::Nobody),
        };
        let terms = SeriesTerms {
            rule: wish.rule.clone(),
            first: wish.first,
            time_zone: time_zone.iana_name().unwrap_or("UTC").to_owned(),
        };
        // Between our look and our write somebody may change the doctor's hours.
        for _ in 0..TRIES {
            let own = self.plan.own_times(caller, wish.doctor, Some(&patient), &starts, now).await?;
            let weighed = self.plan.weighed(caller, &wish, &own, (starts.clone(), 0), now).await?;
            let offers = all_offered(weighed, &time_zone)?;
            self.plan.may_come(caller, Some(&patient), offers.iter()).await?;
            let new = self.ready(caller, (&terms, offers, &patient), (notes.as_deref(), &own), now).await?;
            let new = NewSeries { once: once.clone(), ..caused_by(new, request_id.as_deref()) };
            match self.plan.store.insert_series(&new).await {
                Ok(stored) => return Ok(stored),
                Err(NewSeriesError::RulesChanged) => {}
                Err(NewSeriesError::SlotTaken(taken)) => return Err(SeriesError::SlotTaken(taken, time_zone)),
                Err(NewSeriesError::PatientBusy(taken)) => return Err(SeriesError::PatientBusy(taken, time_zone)),
                Err(NewSeriesError::Once(error)) => return Err(error.into()),
                Err(NewSeriesError::Failed(failure)) => return Err(failure.into()),
            }
        }
        let restless = PortFailure::new("book a series", "the rules change with every look");
        Err(restless.of_kind(FailureKind::Contention).into())
    }

    async fn ready(
        &self,
        caller: &Caller,
        (terms, offers, patient): (&SeriesTerms, Vec<Offer>, &Patient),
        (notes, own): (Option<&str>, &OwnTimes),
        now: Timestamp,
    ) -> Result<NewSeries, SeriesError> {
        let edition = offers.first().map_or(0, |offer| offer.edition);
        let blocked: Vec<Interval> = offers.iter().map(|offer| offer.blocked).collect();
        let in_the_way = |held: &Interval| blocked.iter().any(|blocked| blocked.overlaps(held));
        let given_up = own.held.iter().filter(|held| in_the_way(&held.blocked)).map(|held| held.id).collect();
        let (series, visits, event) =
            Series::book(terms, offers, patient.id, notes, now).ok_or(SeriesError::BadlyAgreed)?;
        let (visits, booked): (Vec<_>, Vec<_>) = visits.into_iter().unzip();
        let visits: Vec<AppointmentDetails> = visits
            .into_iter()
            .map(|appointment| AppointmentDetails { appointment, patient: patient.clone() })
            .collect();
        let letter = self.letters.about(caller, &visits).await?;
        self.letters.watch.shown(caller, &visits, "booking").await?;
        Ok(NewSeries {
            booked: booked.into_iter().map(|event| Recorded::new(event, caller.actor(), now)).collect(),
            event: Recorded::new(event, caller.actor(), now),
            details: SeriesDetails { series, visits },
            edition,
            given_up,
            letter,
            once: None,
        })
    }
}

fn caused_by(new: NewSeries, request_id: Option<&str>) -> NewSeries {
    let request_id = || request_id.map(str::to_owned);
    NewSeries {
        booked: new.booked.into_iter().map(|event| event.caused_by(request_id())).collect(),
        event: new.event.caused_by(request_id()),
        ..new
    }
}

/// The agreed times in order: each once, and not more than the rule has dates.
fn agreed_on(agreed: Vec<Timestamp>, most: usize) -> Result<Vec<Timestamp>, SeriesError> {
    let count = agreed.len();
    let ordered: BTreeSet<Timestamp> = agreed.into_iter().collect();
    if ordered.is_empty() || ordered.len() != count || count > most {
        return Err(SeriesError::BadlyAgreed);
    }
    Ok(ordered.into_iter().collect())
}

/// The offers of all times; where one is missing, why: rules first, since other times have to be chosen then anyway.
fn all_offered(weighed: Vec<Weighed>, zone: &TimeZone) -> Result<Vec<Offer>, SeriesError> {
    let (mut offers, mut refused, mut taken, mut busy) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Weighed { starts_at, answer, .. } in weighed {
        match answer {
            Ok(offer) => offers.push(offer),
            Err(Hindered::Rule(rule)) => refused.push((starts_at, rule)),
            Err(Hindered::Taken(_)) => taken.push(starts_at),
            Err(Hindered::PatientBusy) => busy.push(starts_at),
        }
    }
    if !refused.is_empty() {
        Err(SeriesError::Refused(refused, zone.clone()))
    } else if !taken.is_empty() {
        Err(SeriesError::SlotTaken(taken, zone.clone()))
    } else if !busy.is_empty() {
        Err(SeriesError::PatientBusy(busy, zone.clone()))
    } else {
        Ok(offers)
    }
}

#[cfg(test)]
mod tests;
