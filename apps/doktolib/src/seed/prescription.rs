//! What was prescribed at visits. The medicines are made up: nobody can be taken for ill.

use jiff::Timestamp;
use kernel::{AppointmentId, ClinicId, DoctorId, PatientId};
use prescriptions::application::Seals as _;
use prescriptions::domain::{
    CheckCode, Content, Heads, MedicineDraft, Prescription, PrescriptionId, Signature, Treated, Version, VersionId,
    valid_until,
};
use prescriptions::infrastructure::{KeyedSeals, seal};
use uuid::Uuid;

use super::clinic::Clinic;
use super::doctor::Doctor;
use super::rows::{Batch, PRESCRIPTION, VERSION};
use super::visit::{Status, Visit};

/// Name, dosage, duration.
const MEDICINES: [(&str, &str, &str); 8] = [
    ("Exemplarin 500 mg tablets", "1 tablet three times a day", "7 days"),
    ("Demotab 20 mg", "1 tablet in the morning", "30 days"),
    ("Samplex syrup", "10 ml before going to bed", "10 days"),
    ("Placebol 200 mg capsules", "1 capsule twice a day, with food", "5 days"),
    ("Fictamol 400 mg tablets", "1 tablet when needed, at most 3 a day", "14 days"),
    ("Testodrop eye drops", "1 drop in each eye twice a day", "21 days"),
    ("Mockopril 5 mg", "Half a tablet in the evening", "90 days"),
    ("Nonesuch ointment 1 %", "Thinly, twice a day", "14 days"),
];

const NOTE: &str = "Come again should it not get better.";

/// At seven in ten of the visits that took place; which, their ids tell, so that it changes nothing else that is drawn.
pub(super) fn draw(batch: &mut Batch, clinic: &Clinic, doctor: &Doctor, visit: &Visit) {
    let lot = lot(visit);
    if visit.status == Status::Completed && lot % 10 < 7 {
        write(batch, clinic, doctor, visit, [1, 2].map(|one| beside(visit, one)));
    }
}

/// A number of the visit's own, the same each time.
fn lot(visit: &Visit) -> u64 {
    visit.id.as_u64_pair().1 >> 3
}

/// An id of the instant at which the visit ended, told apart from others by the visit's.
fn beside(visit: &Visit, number: u8) -> Uuid {
    let millis = u64::try_from(visit.place.ends_at.as_millisecond()).unwrap_or_default();
    let mut own: [u8; 10] = std::array::from_fn(|at| visit.id.as_bytes()[at + 6]);
    own[9] ^= number;
    uuid::Builder::from_unix_timestamp_millis(millis, &own).into_uuid()
}

/// Writes one, with ids of itself and of its version.
pub(super) fn write(batch: &mut Batch, clinic: &Clinic, doctor: &Doctor, visit: &Visit, [id, version]: [Uuid; 2]) {
    let patient = batch.names.get(&visit.patient_id).cloned().unwrap_or_default();
    let Some(one) = made(batch, clinic, doctor, visit, ([id, version], patient)) else { return };
    let seals = KeyedSeals { keys: batch.keys().clone() };
    let signature = seals.sign(&one.signed_parts());
    let one = one.signed(signature);
    let (row, sealed) = seal(batch.keys(), &one);
    let ours = batch.row(PRESCRIPTION).value(id).value(visit.id).value(doctor.id).value(visit.patient_id);
    let ours = ours.value(clinic.id).text(&one.time_zone).value(one.newest).value(one.revision);
    let ours = ours.value(&row.last_valid_day).numbers(&row.search_keys).numbers(&row.medicine_keys);
    ours.value(one.created_at).value(one.updated_at).end();
    let ours = batch.row(VERSION).value(version).value(id).value(clinic.id).value(one.version.number);
    let ours = ours.value(one.version.issued_at).value(&one.version.issued_on).value(&one.version.valid_until);
    let ours = ours.bytes(&sealed.content).bytes(&sealed.heads).bytes(&sealed.code).bytes(&sealed.code_key);
    ours.bytes(signature.octets()).end();
}

fn made(
    batch: &Batch,
    clinic: &Clinic,
    doctor: &Doctor,
    visit: &Visit,
    ([id, version], patient): ([Uuid; 2], String),
) -> Option<Prescription> {
    let at: Timestamp = visit.place.ends_at;
    let issued_on = at.to_zoned(clinic.city.zone.clone()).date();
    let lot = lot(visit);
    let first = usize::try_from(lot % 8).unwrap_or_default();
    // Two medicines for one in three.
    let many = if lot.is_multiple_of(3) { 2 } else { 1 };
    let drafts: Vec<MedicineDraft> = MEDICINES.iter().cycle().skip(first).take(many).map(draft).collect();
    let content = Content::new(&drafts, lot.is_multiple_of(5).then_some(NOTE)).ok()?;
    let code = batch.keys().blind("seed.prescription.code", &visit.id.to_string());
    let code: [u8; 16] = std::array::from_fn(|at| code[at]);
    let address = format!("{}, {}, {}", clinic.address, clinic.city.name, clinic.city.state);
    Some(Prescription {
        id: PrescriptionId::from_uuid(id),
        appointment: AppointmentId::from_uuid(visit.id),
        doctor: DoctorId::from_uuid(doctor.id),
        patient: PatientId::from_uuid(visit.patient_id),
        clinic: ClinicId::from_uuid(clinic.id),
        time_zone: clinic.city.zone_name.clone(),
        newest: 1,
        revision: 1,
        withdrawn: None,
        created_at: at,
        updated_at: at,
        version: Version {
            id: VersionId::from_uuid(version),
            number: 1,
            issued_at: at,
            issued_on,
            valid_until: valid_until(issued_on, None).ok()?,
            content,
            heads: Heads {
                clinic: clinic.name.clone(),
                address,
                phone: None,
                doctor: format!("{} {}", doctor.first_name, doctor.last_name),
                specialty: titled(&doctor.specialty),
                patient: Treated { name: patient, birth_date: None },
            },
            code: CheckCode::new(code),
            signature: Signature::new([0; 32]),
        },
    })
}

fn draft((name, dosage, duration): &(&str, &str, &str)) -> MedicineDraft {
    MedicineDraft {
        name: Some((*name).to_owned()),
        dosage: Some((*dosage).to_owned()),
        duration: Some((*duration).to_owned()),
        ..MedicineDraft::default()
    }
}

/// A specialty as it is written on paper, by its word in the catalogue.
fn titled(slug: &str) -> String {
    let word =
        |word: &str| word.chars().next().map(|first| format!("{}{}", first.to_uppercase(), &word[first.len_utf8()..]));
    slug.split('-').filter_map(word).collect::<Vec<_>>().join(" ")
}
