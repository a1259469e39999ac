//! What each caller is answered, for operations that have it in common: one word for each of the columns.

pub const ALL: &str = "yes yes yes yes yes yes yes yes yes yes yes yes";
/// Whoever asks is answered as one who does not have what opens it: a token, a code, a password.
pub const BY_PROOF: &str = "401 401 401 401 401 401 401 401 401 401 401 401";
/// Whoever has the code of a guest's hold; half a sign-in is good for nothing.
pub const CODE_OF_A_HOLD: &str = "401 401 401 401 401 401 401 401 401 401 401 403";
/// Open to all, but a sign-in that is shown has to be one.
pub const OPEN_TO_SIGN_INS: &str = "yes yes yes yes yes yes yes yes yes 401 401 403";
pub const SIGNED_IN: &str = "401 yes yes yes yes yes yes yes yes 401 401 403";
pub const PATIENTS: &str = "401 yes yes 403 403 403 403 403 403 401 401 403";
/// Both sides of a visit, its clinic's front desk, administrators, and its link.
pub const SIDES_OF_A_VISIT: &str = "401 yes 404 yes 404 404 yes 404 yes yes 404 403";
/// Who runs the calendar a visit stands in.
pub const THOSE_WHO_RUN_IT: &str = "401 403 403 yes 404 404 yes 404 yes 401 401 403";
pub const PATIENT_OF_THE_RECORD: &str = "401 yes 404 403 403 403 403 403 403 401 401 403";
/// The doctor, the front desk of the doctor's clinic, administrators.
pub const CALENDAR: &str = "401 403 403 yes 404 404 yes 404 yes 401 401 403";
pub const FRONT_DESK: &str = "401 403 403 403 403 403 yes 404 yes 401 401 403";
/// Any front desk, and administrators.
pub const ANY_DESK: &str = "401 403 403 403 403 403 yes yes yes 401 401 403";
pub const TEAM_OF_CLINIC: &str = "401 403 403 yes yes 404 yes 404 yes 401 401 403";
pub const NEW_AT_CLINIC: &str = "401 403 403 403 403 403 yes 422 yes 401 401 403";
/// Whoever cannot sign as the provider does.
pub const BY_SIGNATURE: &str = "403 403 403 403 403 403 403 403 403 403 403 403";
pub const HELD_BY_PATIENT: &str = "401 yes 404 404 404 404 404 404 404 401 401 403";
pub const HOLDING: &str = "yes yes yes yes 422 422 yes 422 yes 401 401 403";
pub const WALK_INS: &str = "401 403 403 yes 422 422 yes 422 yes 401 401 403";
pub const BOOKING: &str = "yes yes 422 yes 422 422 yes 422 yes 401 401 403";
/// The patient's side, the doctor who is waited for, and the doctor's front desk.
pub const WAITS: &str = "401 yes 404 yes 404 404 yes 404 yes 401 401 403";
pub const JOINING: &str = "401 yes 422 yes 422 422 yes 422 yes 401 401 403";
pub const PATIENT_S_OWN: &str = "401 yes 404 404 404 404 404 404 404 401 401 403";
pub const SIGNED_IN_OR_SETTING_UP: &str = "401 yes yes yes yes yes yes yes yes 401 401 yes";
pub const ADMINS: &str = "401 403 403 403 403 403 403 403 yes 401 401 403";
pub const TEAM: &str = "401 403 403 yes yes yes yes yes yes 401 401 403";
pub const TEAM_OR_SETTING_UP: &str = "401 403 403 yes yes yes yes yes yes 401 401 yes";
pub const DOCTORS: &str = "401 403 403 yes yes yes 403 403 403 401 401 403";
/// Who looks after the patient, treats the patient, or runs the front desk where that is done.
pub const RECORD: &str = "401 yes 404 yes 404 404 yes 404 403 401 401 403";
/// Who treats the patient, and the front desk where that is done; the record is named in the body.
pub const WRITING_TO: &str = "401 403 403 yes 422 422 yes 422 403 401 401 403";
pub const NO_MESSAGE: &str = "401 403 403 404 404 404 404 404 403 401 401 403";
pub const DESK: &str = "401 403 403 403 403 403 yes 404 403 401 401 403";
pub const NEW_PATIENT: &str = "401 403 403 403 403 403 yes 422 403 401 401 403";
pub const PRACTICE: &str = "401 403 403 yes yes yes yes yes 403 401 401 403";
/// Members of the clinic, and administrators.
pub const CLINIC_S_TEAM: &str = "401 403 403 yes yes 404 yes 404 yes 401 401 403";
pub const OPENED_BY_DOCTOR_ELSEWHERE: &str = "401 403 403 404 404 yes 403 403 403 401 401 403";
/// Everybody but administrators.
pub const CARERS: &str = "401 yes yes yes yes yes yes yes 403 401 401 403";
/// Who looks after the patient, or treats the patient.
pub const PAPERS: &str = "401 yes 404 yes 404 404 403 403 403 401 401 403";
/// Who wrote a prescription.
pub const AUTHOR: &str = "401 403 403 yes 404 404 403 403 403 401 401 403";
pub const AUTHOR_TO_BE: &str = "401 403 403 yes 422 422 403 403 403 401 401 403";
/// Who wrote it, and the patient's side; front desks and administrators read none.
pub const PAPER: &str = "401 yes 404 yes 404 404 403 403 403 401 401 403";
/// Patients and doctors, each what they reach.
pub const PATIENTS_AND_DOCTORS: &str = "401 yes yes yes yes yes 403 403 403 401 401 403";
