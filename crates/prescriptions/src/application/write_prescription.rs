use jiff::tz::TimeZone;
use kernel::{AppointmentId, Caller, Once};

use super::parts::{Asked, Draft, Parts, PrescriptionError};
use super::ports::{Held, InsertError};
use crate::domain::{Prescription, PrescriptionFact, PrescriptionId, Signature, Version, VersionId};

/// Writes a prescription for a visit.
pub struct WritePrescription(
    /// What it needs.
    pub Parts,
);

impl WritePrescription {
    /// For the visit's doctor alone, while the patient is there or after the visit took place; one for each visit.
    ///
    /// # Errors
    /// See [`PrescriptionError`].
    pub async fn run(
        &self,
        caller: &Caller,
        appointment: AppointmentId,
        draft: &Draft,
        asked: &Asked,
        once: Option<Once<Prescription>>,
    ) -> Result<Prescription, PrescriptionError> {
        let Self(parts) = self;
        let found = parts.visits.visit(appointment).await?;
        let visit = found.filter(|visit| caller.is_doctor(visit.doctor)).ok_or(PrescriptionError::UnknownVisit)?;
        let now = parts.clock.now();
        let today = now.to_zoned(TimeZone::get(&visit.time_zone).unwrap_or(TimeZone::UTC)).date();
        let (content, valid_until) = draft.read(today)?;
        if visit.held == Held::No {
            return Err(PrescriptionError::NotHeld);
        }
        let version = Version {
            id: VersionId::mint(),
            number: 1,
            issued_at: now,
            issued_on: today,
            valid_until,
            content,
            heads: parts.heads(&visit).await?,
            code: parts.seals.code(),
            signature: Signature::new([0; 32]),
        };
        let new = parts.signed(Prescription {
            id: PrescriptionId::mint(),
            appointment,
            doctor: visit.doctor,
            patient: visit.patient,
            clinic: visit.clinic,
            time_zone: visit.time_zone,
            newest: 1,
            revision: 1,
            withdrawn: None,
            created_at: now,
            updated_at: now,
            version,
        });
        let written = asked.recorded(caller, &new, PrescriptionFact::Written { version: 1 }, now);
        let letter = parts.letter(&new).await?;
        match parts.store.insert(&new, &written, letter, once).await {
            Ok(()) => Ok(new),
            Err(InsertError::Exists(id)) => Err(PrescriptionError::Exists(id)),
            Err(InsertError::Once(before)) => Err(PrescriptionError::Once(before)),
            Err(InsertError::Failed(failure)) => Err(PrescriptionError::Failed(failure)),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kernel::{DoctorId, UserId};

    use super::super::ports::MockPrescriptionStore;
    use super::super::test_data::{author, draft, parts, parts_with, visit};
    use super::*;

    #[tokio::test]
    async fn the_visits_doctor_writes_it_signed_and_the_patient_is_told() {
        let visit = visit(Held::Yes);
        let mut store = MockPrescriptionStore::new();
        store
            .expect_insert()
            .withf(|new, written, letter, _| {
                written.event == new.event(PrescriptionFact::Written { version: 1 })
                    && letter.as_ref().is_some_and(|letter| letter.doctor == "Amara Okafor")
                    && new.version.signature == Signature::new([3; 32])
            })
            .times(1)
            .returning(|_, _, _, _| Ok(()));
        let write = WritePrescription(parts_with(store, visit.clone()));
        let asked = Asked::default();
        let new = write.run(&author(&visit), visit.id, &draft("Amoxicillin"), &asked, None).await.unwrap();
        assert_eq!((new.patient, new.doctor, new.version.number), (visit.patient, visit.doctor, 1));
        assert_eq!((new.version.issued_on, new.version.valid_until), (date(2027, 3, 1), date(2027, 6, 1)));
        assert_eq!(new.version.heads.patient, visit.treated);
    }

    #[tokio::test]
    async fn nobody_else_writes_one_and_none_is_written_for_a_visit_that_was_not_held() {
        let held = visit(Held::Yes);
        let user = UserId::mint();
        for caller in [
            Caller::doctor(user, DoctorId::mint(), vec![held.clinic]),
            Caller::staff(user, vec![held.clinic]),
            Caller::admin(user),
            Caller::patient(user),
            Caller::guest(),
        ] {
            let mut store = MockPrescriptionStore::new();
            store.expect_insert().never();
            let write = WritePrescription(parts_with(store, held.clone()));
            let refused = write.run(&caller, held.id, &draft("x"), &Asked::default(), None).await;
            assert!(matches!(refused, Err(PrescriptionError::UnknownVisit)), "{caller:?}: {refused:?}");
        }
        let ahead = visit(Held::No);
        let mut store = MockPrescriptionStore::new();
        store.expect_insert().never();
        let write = WritePrescription(parts_with(store, ahead.clone()));
        let refused = write.run(&author(&ahead), ahead.id, &draft("x"), &Asked::default(), None).await;
        assert!(matches!(refused, Err(PrescriptionError::NotHeld)), "{refused:?}");
    }

    #[tokio::test]
    async fn a_second_one_for_the_visit_and_bad_fields_are_refused() {
        let visit = visit(Held::Yes);
        let first = PrescriptionId::mint();
        let mut store = MockPrescriptionStore::new();
        store.expect_insert().times(1).returning(move |_, _, _, _| Err(InsertError::Exists(first)));
        let write = WritePrescription(parts_with(store, visit.clone()));
        let refused = write.run(&author(&visit), visit.id, &draft("x"), &Asked::default(), None).await;
        assert!(matches!(refused, Err(PrescriptionError::Exists(id)) if id == first), "{refused:?}");
        let bad = Draft { valid_until: Some(date(2029, 1, 1)), ..Draft::default() };
        let refused = write.run(&author(&visit), visit.id, &bad, &Asked::default(), None).await;
        let Err(PrescriptionError::Faulty(faults)) = refused else { unreachable!("{refused:?}") };
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, ["medicines", "valid_until"]);
        let unknown = parts(MockPrescriptionStore::new());
        let refused =
            WritePrescription(unknown).run(&author(&visit), visit.id, &draft("x"), &Asked::default(), None).await;
        assert!(matches!(refused, Err(PrescriptionError::UnknownVisit)), "{refused:?}");
    }
}
