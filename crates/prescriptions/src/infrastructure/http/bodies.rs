use jiff::Timestamp;
use jiff::tz::TimeZone;
use platform::http::{PlainDate, in_zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use super::PrescriptionsApi;
use crate::application::{Checked, Draft, Figures, Verdict};
use crate::domain::{Medicine, MedicineDraft, Prescription};

/// A medicine that is to be prescribed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMedicine)]
pub(super) struct NewMedicineBody {
    /// What it is called.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "Amoxicillin 500 mg capsules"
    )]
    name: Option<String>,
    /// How much of it is taken, and how often.
    #[schema(
        required = true,
        nullable = false,
        min_length = 1,
        max_length = 200,
        example = "1 capsule three times a day"
    )]
    dosage: Option<String>,
    /// For how long.
    #[schema(required = true, nullable = false, min_length = 1, max_length = 100, example = "7 days")]
    duration: Option<String>,
    /// What there is to mind.
    #[schema(max_length = 1000, example = "With water, also once you feel better")]
    instructions: Option<String>,
    /// How often the pharmacy may hand it out again; 0 when left out.
    #[schema(nullable = false, minimum = 0, maximum = 12, example = 0)]
    refills: Option<u8>,
}

impl From<NewMedicineBody> for MedicineDraft {
    fn from(body: NewMedicineBody) -> Self {
        let NewMedicineBody { name, dosage, duration, instructions, refills } = body;
        Self { name, dosage, duration, instructions, refills }
    }
}

/// A new prescription.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPrescription)]
pub(super) struct NewPrescriptionBody {
    /// The visit it is for.
    #[validate(required(code = "required", message = "is required"))]
    #[schema(required = true, nullable = false)]
    pub(super) appointment_id: Option<Uuid>,
    /// In the order of the paper.
    #[validate(required(code = "required", message = "is required"))]
    #[schema(required = true, nullable = false, min_items = 1, max_items = 20)]
    medicines: Option<Vec<NewMedicineBody>>,
    /// To the patient.
    #[schema(max_length = 2000, example = "Come again should the fever last")]
    note: Option<String>,
    /// The last day on which it is good: today to twelve months from now, three months when left out.
    #[schema(nullable = false, value_type = Option<String>, format = Date, example = "2027-06-01")]
    valid_until: Option<PlainDate>,
}

impl NewPrescriptionBody {
    pub(super) fn draft(self) -> Draft {
        draft(self.medicines, self.note, self.valid_until)
    }
}

/// Another version of a prescription: all of it, not only what differs.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PrescriptionChange)]
pub(super) struct ChangeBody {
    /// In the order of the paper.
    #[validate(required(code = "required", message = "is required"))]
    #[schema(required = true, nullable = false, min_items = 1, max_items = 20)]
    medicines: Option<Vec<NewMedicineBody>>,
    /// To the patient.
    #[schema(max_length = 2000, example = "Come again should the fever last")]
    note: Option<String>,
    /// The last day on which it is good: today to twelve months from now, three months when left out.
    #[schema(nullable = false, value_type = Option<String>, format = Date, example = "2027-06-01")]
    valid_until: Option<PlainDate>,
}

impl ChangeBody {
    pub(super) fn draft(self) -> Draft {
        draft(self.medicines, self.note, self.valid_until)
    }
}

fn draft(medicines: Option<Vec<NewMedicineBody>>, note: Option<String>, valid_until: Option<PlainDate>) -> Draft {
    let medicines = medicines.unwrap_or_default().into_iter().map(MedicineDraft::from).collect();
    Draft { medicines, note, valid_until: valid_until.map(|date| date.0) }
}

/// Why a prescription is withdrawn.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PrescriptionWithdrawal)]
pub(super) struct WithdrawBody {
    /// For patient and doctors; whoever checks a paper is not told.
    #[validate(required(code = "required", message = "is required"))]
    #[schema(required = true, nullable = false, min_length = 1, max_length = 500, example = "Wrong dose")]
    pub(super) reason: Option<String>,
}

/// A hash that stands on a paper.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PrescriptionHash)]
pub(super) struct HashBody {
    /// 64 hexadecimal digits; spaces between them do not matter.
    #[validate(required(code = "required", message = "is required"), length(max = 200))]
    #[schema(
        required = true,
        nullable = false,
        max_length = 200,
        example = "5f70bf18 a0860070 16e948b0 4aed3b82 103a36be a41755b6 cddfaf10 ace3c6ef"
    )]
    pub(super) hash: Option<String>,
}

/// A medicine.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Medicine)]
pub(super) struct MedicineBody {
    #[schema(example = "Amoxicillin 500 mg capsules")]
    name: String,
    #[schema(example = "1 capsule three times a day")]
    dosage: String,
    #[schema(example = "7 days")]
    duration: String,
    #[schema(example = "With water, also once you feel better")]
    instructions: Option<String>,
    /// How often the pharmacy may hand it out again.
    #[schema(example = 0)]
    refills: u8,
}

impl From<&Medicine> for MedicineBody {
    fn from(medicine: &Medicine) -> Self {
        Self {
            name: medicine.name.clone(),
            dosage: medicine.dosage.clone(),
            duration: medicine.duration.clone(),
            instructions: medicine.instructions.clone(),
            refills: medicine.refills,
        }
    }
}

/// A prescription in one of its versions.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Prescription)]
pub(super) struct PrescriptionBody {
    id: Uuid,
    appointment_id: Uuid,
    doctor_id: Uuid,
    /// As it was when this version was written, like all names here.
    #[schema(example = "Amara Okafor")]
    doctor_name: String,
    #[schema(example = "Cardiology")]
    specialty: String,
    patient_id: Uuid,
    #[schema(example = "Ada Example")]
    patient_name: String,
    clinic_id: Uuid,
    #[schema(example = "Harbor Health Center")]
    clinic_name: String,
    /// Which version this is, from 1.
    #[schema(example = 1)]
    version: i32,
    /// The newest version there is.
    #[schema(example = 1)]
    newest_version: i32,
    /// `valid`, `expired`, `replaced` (there is a newer version) or `withdrawn`.
    #[schema(example = "valid")]
    state: &'static str,
    /// Of the clinic's calendar.
    #[schema(format = Date, example = "2027-03-01")]
    issued_on: String,
    /// The last day on which it is good.
    #[schema(format = Date, example = "2027-06-01")]
    valid_until: String,
    medicines: Vec<MedicineBody>,
    /// To the patient.
    note: Option<String>,
    /// Since when it is not good any more.
    #[schema(format = DateTime)]
    withdrawn_at: Option<String>,
    withdraw_reason: Option<String>,
    /// The signed hash of this version, as it stands on its paper.
    #[schema(example = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")]
    hash: String,
    /// Where a pharmacy checks the paper of this version.
    #[schema(example = "https://doktolib.example/prescriptions/check/7zzzzzzzzzzzzzzzzzzzzzzzzz")]
    check_url: String,
    /// When the first version was written.
    #[schema(format = DateTime, example = "2027-03-01T09:20:00-05:00")]
    created_at: String,
    /// When this version was written.
    #[schema(format = DateTime, example = "2027-03-01T09:20:00-05:00")]
    issued_at: String,
}

impl PrescriptionBody {
    pub(super) fn new(api: &PrescriptionsApi, one: &Prescription, now: Timestamp) -> Self {
        let zone = TimeZone::get(&one.time_zone).unwrap_or(TimeZone::UTC);
        let (version, heads) = (&one.version, &one.version.heads);
        Self {
            id: one.id.as_uuid(),
            appointment_id: one.appointment.as_uuid(),
            doctor_id: one.doctor.as_uuid(),
            doctor_name: heads.doctor.clone(),
            specialty: heads.specialty.clone(),
            patient_id: one.patient.as_uuid(),
            patient_name: heads.patient.name.clone(),
            clinic_id: one.clinic.as_uuid(),
            clinic_name: heads.clinic.clone(),
            version: version.number,
            newest_version: one.newest,
            state: one.state(now).word(),
            issued_on: version.issued_on.to_string(),
            valid_until: version.valid_until.to_string(),
            medicines: version.content.medicines.iter().map(MedicineBody::from).collect(),
            note: version.content.note.clone(),
            withdrawn_at: one.withdrawn.as_ref().map(|gone| in_zone(gone.at, &zone)),
            withdraw_reason: one.withdrawn.as_ref().map(|gone| gone.reason.clone()),
            hash: version.signature.to_string(),
            check_url: api.check_url(version.code),
            created_at: in_zone(one.created_at, &zone),
            issued_at: in_zone(version.issued_at, &zone),
        }
    }
}

/// What a doctor has prescribed, counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PrescriptionFigures)]
pub(super) struct FiguresBody {
    doctor_id: Uuid,
    /// Prescriptions.
    #[schema(example = 42)]
    total: u64,
    /// Patients that have one.
    #[schema(example = 17)]
    patients: u64,
    /// Different medicines in their newest versions.
    #[schema(example = 9)]
    medications: u64,
    /// Prescriptions that were first written in the last 30 days.
    #[schema(example = 5)]
    last_30_days: u64,
}

impl FiguresBody {
    pub(super) const fn new(doctor_id: Uuid, figures: Figures) -> Self {
        let Figures { total, patients, medications, last_30_days } = figures;
        Self { doctor_id, total, patients, medications, last_30_days }
    }
}

/// What a paper is worth. Nothing of patient, doctor or medicines.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PrescriptionCheck)]
pub(super) struct CheckBody {
    /// `valid`, `expired`, `replaced` (there is a newer version), `withdrawn`, or `altered` (what is stored is not what
    /// was signed: rely on nothing, and ask the clinic).
    #[schema(example = "valid")]
    state: &'static str,
    /// Of the clinic's calendar.
    #[schema(format = Date, example = "2027-03-01")]
    issued_on: String,
    /// The last day on which it is good.
    #[schema(format = Date, example = "2027-06-01")]
    valid_until: String,
    /// Which version the paper is.
    #[schema(example = 1)]
    version: i32,
    #[schema(example = "Harbor Health Center")]
    clinic_name: String,
    /// Has to be the one on the paper.
    #[schema(example = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef")]
    hash: String,
}

/// The word for what a paper is worth.
pub(super) const fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Known(state) => state.word(),
        Verdict::Altered => "altered",
    }
}

impl CheckBody {
    pub(super) fn new(checked: &Checked) -> Self {
        let version = &checked.prescription.version;
        Self {
            state: verdict_word(checked.verdict),
            issued_on: version.issued_on.to_string(),
            valid_until: version.valid_until.to_string(),
            version: version.number,
            clinic_name: version.heads.clinic.clone(),
            hash: version.signature.to_string(),
        }
    }
}
