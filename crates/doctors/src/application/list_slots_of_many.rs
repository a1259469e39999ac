use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use kernel::{Clock, DoctorId, Interval, PortFailure, ResourceId};

use super::list_free_slots::{FreeSlots, SlotsError, SlotsQuery, View};
use super::ports::{Agendas, BusyTimes, TakenOfMany};
use crate::domain::{Occupied, Rules};

/// Lists the free times of a page of doctors, in two questions to the store however many they are.
pub struct ListSlotsOfMany {
    /// The rules.
    pub agendas: Arc<dyn Agendas>,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ListSlotsOfMany {
    /// The answer to each question, in their order.
    ///
    /// # Errors
    /// When a port fails; a question that cannot be answered fails alone.
    pub async fn run(&self, queries: &[SlotsQuery]) -> Result<Vec<Result<FreeSlots, SlotsError>>, PortFailure> {
        let now = self.clock.now();
        let doctors = distinct(queries.iter().map(|query| query.doctor));
        let rules: HashMap<DoctorId, Rules> =
            self.agendas.rules_of_many(&doctors).await?.into_iter().map(|rules| (rules.doctor, rules)).collect();
        let views: Vec<Result<View<'_>, SlotsError>> = queries
            .iter()
            .map(|query| View::of(rules.get(&query.doctor).ok_or(SlotsError::UnknownDoctor)?, query, now))
            .collect();
        let spans =
            || queries.iter().zip(&views).filter_map(|(query, view)| Some((query.doctor, view.as_ref().ok()?.span?)));
        let whole = spans()
            .map(|(_, span)| span)
            .reduce(|a, b| Interval { start: a.start.min(b.start), end: a.end.max(b.end) });
        let mut taken = TakenOfMany::default();
        let mut rooms: BTreeSet<ResourceId> = BTreeSet::new();
        if let Some(whole) = whole {
            let matter = distinct(spans().map(|(doctor, _)| doctor));
            for view in views.iter().flatten().filter(|view| view.span.is_some()) {
                rooms.extend(view.rooms());
            }
            if rooms.is_empty() {
                taken.doctors = self.busy.busy_of_many(&matter, whole, now).await?;
            } else {
                let rooms: Vec<ResourceId> = rooms.into_iter().collect();
                taken = self.busy.with_resources(&matter, &rooms, whole, now).await?;
            }
        }
        let mut busy: HashMap<DoctorId, Occupied> = HashMap::new();
        for (doctor, stretch) in taken.doctors {
            busy.entry(doctor).or_default().doctor.push(stretch);
        }
        let free = |query: &SlotsQuery, view: View<'_>| {
            let rooms = view.rooms();
            let mut own = busy.get(&query.doctor).cloned().unwrap_or_default();
            own.resources.extend(taken.resources.iter().filter(|(id, _)| rooms.contains(id)));
            view.free(&own, now)
        };
        Ok(queries.iter().zip(views).map(|(query, view)| Ok(free(query, view?))).collect())
    }
}

fn distinct(doctors: impl Iterator<Item = DoctorId>) -> Vec<DoctorId> {
    doctors.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use kernel::StoppedClock;

    use super::super::ports::{MockAgendas, MockBusyTimes};
    use super::super::test_data::{date, nine_to_five, now};
    use super::*;

    fn on(doctor: DoctorId, day: Date) -> SlotsQuery {
        SlotsQuery { doctor, visit_type: None, from: Some(day), to: Some(day) }
    }

    #[tokio::test]
    async fn each_doctor_s_own_time_is_taken_and_the_store_is_asked_twice() {
        let (first, second) = (nine_to_five(), Rules { doctor: DoctorId::mint(), ..nine_to_five() });
        let (one, two, unknown) = (first.doctor, second.doctor, DoctorId::mint());
        let mut agendas = MockAgendas::new();
        // In another order than asked for.
        agendas.expect_rules_of_many().times(1).returning(move |_| Ok(vec![second.clone(), first.clone()]));
        let mut busy = MockBusyTimes::new();
        busy.expect_busy_of_many().times(1).returning(move |doctors, _, _| {
            assert!(!doctors.contains(&unknown));
            let taken = Interval::new("2027-03-02T14:00:00Z".parse().unwrap(), "2027-03-02T15:00:00Z".parse().unwrap());
            Ok(vec![(two, taken.unwrap())])
        });
        let list = ListSlotsOfMany {
            agendas: Arc::new(agendas),
            busy: Arc::new(busy),
            clock: Arc::new(StoppedClock::at(now())),
        };
        let day = date("2027-03-02");
        let answers = list.run(&[on(one, day), on(unknown, day), on(two, day)]).await.unwrap();
        let counts: Vec<_> = answers.iter().map(|answer| answer.as_ref().ok().map(|free| free.slots.len())).collect();
        assert_eq!(counts, [Some(16), None, Some(14)]);
        assert!(matches!(answers[1], Err(SlotsError::UnknownDoctor)));
    }

    #[tokio::test]
    async fn a_bad_question_does_not_spoil_the_others_and_where_nothing_can_be_free_nobody_asks() {
        let rules = nine_to_five();
        let doctor = rules.doctor;
        let mut agendas = MockAgendas::new();
        agendas.expect_rules_of_many().returning(move |_| Ok(vec![rules.clone()]));
        let mut busy = MockBusyTimes::new();
        busy.expect_busy_of_many().never();
        let list = ListSlotsOfMany {
            agendas: Arc::new(agendas),
            busy: Arc::new(busy),
            clock: Arc::new(StoppedClock::at(now())),
        };
        let backwards = SlotsQuery {
            from: Some(date("2027-03-02")),
            to: Some(date("2027-03-01")),
            ..on(doctor, date("2026-01-05"))
        };
        let answers = list.run(&[on(doctor, date("2026-01-05")), backwards]).await.unwrap();
        assert!(matches!(&answers[..], [Ok(free), Err(SlotsError::EndsBeforeItBegins)] if free.slots.is_empty()));
    }
}
