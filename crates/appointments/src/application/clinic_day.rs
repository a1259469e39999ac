use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Actor, Caller, ClinicId, Clock, DoctorId, Interval, PortFailure};

use super::ports::{AppointmentDetails, Practices};
use super::watch_reads::WatchReads;
use crate::domain::{Status, expected_starts};

/// More visits are not shown at once.
pub const MOST_VISITS: usize = 5000;

/// A clinic's name and clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicClock {
    /// Its name.
    pub name: String,
    /// IANA zone.
    pub time_zone: String,
}

/// When a doctor works on a date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDay {
    /// Of the clinic's calendar.
    pub date: Date,
    /// From when to when, in order.
    pub open: Vec<Interval>,
}

/// When a doctor works at a clinic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DoctorHours {
    /// Who.
    pub doctor: DoctorId,
    /// As patients read it.
    pub name: String,
    /// On which dates.
    pub days: Vec<OpenDay>,
}

/// Clinics and the hours of their doctors. Another slice knows.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ClinicHours: Send + Sync {
    /// Name and clock of a clinic; `None` when there is none.
    async fn clock(&self, clinic: ClinicId) -> Result<Option<ClinicClock>, PortFailure>;

    /// The clinic's doctors and when they work there on these dates, by surname.
    async fn of(&self, clinic: ClinicId, dates: &[Date]) -> Result<Vec<DoctorHours>, PortFailure>;
}

/// The visits of a clinic.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait ClinicVisits: Send + Sync {
    /// Those that begin within the span, perhaps of one doctor, by start; [`MOST_VISITS`] at most.
    async fn visits(
        &self,
        clinic: ClinicId,
        doctor: Option<DoctorId>,
        span: Interval,
    ) -> Result<Vec<AppointmentDetails>, PortFailure>;
}

/// Why no day is shown.
#[derive(Debug, thiserror::Error)]
pub enum DayError {
    /// There is no such clinic, or it is not this caller's.
    #[error("no such clinic")]
    NotFound,
    /// Something failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Which part of a clinic's calendar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DayWish {
    /// The first date; today at the clinic when left out.
    pub date: Option<Date>,
    /// One doctor's column alone.
    pub doctor: Option<DoctorId>,
    /// So many dates; none is one.
    pub more_days: u8,
}

/// A doctor's column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Whose.
    pub hours: DoctorHours,
    /// The visits, by start.
    pub visits: Vec<AppointmentDetails>,
}

/// Part of a clinic's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClinicDay {
    /// Of which clinic.
    pub clinic: ClinicId,
    /// Its name and clock.
    pub clock: ClinicClock,
    /// The dates.
    pub dates: Vec<Date>,
    /// The doctors.
    pub columns: Vec<Column>,
    /// As of when.
    pub now: Timestamp,
}

/// Somebody who waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// For what.
    pub visit: AppointmentDetails,
    /// What the doctor is called.
    pub doctor_name: String,
    /// When it is expected to begin.
    pub expected_at: Timestamp,
}

/// Shows a clinic's calendar by doctors, and who waits there.
pub struct ShowClinicDay {
    /// The doctors and their hours.
    pub hours: Arc<dyn ClinicHours>,
    /// The visits.
    pub visits: Arc<dyn ClinicVisits>,
    /// What doctors are called who do not work there any more.
    pub practices: Arc<dyn Practices>,
    /// Writes down who is shown what.
    pub watch: WatchReads,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ShowClinicDay {
    /// The calendar of the clinic: all of it for its front desk and administrators, the own column for a doctor who is
    /// a member. It costs the same number of questions however many doctors there are.
    ///
    /// # Errors
    /// See [`DayError`].
    pub async fn run(&self, caller: &Caller, clinic: ClinicId, wish: DayWish) -> Result<ClinicDay, DayError> {
        let only = match (caller.actor(), caller.profile()) {
            (Actor::Staff(_), _) if caller.is_staff_of(clinic) => wish.doctor,
            (Actor::Admin(_), _) => wish.doctor,
            (Actor::Doctor(_), Some(own)) if caller.clinics().contains(&clinic) => {
                if wish.doctor.is_some_and(|asked| asked != own) {
                    return Err(DayError::NotFound);
                }
                Some(own)
            }
            _ => return Err(DayError::NotFound),
        };
        let clock = self.hours.clock(clinic).await?.ok_or(DayError::NotFound)?;
        let now = self.clock.now();
        let zone = TimeZone::get(&clock.time_zone).unwrap_or(TimeZone::UTC);
        let first = wish.date.unwrap_or_else(|| zone.to_datetime(now).date());
        let dates = dates(first, wish.more_days);
        let mut hours = self.hours.of(clinic, &dates).await?;
        hours.retain(|column| only.is_none_or(|only| only == column.doctor));
        let visits = match span(&zone, &dates) {
            Some(span) => self.visits.visits(clinic, only, span).await?,
            None => Vec::new(),
        };
        self.watch.shown(caller, &visits, "calendar").await?;
        let columns = self.columns(hours, visits, &dates).await?;
        Ok(ClinicDay { clinic, clock, dates, columns, now })
    }

    /// Who waits at the clinic today: who is expected first stands first.
    ///
    /// # Errors
    /// See [`DayError`].
    pub async fn queue(&self, caller: &Caller, clinic: ClinicId) -> Result<(ClinicDay, Vec<Waiting>), DayError> {
        let day = self.run(caller, clinic, DayWish::default()).await?;
        let mut queue = Vec::new();
        for Column { hours, visits } in &day.columns {
            let expected: HashMap<_, _> =
                expected_starts(visits.iter().map(|details| &details.appointment), day.now).into_iter().collect();
            let waiting = visits.iter().filter(|details| details.appointment.status == Status::Arrived);
            queue.extend(waiting.filter_map(|visit| {
                let expected_at = *expected.get(&visit.appointment.id)?;
                Some(Waiting { visit: visit.clone(), doctor_name: hours.name.clone(), expected_at })
            }));
        }
        queue.sort_by_key(|waiting| (waiting.expected_at, waiting.visit.appointment.id));
        Ok((day, queue))
    }

    async fn columns(
        &self,
        hours: Vec<DoctorHours>,
        visits: Vec<AppointmentDetails>,
        dates: &[Date],
    ) -> Result<Vec<Column>, PortFailure> {
        let mut columns: Vec<Column> = hours.into_iter().map(|hours| Column { hours, visits: Vec::new() }).collect();
        let mut strangers = Vec::new();
        for visit in visits {
            match columns.iter_mut().find(|column| column.hours.doctor == visit.appointment.doctor) {
                Some(column) => column.visits.push(visit),
                None => strangers.push(visit),
            }
        }
        if strangers.is_empty() {
            return Ok(columns);
        }
        // Doctors who have left keep the visits that were booked with them.
        let mut ids: Vec<DoctorId> = strangers.iter().map(|visit| visit.appointment.doctor).collect();
        ids.sort();
        ids.dedup();
        let called = self.practices.called(&ids, &[]).await?;
        for doctor in ids {
            let days = dates.iter().map(|date| OpenDay { date: *date, open: Vec::new() }).collect();
            let name = called.doctors.get(&doctor).cloned().unwrap_or_default();
            let visits = strangers.iter().filter(|visit| visit.appointment.doctor == doctor).cloned().collect();
            columns.push(Column { hours: DoctorHours { doctor, name, days }, visits });
        }
        Ok(columns)
    }
}

fn dates(first: Date, more: u8) -> Vec<Date> {
    let days = std::iter::successors(Some(first), |date| date.tomorrow().ok());
    days.take(usize::from(more) + 1).collect()
}

/// From the first midnight to the one after the last date.
fn span(zone: &TimeZone, dates: &[Date]) -> Option<Interval> {
    let midnight = |date: Date| zone.to_ambiguous_timestamp(date.at(0, 0, 0, 0)).compatible().ok();
    Interval::new(midnight(*dates.first()?)?, midnight(dates.last()?.tomorrow().ok()?)?)
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::ports::MockPractices;
    use super::super::test_data::{booked, now};
    use super::super::view_ports::{Called, MockAccessLog};
    use super::*;

    fn showing(visits: Vec<AppointmentDetails>, only: Option<DoctorId>, listed: Vec<DoctorId>) -> ShowClinicDay {
        let mut hours = MockClinicHours::new();
        let clock = ClinicClock { name: "Harbor".into(), time_zone: "America/Chicago".into() };
        hours.expect_clock().returning(move |_| Ok(Some(clock.clone())));
        hours.expect_of().returning(move |_, dates| {
            let days: Vec<OpenDay> = dates.iter().map(|date| OpenDay { date: *date, open: vec![] }).collect();
            let column = |doctor: &DoctorId| DoctorHours { doctor: *doctor, name: "Listed".into(), days: days.clone() };
            Ok(listed.iter().map(column).collect())
        });
        let mut store = MockClinicVisits::new();
        store
            .expect_visits()
            .withf(move |_, doctor, span| *doctor == only && span.length().as_hours() == 24)
            .returning(move |_, _, _| Ok(visits.clone()));
        let mut practices = MockPractices::new();
        practices.expect_called().returning(|ids, _| {
            Ok(Called { doctors: ids.iter().map(|id| (*id, "Gone".to_owned())).collect(), ..Called::default() })
        });
        let mut log = MockAccessLog::new();
        log.expect_record().withf(|seen| seen[0].what == "calendar").returning(|_| Ok(()));
        let clock = Arc::new(StoppedClock::at(now()));
        ShowClinicDay {
            hours: Arc::new(hours),
            visits: Arc::new(store),
            practices: Arc::new(practices),
            watch: WatchReads { log: Arc::new(log), clock: clock.clone() },
            clock,
        }
    }

    #[tokio::test]
    async fn a_front_desk_sees_every_column_also_of_who_has_left_and_today_is_the_clinics() {
        let visit = booked();
        let (clinic, listed) = (visit.appointment.clinic, DoctorId::mint());
        let desk = Caller::staff(UserId::mint(), vec![clinic]);
        let day = showing(vec![visit], None, vec![listed]).run(&desk, clinic, DayWish::default()).await.unwrap();
        let columns: Vec<_> = day.columns.iter().map(|one| (one.hours.name.as_str(), one.visits.len())).collect();
        assert_eq!(columns, [("Listed", 0), ("Gone", 1)]);
        assert_eq!(day.dates, ["2027-03-01".parse::<Date>().unwrap()]);
    }

    #[tokio::test]
    async fn a_doctor_sees_the_own_column_at_the_own_clinics_and_others_see_none() {
        let (user, own, clinic) = (UserId::mint(), DoctorId::mint(), ClinicId::mint());
        let doctor = Caller::doctor(user, own, vec![clinic]);
        let both = vec![own, DoctorId::mint()];
        let day = showing(vec![], Some(own), both).run(&doctor, clinic, DayWish::default()).await.unwrap();
        assert_eq!(day.columns.len(), 1);
        let others = DayWish { doctor: Some(DoctorId::mint()), ..DayWish::default() };
        for (caller, wish) in [
            (doctor, others),
            (Caller::doctor(user, own, vec![]), DayWish::default()),
            (Caller::staff(user, vec![ClinicId::mint()]), DayWish::default()),
            (Caller::patient(user), DayWish::default()),
            (Caller::guest(), DayWish::default()),
        ] {
            let refused = showing(vec![], None, vec![]).run(&caller, clinic, wish).await;
            assert!(matches!(refused, Err(DayError::NotFound)), "{caller:?}: {refused:?}");
        }
    }

    #[tokio::test]
    async fn who_waits_stands_in_the_queue_and_who_is_only_booked_does_not() {
        let (mut there, absent) = (booked(), booked());
        there.appointment.status = Status::Arrived;
        let clinic = there.appointment.clinic;
        let desk = Caller::staff(UserId::mint(), vec![clinic]);
        let expected = there.appointment.visit.start;
        let show = showing(vec![there.clone(), absent], None, vec![there.appointment.doctor]);
        let (_, queue) = show.queue(&desk, clinic).await.unwrap();
        assert_eq!(queue, [Waiting { visit: there, doctor_name: "Listed".into(), expected_at: expected }]);
    }
}
