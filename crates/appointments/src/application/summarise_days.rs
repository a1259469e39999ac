use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use kernel::{ClinicId, Clock, DoctorId, Interval, PortFailure};

use super::patient_ports::Person;
use super::ports::Practices;
use crate::domain::VisitMode;

/// Doctors who are read together.
const PAGE: u32 = 200;
/// A summary before five is for no early bird, and one after six in the evening tells of a day that is over.
const OF_USE: std::ops::Range<i8> = 5..18;

/// A visit of a doctor's day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayVisit {
    /// From, to.
    pub visit: Interval,
    /// Where.
    pub clinic: ClinicId,
    /// How.
    pub mode: VisitMode,
}

/// A letter about a doctor's day. Patients do not stand in it: mail is no place for whom a doctor sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaySummary {
    /// About whose day.
    pub doctor: DoctorId,
    /// Where it goes.
    pub to: Person,
    /// The visits, the first one first, each with what its clinic is called.
    pub visits: Vec<(DayVisit, String)>,
}

/// Keeps which doctor was told of which day.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DaySummaryStore: Send + Sync {
    /// The visits to come or under way that begin in `span` at clinics on this wall clock, of the first doctors behind
    /// `after` who were not told of the day; each doctor's by their start.
    async fn days(
        &self,
        time_zone: &str,
        day: Date,
        span: Interval,
        after: Option<DoctorId>,
        doctors: u32,
    ) -> Result<Vec<(DoctorId, DayVisit)>, PortFailure>;

    /// Posts the letters and writes down that it did, in one transaction. Who was told meanwhile is left out. Gives how
    /// many were posted.
    async fn post(
        &self,
        summaries: &[DaySummary],
        day: Date,
        time_zone: &str,
        at: Timestamp,
    ) -> Result<usize, PortFailure>;
}

/// Knows where letters to doctors go.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait DoctorAccounts: Send + Sync {
    /// Those of these doctors who have an account that can sign in.
    async fn of_doctors(&self, doctors: &[DoctorId]) -> Result<HashMap<DoctorId, Person>, PortFailure>;
}

/// Tells doctors in the morning what their day holds.
pub struct SummariseDays {
    /// Who was told of what.
    pub store: Arc<dyn DaySummaryStore>,
    /// Where letters to doctors go.
    pub accounts: Arc<dyn DoctorAccounts>,
    /// What clinics are called.
    pub practices: Arc<dyn Practices>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl SummariseDays {
    /// Tells the doctors of clinics on this wall clock of the day it is there at `now`; gives how many letters were
    /// posted. Nobody's rights are asked for: the installation does it by itself. A doctor without visits hears
    /// nothing, nor does anybody outside of the hours at which it is of use.
    ///
    /// # Errors
    /// When something fails; what was posted before is done. Tried again, it is left out.
    pub async fn run(&self, time_zone: &str, now: Timestamp) -> Result<usize, PortFailure> {
        let mut posted = 0;
        for page in self.pages(time_zone, now).await? {
            let local = now.to_zoned(clock_of(time_zone));
            posted += self.store.post(&page, local.date(), time_zone, self.clock.now()).await?;
        }
        Ok(posted)
    }

    /// Whom a run at `now` would tell, and of how many visits.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn list(&self, time_zone: &str, now: Timestamp) -> Result<Vec<(DoctorId, usize)>, PortFailure> {
        let pages = self.pages(time_zone, now).await?;
        Ok(pages.into_iter().flatten().map(|summary| (summary.doctor, summary.visits.len())).collect())
    }

    async fn pages(&self, time_zone: &str, now: Timestamp) -> Result<Vec<Vec<DaySummary>>, PortFailure> {
        let zone = clock_of(time_zone);
        let local = now.to_zoned(zone.clone());
        let (mut pages, mut after) = (Vec::new(), None);
        let Some(span) = day_span(local.date(), &zone).filter(|_| OF_USE.contains(&local.hour())) else {
            return Ok(pages);
        };
        loop {
            let found = self.store.days(time_zone, local.date(), span, after, PAGE).await?;
            let Some((last, _)) = found.last() else { return Ok(pages) };
            after = Some(*last);
            pages.push(self.summaries(found).await?);
        }
    }

    async fn summaries(&self, found: Vec<(DoctorId, DayVisit)>) -> Result<Vec<DaySummary>, PortFailure> {
        let mut days: BTreeMap<DoctorId, Vec<DayVisit>> = BTreeMap::new();
        for (doctor, visit) in found {
            days.entry(doctor).or_default().push(visit);
        }
        let doctors: Vec<DoctorId> = days.keys().copied().collect();
        let clinics: Vec<ClinicId> = days.values().flatten().map(|visit| visit.clinic).collect();
        let called = self.practices.called(&[], &clinics).await?;
        let people = self.accounts.of_doctors(&doctors).await?;
        let named = |visit: DayVisit| {
            let clinic = called.clinics.get(&visit.clinic).cloned().unwrap_or_default();
            (visit, clinic)
        };
        let summary = |(doctor, visits): (DoctorId, Vec<DayVisit>)| {
            let to = people.get(&doctor)?.clone();
            Some(DaySummary { doctor, to, visits: visits.into_iter().map(named).collect() })
        };
        Ok(days.into_iter().filter_map(summary).collect())
    }
}

fn clock_of(time_zone: &str) -> TimeZone {
    TimeZone::get(time_zone).unwrap_or(TimeZone::UTC)
}

/// From the first instant of the day to that of the next one.
fn day_span(day: Date, zone: &TimeZone) -> Option<Interval> {
    let start = |day: Date| day.to_zoned(zone.clone()).ok().map(|midnight| midnight.timestamp());
    Interval::new(start(day)?, start(day.checked_add(1.day()).ok()?)?)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use jiff::SignedDuration;
    use kernel::StoppedClock;

    use super::super::ports::MockPractices;
    use super::super::view_ports::Called;
    use super::*;

    const ZONE: &str = "America/New_York";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn ada() -> Person {
        Person { name: "Ada Example".into(), email: "ada@example.org".into(), language: "fr".into() }
    }

    /// What the use case does at `now`, when the doctors have these visits and the first of them an account.
    async fn told(now: &str, doctors: Vec<DoctorId>) -> (usize, Vec<(Interval, Vec<DaySummary>)>) {
        let posted = Arc::new(Mutex::new(Vec::new()));
        let spans = Arc::new(Mutex::new(Vec::new()));
        let mut store = MockDaySummaryStore::new();
        let (first, clinic, asked) = (doctors[0], ClinicId::mint(), Arc::clone(&spans));
        store.expect_days().returning(move |zone, _, span, after, _| {
            assert_eq!(zone, ZONE);
            asked.lock().unwrap().push(span);
            let end = span.start + SignedDuration::from_mins(30);
            let visit = DayVisit { visit: Interval::new(span.start, end).unwrap(), clinic, mode: VisitMode::Video };
            let all = doctors.iter().filter(|_| after.is_none());
            Ok(all.flat_map(|doctor| [(*doctor, visit.clone()), (*doctor, visit.clone())]).collect())
        });
        let seen = Arc::clone(&posted);
        store.expect_post().returning(move |summaries, _, _, _| {
            let span = spans.lock().unwrap()[0];
            seen.lock().unwrap().push((span, summaries.to_vec()));
            Ok(summaries.len())
        });
        let mut accounts = MockDoctorAccounts::new();
        accounts.expect_of_doctors().returning(move |_| Ok(HashMap::from([(first, ada())])));
        let mut practices = MockPractices::new();
        practices.expect_called().returning(|_, clinics: &[ClinicId]| {
            let clinics = clinics.iter().map(|id| (*id, "Harbor".to_owned())).collect();
            Ok(Called { doctors: Default::default(), clinics })
        });
        let use_case = SummariseDays {
            store: Arc::new(store),
            accounts: Arc::new(accounts),
            practices: Arc::new(practices),
            clock: Arc::new(StoppedClock::at(at(now))),
        };
        let count = use_case.run(ZONE, at(now)).await.unwrap();
        let letters = posted.lock().unwrap().clone();
        (count, letters)
    }

    #[tokio::test]
    async fn a_doctor_with_an_account_hears_of_all_visits_of_the_local_day() {
        let (ada_s, nobody_s) = (DoctorId::mint(), DoctorId::mint());
        let (count, letters) = told("2027-03-15T11:00:00Z", vec![ada_s, nobody_s]).await;
        assert_eq!(count, 1);
        let (span, summaries) = &letters[0];
        assert_eq!((span.start, span.end), (at("2027-03-15T04:00:00Z"), at("2027-03-16T04:00:00Z")));
        assert_eq!((summaries.len(), summaries[0].doctor, &summaries[0].to), (1, ada_s, &ada()));
        let clinics: Vec<&str> = summaries[0].visits.iter().map(|(_, clinic)| clinic.as_str()).collect();
        assert_eq!(clinics, ["Harbor", "Harbor"]);
    }

    #[tokio::test]
    async fn the_day_the_clocks_jump_is_23_hours_long() {
        let (_, letters) = told("2027-03-14T11:00:00Z", vec![DoctorId::mint()]).await;
        assert_eq!(letters[0].0.end.duration_since(letters[0].0.start), SignedDuration::from_hours(23));
    }

    #[tokio::test]
    async fn nobody_is_told_at_night_or_when_the_day_is_over() {
        for late in ["2027-03-15T08:59:00Z", "2027-03-15T22:00:00Z", "2027-03-16T03:00:00Z"] {
            assert_eq!(told(late, vec![DoctorId::mint()]).await.0, 0, "{late}");
        }
        assert_eq!(told("2027-03-15T21:59:00Z", vec![DoctorId::mint()]).await.0, 1);
    }
}
