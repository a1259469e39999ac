use std::sync::Arc;

use jiff::ToSpan as _;
use jiff::tz::TimeZone;
use kernel::{Actor, Clock, PortFailure, Recorded};

use super::ports::PrescriptionStore;
use crate::domain::{KEPT_YEARS, PrescriptionEvent, PrescriptionFact};

const BATCH: u32 = 100;

/// Is it meant?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Run {
    /// Take away.
    Real,
    /// Only count what would go.
    Dry,
}

/// What was taken away, or would be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Prescriptions.
    pub prescriptions: usize,
    /// Their versions.
    pub versions: usize,
}

/// Takes away prescriptions whose retention is over. Each leaves an event with its ids in the audit trail.
pub struct PurgePrescriptions {
    /// Where prescriptions are kept.
    pub store: Arc<dyn PrescriptionStore>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Years that they are kept after their last valid day; never fewer than the law asks.
    pub years: i16,
}

impl PurgePrescriptions {
    /// Takes away what was valid for the last time more than so many years ago.
    ///
    /// # Errors
    /// When the store fails; what was taken away before stays so.
    pub async fn run(&self, run: Run, stop: &(dyn Fn() -> bool + Sync)) -> Result<Purged, PortFailure> {
        let now = self.clock.now();
        let years = self.years.max(KEPT_YEARS);
        // The wall clock that is the last to end a day: nobody's is ended too early.
        let today = now.to_zoned(TimeZone::fixed(jiff::tz::offset(-12))).date();
        let day = today.saturating_sub(years.years());
        let (mut purged, mut after) = (Purged::default(), None);
        while !stop() {
            let old = self.store.ended_before(day, after, BATCH).await?;
            let Some(last) = old.last() else { break };
            after = Some((last.last_valid_day, last.id));
            for one in &old {
                let event = PrescriptionEvent {
                    prescription_id: one.id,
                    appointment_id: one.appointment,
                    doctor_id: one.doctor,
                    patient_id: one.patient,
                    clinic_id: one.clinic,
                    fact: PrescriptionFact::Purged { versions: one.versions },
                };
                let gone = match run {
                    Run::Dry => true,
                    Run::Real => self.store.purge(day, &Recorded::new(event, Actor::System, now)).await?,
                };
                if gone {
                    purged.prescriptions += 1;
                    purged.versions += usize::try_from(one.versions).unwrap_or_default();
                }
            }
        }
        Ok(purged)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{Date, date};
    use kernel::{AppointmentId, ClinicId, DoctorId, PatientId, StoppedClock};

    use super::super::ports::{Ended, MockPrescriptionStore};
    use super::super::test_data::now;
    use super::*;
    use crate::domain::PrescriptionId;

    fn ended() -> Ended {
        Ended {
            last_valid_day: date(2019, 1, 1),
            id: PrescriptionId::mint(),
            appointment: AppointmentId::mint(),
            doctor: DoctorId::mint(),
            patient: PatientId::mint(),
            clinic: ClinicId::mint(),
            versions: 2,
        }
    }

    fn purge(store: MockPrescriptionStore, years: i16) -> PurgePrescriptions {
        PurgePrescriptions { store: Arc::new(store), clock: Arc::new(StoppedClock::at(now())), years }
    }

    fn store(before: Date, there: usize) -> MockPrescriptionStore {
        let mut store = MockPrescriptionStore::new();
        store.expect_ended_before().withf(move |day, _, _| *day == before).returning(move |_, after, _| {
            Ok(if after.is_none() { (0..there).map(|_| ended()).collect() } else { Vec::new() })
        });
        store
    }

    #[tokio::test]
    async fn what_ended_more_than_seven_years_ago_goes_and_each_leaves_its_ids() {
        let mut store = store(date(2020, 3, 1), 3);
        store
            .expect_purge()
            .withf(|_, event| {
                event.event.fact == PrescriptionFact::Purged { versions: 2 } && event.actor == Actor::System
            })
            .times(3)
            .returning(|_, _| Ok(true));
        let purged = purge(store, 7).run(Run::Real, &|| false).await.unwrap();
        assert_eq!(purged, Purged { prescriptions: 3, versions: 6 });
    }

    #[tokio::test]
    async fn a_dry_run_takes_nothing_and_retention_is_never_shortened() {
        let mut dry = store(date(2020, 3, 1), 2);
        dry.expect_purge().never();
        let purged = purge(dry, 1).run(Run::Dry, &|| false).await.unwrap();
        assert_eq!(purged, Purged { prescriptions: 2, versions: 4 });
        let longer = store(date(2017, 3, 1), 0);
        assert_eq!(purge(longer, 10).run(Run::Real, &|| false).await.unwrap(), Purged::default());
    }
}
