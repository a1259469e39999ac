use jiff::Timestamp;
use jiff::civil::Date;
use kernel::{AppointmentId, ClinicId, DoctorId, PatientId};
use serde::{Deserialize, Serialize};

use super::state::date_in;
use super::{CheckCode, Content, PrescriptionEvent, PrescriptionFact, Signature, Standing, State};

kernel::ids! {
    /// A prescription.
    PrescriptionId,
    /// A version of one.
    VersionId,
}

/// Whom a prescription is for, as its paper names them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Treated {
    /// What they are called.
    pub name: String,
    /// When they were born, where it is known.
    pub birth_date: Option<Date>,
}

/// Who and where, as it was when a version was written: a paper does not change after it was handed out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// Name of the clinic.
    pub clinic: String,
    /// Its address, in one line.
    pub address: String,
    /// Its phone number, where it is known.
    pub phone: Option<String>,
    /// Name of the doctor.
    pub doctor: String,
    /// What the doctor is a specialist in.
    pub specialty: String,
    /// Whom it is for.
    pub patient: Treated,
}

impl std::fmt::Debug for Treated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Treated")
    }
}

impl std::fmt::Debug for Heads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Heads")
    }
}

/// A version: what was written at one time, and handed out as one paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// From 1.
    pub number: i32,
    /// When it was written.
    pub issued_at: Timestamp,
    /// On which day of the clinic's calendar.
    pub issued_on: Date,
    /// The last day on which it is good, of the clinic's calendar.
    pub valid_until: Date,
    /// What it tells.
    pub content: Content,
    /// Who and where.
    pub heads: Heads,
    /// Opens its check.
    pub code: CheckCode,
    /// Of [`Prescription::signed_parts`].
    pub signature: Signature,
}

/// That a prescription is not good any more, whatever paper somebody holds.
#[derive(Clone, PartialEq, Eq)]
pub struct Withdrawal {
    /// Since when.
    pub at: Timestamp,
    /// Why, 1–500 characters.
    pub reason: String,
}

impl std::fmt::Debug for Withdrawal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Withdrawal").field("at", &self.at).finish_non_exhaustive()
    }
}

/// A prescription, looked at in one of its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prescription {
    /// Its id.
    pub id: PrescriptionId,
    /// For which visit; there is no second one for it.
    pub appointment: AppointmentId,
    /// Who wrote it: the visit's doctor.
    pub doctor: DoctorId,
    /// For whom.
    pub patient: PatientId,
    /// Where.
    pub clinic: ClinicId,
    /// IANA zone of the clinic.
    pub time_zone: String,
    /// The newest version's number.
    pub newest: i32,
    /// Counts all changes, withdrawal included.
    pub revision: i32,
    /// Whether it is good any more.
    pub withdrawn: Option<Withdrawal>,
    /// When the first version was written.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
    /// The version that is looked at: the newest, unless another one was asked for.
    pub version: Version,
}

/// Why a prescription cannot be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefusal {
    /// It was withdrawn.
    #[error("the prescription was withdrawn")]
    Withdrawn,
}

impl Prescription {
    /// Today, where it was written.
    #[must_use]
    pub fn today(&self, now: Timestamp) -> Date {
        date_in(&self.time_zone, now)
    }

    /// How good the version is that is looked at.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        let standing = if self.withdrawn.is_some() {
            Standing::Withdrawn
        } else if self.version.number < self.newest {
            Standing::Replaced
        } else {
            Standing::Newest
        };
        standing.state(self.version.valid_until, &self.time_zone, now)
    }

    /// What the signature of its version covers: everything on the paper but names, which may have to be forgotten;
    /// the patient is covered by id.
    #[must_use]
    pub fn signed_parts(&self) -> Vec<Vec<u8>> {
        let Version { number, issued_at, issued_on, valid_until, content, code, .. } = &self.version;
        let mut parts: Vec<Vec<u8>> = vec![
            b"doktolib prescription 1".to_vec(),
            self.id.as_uuid().as_bytes().to_vec(),
            self.appointment.as_uuid().as_bytes().to_vec(),
            self.doctor.as_uuid().as_bytes().to_vec(),
            self.patient.as_uuid().as_bytes().to_vec(),
            self.clinic.as_uuid().as_bytes().to_vec(),
            number.to_be_bytes().to_vec(),
            issued_at.as_microsecond().to_be_bytes().to_vec(),
            issued_on.to_string().into_bytes(),
            valid_until.to_string().into_bytes(),
            code.to_string().into_bytes(),
            content.note.clone().unwrap_or_default().into_bytes(),
        ];
        for medicine in &content.medicines {
            parts.push(medicine.name.clone().into_bytes());
            parts.push(medicine.dosage.clone().into_bytes());
            parts.push(medicine.duration.clone().into_bytes());
            parts.push(medicine.instructions.clone().unwrap_or_default().into_bytes());
            parts.push(vec![medicine.refills]);
        }
        parts
    }

    /// With its signature, made of [`Prescription::signed_parts`].
    #[must_use]
    pub fn signed(mut self, signature: Signature) -> Self {
        self.version.signature = signature;
        self
    }

    /// With another version, not signed yet; `None` when that would say the same.
    ///
    /// # Errors
    /// See [`ChangeRefusal`].
    pub fn changed(
        &self,
        content: Content,
        heads: Heads,
        valid_until: Date,
        code: CheckCode,
        now: Timestamp,
    ) -> Result<Option<Self>, ChangeRefusal> {
        if self.withdrawn.is_some() {
            return Err(ChangeRefusal::Withdrawn);
        }
        if self.version.content == content && self.version.valid_until == valid_until {
            return Ok(None);
        }
        let number = self.newest + 1;
        let version = Version {
            id: VersionId::mint(),
            number,
            issued_at: now,
            issued_on: self.today(now),
            valid_until,
            content,
            heads,
            code,
            signature: Signature::new([0; 32]),
        };
        Ok(Some(Self { newest: number, revision: self.revision + 1, updated_at: now, version, ..self.clone() }))
    }

    /// Not good any more; `None` when it was not before.
    #[must_use]
    pub fn withdrawn(&self, reason: String, now: Timestamp) -> Option<Self> {
        let withdrawn = Some(Withdrawal { at: now, reason });
        let revision = self.revision + 1;
        self.withdrawn.is_none().then(|| Self { withdrawn, revision, updated_at: now, ..self.clone() })
    }

    /// That this happened to it.
    #[must_use]
    pub const fn event(&self, fact: PrescriptionFact) -> PrescriptionEvent {
        PrescriptionEvent {
            prescription_id: self.id,
            appointment_id: self.appointment,
            doctor_id: self.doctor,
            patient_id: self.patient,
            clinic_id: self.clinic,
            fact,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use jiff::civil::date;

    use super::super::MedicineDraft;
    use super::*;

    pub(crate) fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub(crate) fn heads() -> Heads {
        Heads {
            clinic: "Harbor Health Center".into(),
            address: "1 Harbor Street, Boston, MA".into(),
            phone: None,
            doctor: "Amara Okafor".into(),
            specialty: "Cardiology".into(),
            patient: Treated { name: "Ada Example".into(), birth_date: Some(date(1980, 2, 29)) },
        }
    }

    pub(crate) fn content(name: &str) -> Content {
        let draft = MedicineDraft {
            name: Some(name.into()),
            dosage: Some("500 mg".into()),
            duration: Some("7 days".into()),
            ..MedicineDraft::default()
        };
        Content::new(&[draft], None).unwrap()
    }

    pub(crate) fn prescription() -> Prescription {
        let now = at("2027-03-01T15:00:00Z");
        Prescription {
            id: PrescriptionId::mint(),
            appointment: AppointmentId::mint(),
            doctor: DoctorId::mint(),
            patient: PatientId::mint(),
            clinic: ClinicId::mint(),
            time_zone: "America/New_York".into(),
            newest: 1,
            revision: 1,
            withdrawn: None,
            created_at: now,
            updated_at: now,
            version: Version {
                id: VersionId::mint(),
                number: 1,
                issued_at: now,
                issued_on: date(2027, 3, 1),
                valid_until: date(2027, 6, 1),
                content: content("Amoxicillin"),
                heads: heads(),
                code: CheckCode::new([7; 16]),
                signature: Signature::new([9; 32]),
            },
        }
    }

    #[test]
    fn it_expires_when_its_last_day_ends_on_the_clocks_of_the_clinic() {
        let one = prescription();
        assert_eq!(one.state(at("2027-06-02T03:59:59Z")), State::Valid, "still the first of June in New York");
        assert_eq!(one.state(at("2027-06-02T04:00:00Z")), State::Expired);
    }

    #[test]
    fn a_change_is_a_new_version_and_the_old_paper_is_replaced() {
        let one = prescription();
        let now = at("2027-03-05T12:00:00Z");
        let until = date(2027, 4, 1);
        let code = CheckCode::new([8; 16]);
        let two = one.changed(content("Ibuprofen"), heads(), until, code, now).unwrap().unwrap();
        assert_eq!((two.id, two.newest, two.version.number, two.revision), (one.id, 2, 2, 2));
        assert_eq!((two.version.issued_on, two.created_at, two.updated_at), (date(2027, 3, 5), one.created_at, now));
        let old = Prescription { version: one.version.clone(), ..two.clone() };
        assert_eq!((old.state(now), two.state(now)), (State::Replaced, State::Valid));
        let same = one.changed(content("Amoxicillin"), heads(), date(2027, 6, 1), code, now).unwrap();
        assert!(same.is_none(), "one that says the same is none");
    }

    #[test]
    fn what_was_withdrawn_stays_so_in_every_version_and_is_changed_no_more() {
        let now = at("2027-03-05T12:00:00Z");
        let gone = prescription().withdrawn("Wrong dose".into(), now).unwrap();
        assert_eq!((gone.state(now), gone.revision), (State::Withdrawn, 2));
        assert_eq!(gone.state(at("2030-01-01T00:00:00Z")), State::Withdrawn);
        assert!(gone.withdrawn("again".into(), now).is_none());
        let refused = gone.changed(content("x"), heads(), date(2027, 4, 1), CheckCode::new([1; 16]), now);
        assert_eq!(refused, Err(ChangeRefusal::Withdrawn));
    }

    #[test]
    fn the_signature_covers_all_of_the_paper_but_the_name() {
        type Edit = fn(&mut Prescription);
        let one = prescription();
        let edits: [Edit; 11] = [
            |p| p.version.number += 1,
            |p| p.version.valid_until = date(2028, 1, 1),
            |p| p.version.issued_on = date(2027, 3, 2),
            |p| p.version.code = CheckCode::new([1; 16]),
            |p| p.version.content.note = Some("more".into()),
            |p| p.version.content.medicines[0].refills = 1,
            |p| p.version.content.medicines[0].dosage.push('0'),
            |p| p.version.content.medicines[0].instructions = Some("x".into()),
            |p| p.version.content.medicines.clear(),
            |p| p.patient = PatientId::mint(),
            |p| p.doctor = DoctorId::mint(),
        ];
        for (number, edit) in edits.into_iter().enumerate() {
            let mut other = one.clone();
            edit(&mut other);
            assert_ne!(other.signed_parts(), one.signed_parts(), "edit {number}");
        }
        let mut nameless = one.clone();
        nameless.version.heads.patient = Treated { name: "Erased person".into(), birth_date: None };
        assert_eq!(nameless.signed_parts(), one.signed_parts());
    }
}
