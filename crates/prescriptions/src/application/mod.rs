//! What one can do with prescriptions, and what that needs from outside.

mod change_prescription;
mod check_paper;
mod count_prescriptions;
mod forget_patient;
mod list_prescriptions;
mod parts;
mod ports;
mod purge_prescriptions;
mod read_prescription;
#[cfg(test)]
mod test_data;
mod withdraw_prescription;
mod write_prescription;

pub use change_prescription::ChangePrescription;
pub use check_paper::{CheckPaper, Checked, Verdict};
pub use count_prescriptions::CountPrescriptions;
pub use forget_patient::ForgetPatient;
pub use list_prescriptions::ListPrescriptions;
pub use parts::{Asked, Draft, Parts, PrescriptionError};
pub use ports::{
    Addressee, Addressees, Ended, Figures, Filter, Ground, Held, InsertError, Letterhead, Page, Practices,
    PrescriptionStore, Readers, ReadyLetter, Seals, StoreError, Visit, Visits, Within,
};
pub use purge_prescriptions::{PurgePrescriptions, Purged, Run};
pub use read_prescription::ReadPrescription;
pub use withdraw_prescription::WithdrawPrescription;
pub use write_prescription::WritePrescription;
