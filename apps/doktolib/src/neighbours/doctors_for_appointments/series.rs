use appointments::application::{Hindered, ManyTimes, NoOffer, SeriesAgenda, Weighed};
use async_trait::async_trait;
use doctors::application::{Hurdle, TimesError, TimesQuestion, WeighTimes, WeighedTime};
use doctors::domain::Obstacle;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use kernel::{ClinicId, PortFailure};

use super::{free_slot, in_our_words};

/// Doctors' hours decide which times of a series can be booked.
pub struct SeriesForAppointments {
    pub(crate) weigh: WeighTimes,
}

#[async_trait]
impl SeriesAgenda for SeriesForAppointments {
    async fn place(
        &self,
        asked: &ManyTimes,
        first: Timestamp,
        now: Timestamp,
    ) -> Result<Result<(ClinicId, TimeZone), NoOffer>, PortFailure> {
        told(self.weigh.place(&times_question(asked), first, now).await)
    }

    async fn weigh(&self, asked: &ManyTimes, now: Timestamp) -> Result<Result<Vec<Weighed>, NoOffer>, PortFailure> {
        let times = told(self.weigh.run(&times_question(asked), now).await)?;
        Ok(times.map(|times| times.into_iter().map(|time| weighed(asked, time)).collect()))
    }
}

fn times_question(asked: &ManyTimes) -> TimesQuestion {
    TimesQuestion {
        doctor: asked.doctor,
        visit_type: asked.visit_type,
        starts: asked.starts.clone(),
        horizon_days: asked.horizon_days,
        elsewhere: asked.elsewhere.clone(),
        kept: asked.kept.clone(),
        alternatives: asked.alternatives,
    }
}

fn told<T>(answer: Result<T, TimesError>) -> Result<Result<T, NoOffer>, PortFailure> {
    match answer {
        Ok(answer) => Ok(Ok(answer)),
        Err(TimesError::UnknownDoctor) => Ok(Err(NoOffer::UnknownDoctor)),
        Err(TimesError::UnknownVisitType) => Ok(Err(NoOffer::UnknownVisitType)),
        Err(TimesError::Failed(failure)) => Err(failure),
    }
}

fn weighed(asked: &ManyTimes, time: WeighedTime) -> Weighed {
    let WeighedTime { starts_at, ends_at, answer, near } = time;
    let answer = match answer {
        Ok(offered) => Ok(in_our_words(asked.doctor, offered)),
        Err(Hurdle::Elsewhere) => Err(Hindered::PatientBusy),
        Err(Hurdle::Obstacle(obstacle)) => Err(match obstacle {
            Obstacle::Rule(_) => Hindered::Rule(obstacle.word()),
            Obstacle::Busy | Obstacle::Buffer | Obstacle::Resource => Hindered::Taken(obstacle.word()),
        }),
    };
    Weighed { starts_at, ends_at, answer, alternatives: near.into_iter().map(free_slot).collect() }
}
