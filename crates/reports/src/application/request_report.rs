use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use kernel::{Actor, Caller, Clock, DoctorId, Once, OnceError, PortFailure, Recorded};

use super::policy::covered;
use super::report_ports::{Doctors, ReportStore, StoreReportError};
use crate::domain::{BadPeriod, Report, ReportEvent, ReportId, ReportState, check_period, object_keys};

/// Why no report is made.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// There is no such doctor, or not for the caller.
    #[error("no such doctor")]
    NotFound,
    /// The period cannot be reported on.
    #[error("the period cannot be reported on")]
    Period(BadPeriod),
    /// It was asked for before, under the same key.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

/// Has a report about a doctor made.
pub struct RequestReport {
    /// Where reports are kept.
    pub store: Arc<dyn ReportStore>,
    /// Where doctors work.
    pub doctors: Arc<dyn Doctors>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl RequestReport {
    /// Writes the wish down: a report about the dates from `from` to `to`. The doctor and administrators get all clinics
    /// where the doctor works, a front desk its own of these.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub async fn run(
        &self,
        caller: &Caller,
        doctor: DoctorId,
        (from, to): (Date, Date),
        request_id: Option<String>,
        once: Option<Once<Report>>,
    ) -> Result<Report, RequestError> {
        let clinics = covered(caller, doctor, self.doctors.clinics_of(doctor).await?);
        let (Some(clinic), Some(asked_by)) = (clinics.first().copied(), caller.user()) else {
            return Err(RequestError::NotFound);
        };
        let now = self.clock.now();
        let today = now.to_zoned(TimeZone::UTC).date();
        check_period(from, to, today).map_err(RequestError::Period)?;
        let id = ReportId::mint();
        let [object_key, _] = object_keys(doctor, today, id);
        let state = ReportState::Waiting;
        let report = Report { id, doctor, clinics, from, to, asked_by, asked_at: now, state, object_key };
        let event = ReportEvent::Requested { report_id: id, doctor_id: doctor, clinic_id: clinic, from, to };
        let actor: Actor = caller.actor();
        let recorded = Recorded::new(event, actor, now).caused_by(request_id);
        self.store.request(&report, &recorded, once).await.map_err(|error| match error {
            StoreReportError::Once(before) => RequestError::Once(before),
            StoreReportError::Failed(failure) => RequestError::Failed(failure),
        })
    }
}

#[cfg(test)]
mod tests {
    use kernel::{ClinicId, StoppedClock, UserId};

    use super::super::report_ports::{MockDoctors, MockReportStore};
    use super::*;

    fn use_case(store: MockReportStore, at: Vec<ClinicId>) -> RequestReport {
        let mut doctors = MockDoctors::new();
        doctors.expect_clinics_of().returning(move |_| Ok(at.clone()));
        let clock = StoppedClock::at("2027-03-10T12:00:00Z".parse().unwrap());
        RequestReport { store: Arc::new(store), doctors: Arc::new(doctors), clock: Arc::new(clock) }
    }

    fn february() -> (Date, Date) {
        ("2027-02-01".parse().unwrap(), "2027-02-28".parse().unwrap())
    }

    #[tokio::test]
    async fn a_front_desk_gets_what_was_at_its_own_clinics_and_the_doctor_all() {
        let (doctor, user) = (DoctorId::mint(), UserId::mint());
        let (own, other) = (ClinicId::mint(), ClinicId::mint());
        for (caller, clinics) in [
            (Caller::staff(user, vec![own]), vec![own]),
            (Caller::doctor(user, doctor, vec![]), vec![other, own]),
            (Caller::admin(user), vec![other, own]),
        ] {
            let mut store = MockReportStore::new();
            store.expect_request().once().returning(|report, _, _| Ok(report.clone()));
            let report = use_case(store, vec![other, own]).run(&caller, doctor, february(), None, None).await.unwrap();
            assert_eq!((report.clinics, report.state), (clinics, ReportState::Waiting));
            assert_eq!(report.object_key, format!("reports/doctor-{doctor}-2027-03-10.pdf"));
        }
    }

    #[tokio::test]
    async fn nobody_else_gets_one_nor_one_of_days_to_come() {
        let (doctor, user, clinic) = (DoctorId::mint(), UserId::mint(), ClinicId::mint());
        for caller in [
            Caller::staff(user, vec![ClinicId::mint()]),
            Caller::doctor(user, DoctorId::mint(), vec![clinic]),
            Caller::patient(user),
            Caller::guest(),
        ] {
            let mut store = MockReportStore::new();
            store.expect_request().never();
            let refused = use_case(store, vec![clinic]).run(&caller, doctor, february(), None, None).await;
            assert!(matches!(refused, Err(RequestError::NotFound)), "{caller:?}: {refused:?}");
        }
        let mut store = MockReportStore::new();
        store.expect_request().never();
        let (from, _) = february();
        let refused = use_case(store, vec![clinic])
            .run(&Caller::admin(user), doctor, (from, "2027-03-10".parse().unwrap()), None, None)
            .await;
        assert!(matches!(refused, Err(RequestError::Period(BadPeriod::NotOver))), "{refused:?}");
        let nowhere = use_case(MockReportStore::new(), Vec::new());
        let refused = nowhere.run(&Caller::admin(user), doctor, february(), None, None).await;
        assert!(matches!(refused, Err(RequestError::NotFound)));
    }
}
