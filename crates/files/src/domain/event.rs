use kernel::{ClinicId, DomainEvent, PatientId};
use serde::Serialize;
use uuid::Uuid;

use super::{FileId, VersionId};

/// What happened to a file. Ids and numbers only; neither names nor what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the fields are the ids that their names say")]
pub enum FileEvent {
    /// A version came.
    Uploaded {
        file_id: FileId,
        version_id: VersionId,
        number: i32,
        patient_id: PatientId,
        clinic_id: Option<ClinicId>,
        quarantined: bool,
    },
    /// Files were refused for a virus; nothing of them was kept.
    Refused { upload_id: FileId, patient_id: PatientId, clinic_id: Option<ClinicId> },
    /// Nothing was found in a version that had waited for the scanner.
    Released { file_id: FileId, version_id: VersionId, patient_id: PatientId, clinic_id: Option<ClinicId> },
    /// A virus was found in a version that had waited for the scanner; its content is deleted.
    Infected { file_id: FileId, version_id: VersionId, patient_id: PatientId, clinic_id: Option<ClinicId> },
    /// The text of a version was read, for search.
    Read { file_id: FileId, version_id: VersionId, patient_id: PatientId, clinic_id: Option<ClinicId> },
    /// Somebody has changed category or name.
    Edited { file_id: FileId, patient_id: PatientId, clinic_id: Option<ClinicId>, category: bool, name: bool },
    /// Somebody has deleted it; it is kept until its retention ends.
    Deleted { file_id: FileId, patient_id: PatientId, clinic_id: Option<ClinicId> },
    /// Its retention has ended, and it is gone: so many versions with so many bytes.
    Purged {
        file_id: FileId,
        patient_id: PatientId,
        clinic_id: Option<ClinicId>,
        versions: usize,
        bytes: u64,
        retention_years: i16,
    },
}

impl DomainEvent for FileEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Uploaded { .. } => "file.uploaded",
            Self::Refused { .. } => "file.refused",
            Self::Released { .. } => "file.released",
            Self::Infected { .. } => "file.infected",
            Self::Read { .. } => "file.read",
            Self::Edited { .. } => "file.edited",
            Self::Deleted { .. } => "file.deleted",
            Self::Purged { .. } => "file.purged",
        }
    }

    fn subject(&self) -> Uuid {
        match self {
            Self::Uploaded { file_id, .. }
            | Self::Released { file_id, .. }
            | Self::Infected { file_id, .. }
            | Self::Read { file_id, .. }
            | Self::Edited { file_id, .. }
            | Self::Deleted { file_id, .. }
            | Self::Purged { file_id, .. } => file_id.as_uuid(),
            Self::Refused { upload_id, .. } => upload_id.as_uuid(),
        }
    }

    fn clinic(&self) -> Option<Uuid> {
        match self {
            Self::Uploaded { clinic_id, .. }
            | Self::Refused { clinic_id, .. }
            | Self::Released { clinic_id, .. }
            | Self::Infected { clinic_id, .. }
            | Self::Read { clinic_id, .. }
            | Self::Edited { clinic_id, .. }
            | Self::Deleted { clinic_id, .. }
            | Self::Purged { clinic_id, .. } => clinic_id.map(ClinicId::as_uuid),
        }
    }
}
