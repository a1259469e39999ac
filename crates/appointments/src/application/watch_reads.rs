use std::sync::Arc;

use kernel::{Caller, ClinicId, Clock, PatientId, PortFailure};

use super::policy::Policy;
use super::ports::AppointmentDetails;
use super::view_ports::{Access, AccessLog};

/// By what right somebody reads of a patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grounds {
    /// It is the caller's own reach.
    Reach,
    /// By breaking the glass.
    Emergency,
}

/// Writes down who is shown what of patients, before it is shown.
#[derive(Clone)]
pub struct WatchReads {
    /// Where it is written.
    pub log: Arc<dyn AccessLog>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl WatchReads {
    /// Writes down that `caller` is shown these visits, one entry for each patient and clinic. Patients, who looks
    /// after them, and holders of links are not written down: they read of themselves.
    ///
    /// # Errors
    /// When it cannot be written; nothing may be shown then.
    pub async fn shown(
        &self,
        caller: &Caller,
        visits: impl IntoIterator<Item = &AppointmentDetails> + Send,
        what: &'static str,
    ) -> Result<(), PortFailure> {
        self.shown_by(caller, Grounds::Reach, visits, what).await
    }

    /// [`WatchReads::shown`], told by what right.
    ///
    /// # Errors
    /// When it cannot be written; nothing may be shown then.
    pub async fn shown_by(
        &self,
        caller: &Caller,
        grounds: Grounds,
        visits: impl IntoIterator<Item = &AppointmentDetails> + Send,
        what: &'static str,
    ) -> Result<(), PortFailure> {
        let of = visits.into_iter().map(|details| (details.appointment.patient, Some(details.appointment.clinic)));
        self.told(caller, grounds, of.collect(), what).await
    }

    /// Writes down that `caller` is told of these patients, each perhaps at a clinic.
    ///
    /// # Errors
    /// When it cannot be written; nothing may be told then.
    pub async fn told(
        &self,
        caller: &Caller,
        grounds: Grounds,
        of: Vec<(PatientId, Option<ClinicId>)>,
        what: &'static str,
    ) -> Result<(), PortFailure> {
        if !Policy::is_team(caller) {
            return Ok(());
        }
        let at = self.clock.now();
        let mut accesses: Vec<Access> = of
            .into_iter()
            .map(|(patient, clinic)| Access {
                patient,
                at,
                actor: caller.actor(),
                doctor: caller.profile(),
                clinic,
                what,
                emergency: grounds == Grounds::Emergency,
            })
            .collect();
        accesses.sort_by_key(|access| (access.patient, access.clinic));
        accesses.dedup();
        if accesses.is_empty() { Ok(()) } else { self.log.record(&accesses).await }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};

    use super::super::test_data::{booked, now};
    use super::super::view_ports::MockAccessLog;
    use super::*;

    #[tokio::test]
    async fn each_patient_of_a_list_is_written_down_once() {
        let (one, other) = (booked(), booked());
        let caller = Caller::staff(UserId::mint(), vec![one.appointment.clinic]);
        let mut log = MockAccessLog::new();
        log.expect_record().withf(|accesses| accesses.len() == 2).times(1).returning(|_| Ok(()));
        let watch = WatchReads { log: Arc::new(log), clock: Arc::new(StoppedClock::at(now())) };
        watch.shown(&caller, [&one, &other, &one], "list").await.unwrap();
    }

    #[tokio::test]
    async fn who_reads_of_oneself_is_not_written_down() {
        let visit = booked();
        let mut log = MockAccessLog::new();
        log.expect_record().never();
        let watch = WatchReads { log: Arc::new(log), clock: Arc::new(StoppedClock::at(now())) };
        for caller in [Caller::patient(UserId::mint()), Caller::link_holder(visit.appointment.id), Caller::guest()] {
            watch.shown(&caller, [&visit], "appointment").await.unwrap();
        }
    }
}
