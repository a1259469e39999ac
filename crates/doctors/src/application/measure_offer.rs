use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{ClinicId, DoctorId, PortFailure};

use super::occupied::occupied;
use super::ports::{Agendas, BusyTimes};
use crate::domain::Rules;

/// How much time a doctor offers at a clinic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MeasuredOffer {
    /// Whose.
    pub doctor: DoctorId,
    /// Minutes of the date's opening hours, less breaks, holidays and time off, whether taken or free.
    pub minutes: u32,
    /// The local date of the third free time of the default visit type; none is known, or none was asked for.
    pub third_free: Option<Date>,
}

/// Measures what doctors offer, for those who keep statistics.
pub struct MeasureOffer {
    /// The rules.
    pub agendas: Arc<dyn Agendas>,
    /// What is taken.
    pub busy: Arc<dyn BusyTimes>,
}

impl MeasureOffer {
    /// What each of these doctors offers at `clinic` on a date of its calendar. The third free time is looked for as of
    /// the instant `as_of`, at that clinic alone.
    ///
    /// # Errors
    /// When a port fails.
    pub async fn run(
        &self,
        doctors: &[DoctorId],
        clinic: ClinicId,
        date: Date,
        as_of: Option<Timestamp>,
    ) -> Result<Vec<MeasuredOffer>, PortFailure> {
        let mut measured = Vec::new();
        for mut rules in self.agendas.rules_of_many(doctors).await? {
            rules.clinics.retain(|known| known.id == clinic);
            let open: i64 = rules.open_hours(clinic, date).iter().map(|open| open.length().as_secs() / 60).sum();
            let third_free = match as_of {
                Some(now) => self.third_free(&rules, clinic, now).await?,
                None => None,
            };
            measured.push(MeasuredOffer {
                doctor: rules.doctor,
                minutes: u32::try_from(open).unwrap_or(0),
                third_free,
            });
        }
        Ok(measured)
    }

    async fn third_free(&self, rules: &Rules, clinic: ClinicId, now: Timestamp) -> Result<Option<Date>, PortFailure> {
        let Some(zone) = rules.time_zone(clinic) else { return Ok(None) };
        let Some(visit_type) = rules.default_visit_type() else { return Ok(None) };
        let span = rules.bookable_span(now).widened(720, 0);
        let taken = occupied(&*self.busy, rules, visit_type, span, now).await?;
        let free = rules.next_free(visit_type, &taken, now, now, 3);
        Ok(free.get(2).map(|slot| zone.to_datetime(slot.starts_at).date()))
    }
}

#[cfg(test)]
mod tests {
    use kernel::Interval;

    use super::super::ports::{MockAgendas, MockBusyTimes};
    use super::super::test_data::{date, nine_to_five, now};
    use super::*;

    fn measure(rules: Rules, taken: Vec<Interval>) -> MeasureOffer {
        let mut agendas = MockAgendas::new();
        agendas.expect_rules_of_many().returning(move |_| Ok(vec![rules.clone()]));
        let mut busy = MockBusyTimes::new();
        busy.expect_busy().returning(move |_, _, _| Ok(taken.clone()));
        MeasureOffer { agendas: Arc::new(agendas), busy: Arc::new(busy) }
    }

    #[tokio::test]
    async fn the_hours_of_the_date_count_and_the_third_free_time_is_looked_for_where_it_is_asked_for() {
        let rules = nine_to_five();
        let (doctor, clinic) = (rules.doctor, rules.home_clinic);
        // Monday is taken but for its last hour.
        let taken = Interval::new("2027-03-01T14:00:00Z".parse().unwrap(), "2027-03-01T21:00:00Z".parse().unwrap());
        let measure = measure(rules, taken.into_iter().collect());
        let found = measure.run(&[doctor], clinic, date("2027-03-01"), Some(now())).await.unwrap();
        assert_eq!(found, [MeasuredOffer { doctor, minutes: 480, third_free: Some(date("2027-03-02")) }]);
        let found = measure.run(&[doctor], clinic, date("2027-03-06"), None).await.unwrap();
        assert_eq!(found, [MeasuredOffer { doctor, minutes: 0, third_free: None }]);
    }

    #[tokio::test]
    async fn nothing_is_offered_at_a_clinic_where_the_doctor_does_not_work() {
        let rules = nine_to_five();
        let doctor = rules.doctor;
        let found = measure(rules, Vec::new()).run(&[doctor], ClinicId::mint(), date("2027-03-01"), Some(now())).await;
        assert_eq!(found.unwrap(), [MeasuredOffer { doctor, minutes: 0, third_free: None }]);
    }
}
