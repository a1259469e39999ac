//! What one can do with files, and what that needs from outside.

mod add_version;
mod change_file;
mod inspection_ports;
mod judge_quarantined;
mod ports;
mod purge_files;
mod read_files;
mod read_text;
mod take_in;
mod upload_files;

pub use add_version::{AddVersion, AddVersionError};
pub use change_file::{Change, ChangeError, ChangeFile};
pub use inspection_ports::{FileInspector, Inspected, ReadText, Scan, TextReader, Unfit, VirusScanner};
pub use judge_quarantined::{JudgeQuarantined, Judged};
pub use ports::{
    Contents, FileStore, FileUpkeep, Incoming, ListQuery, NamesOnly, Patients, Placed, Remains, Spooled, StoreError,
    Tie, TieKind,
};
pub use purge_files::{ForgetPatient, PurgeFiles};
pub use read_files::{ReadError, ReadFiles, Sight, Wanted};
pub use read_text::ReadVersionText;
pub use take_in::TakeIn;
pub use upload_files::{Upload, UploadError, UploadFiles};
