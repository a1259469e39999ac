use jiff::tz::TimeZone;
use kernel::KeptAnswer;
use platform::http::in_zone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use validator::Validate;

use crate::application::Sight;
use crate::domain::{Category, File, Version, VersionState};
use crate::infrastructure::rows::hex;

/// What a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FileCategory)]
pub enum CategoryWord {
    /// Results of a laboratory.
    LabResults,
    /// Papers of an insurance.
    Insurance,
    /// Prescriptions.
    Prescriptions,
    /// Letters and findings of doctors and hospitals.
    MedicalRecords,
    /// Anything else.
    Other,
}

impl From<CategoryWord> for Category {
    fn from(word: CategoryWord) -> Self {
        match word {
            CategoryWord::LabResults => Self::LabResults,
            CategoryWord::Insurance => Self::Insurance,
            CategoryWord::Prescriptions => Self::Prescriptions,
            CategoryWord::MedicalRecords => Self::MedicalRecords,
            CategoryWord::Other => Self::Other,
        }
    }
}

impl From<Category> for CategoryWord {
    fn from(category: Category) -> Self {
        match category {
            Category::LabResults => Self::LabResults,
            Category::Insurance => Self::Insurance,
            Category::Prescriptions => Self::Prescriptions,
            Category::MedicalRecords => Self::MedicalRecords,
            Category::Other => Self::Other,
        }
    }
}

/// What may be done with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FileState)]
pub enum StateWord {
    /// It waits for the virus scanner.
    Quarantined,
    /// It can be read.
    Available,
    /// A virus was found later; its content is gone.
    Infected,
}

impl From<StateWord> for VersionState {
    fn from(word: StateWord) -> Self {
        match word {
            StateWord::Quarantined => Self::Quarantined,
            StateWord::Available => Self::Available,
            StateWord::Infected => Self::Infected,
        }
    }
}

impl From<VersionState> for StateWord {
    fn from(state: VersionState) -> Self {
        match state {
            VersionState::Quarantined => Self::Quarantined,
            VersionState::Available => Self::Available,
            VersionState::Infected => Self::Infected,
        }
    }
}

/// A file of a patient. What a front desk does not see is null: key, pages, dates and digest.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = File)]
pub struct FileBody {
    id: Uuid,
    patient_id: Uuid,
    category: CategoryWord,
    #[schema(example = "Blood test.pdf", max_length = 205)]
    name: String,
    /// By the content: `pdf`, `jpeg`, `png`, `gif`, `doc`, `docx` or `txt`.
    #[schema(example = "pdf")]
    kind: &'static str,
    #[schema(example = "application/pdf")]
    media_type: &'static str,
    /// Bytes.
    #[schema(example = 48_213, minimum = 1, maximum = 10_485_760)]
    size: u64,
    /// SHA-256 of the content, in hexadecimal digits.
    sha256: Option<String>,
    #[schema(example = 2)]
    pages: Option<u32>,
    /// Dates that stand in it, the latest first; none until the worker has read it.
    #[schema(value_type = Vec<String>, nullable = true)]
    dates: Option<Vec<String>>,
    state: StateWord,
    /// Which version this is, from 1.
    #[schema(minimum = 1, example = 1)]
    version: i32,
    /// Where its content lies: what a link is asked for by.
    #[schema(example = "patients/0195…/lab_results/20270301T120000Z_0195….pdf")]
    key: Option<String>,
    #[schema(format = DateTime)]
    uploaded_at: String,
    /// The role of who has uploaded it: `patient`, `doctor` or `staff`.
    #[schema(example = "patient")]
    uploaded_by: &'static str,
}

impl FileBody {
    pub(super) fn new(file: &File, sight: Sight) -> Self {
        Self::of_version(file, &file.newest, sight)
    }

    pub(super) fn of_version(file: &File, version: &Version, sight: Sight) -> Self {
        let whole = sight == Sight::Whole;
        Self {
            id: file.id.as_uuid(),
            patient_id: file.patient.as_uuid(),
            category: file.category.into(),
            name: version.name.as_str().to_owned(),
            kind: version.kind.name(),
            media_type: version.kind.media_type(),
            size: version.size,
            sha256: whole.then(|| hex(&version.sha256)),
            pages: version.pages.filter(|_| whole),
            dates: whole.then(|| version.dates.iter().map(ToString::to_string).collect()),
            state: version.state.into(),
            version: version.number,
            key: whole.then(|| version.object_key.clone()),
            uploaded_at: in_zone(version.uploaded_at, &TimeZone::UTC),
            uploaded_by: version.uploader.word(),
        }
    }
}

fn sight_of_uploader(file: &File) -> Sight {
    if file.newest.uploader == kernel::Role::Staff { Sight::Names } else { Sight::Whole }
}

/// The answer to an upload: each file, as who has uploaded it sees it.
pub(super) fn uploaded(files: &[File]) -> KeptAnswer {
    let bodies: Vec<FileBody> = files.iter().map(|file| FileBody::new(file, sight_of_uploader(file))).collect();
    let only = if let [only] = files { Some(format!("/api/v1/files/{}", only.id)) } else { None };
    KeptAnswer { status: 201, location: only, etag: None, body: serde_json::to_vec(&bodies).unwrap_or_default() }
}

/// The answer to a newer version.
pub(super) fn renewed(file: &File) -> KeptAnswer {
    KeptAnswer {
        status: 201,
        location: Some(format!("/api/v1/files/{}", file.id)),
        etag: None,
        body: serde_json::to_vec(&FileBody::new(file, sight_of_uploader(file))).unwrap_or_default(),
    }
}

/// What is sent to upload files.
#[derive(Debug, ToSchema)]
#[schema(as = FileUpload)]
#[expect(dead_code, reason = "describes the form, which is read piece by piece")]
pub struct UploadForm {
    /// Whose files they are. Patients may leave it out, for oneself.
    #[schema(nullable = false)]
    patient_id: Option<Uuid>,
    /// What they are about; what is chosen here stays. Left out, names and contents tell it.
    #[schema(nullable = false)]
    category: Option<CategoryWord>,
    /// One to five files of 10 MiB at most.
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1, max_items = 5)]
    file: Vec<Vec<u8>>,
}

/// What is sent to add a version.
#[derive(Debug, ToSchema)]
#[schema(as = FileVersionUpload)]
#[expect(dead_code, reason = "describes the form, which is read piece by piece")]
pub struct VersionForm {
    /// A file of 10 MiB at most.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// What is to be changed of a file.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FileChange)]
pub struct EditBody {
    #[schema(nullable = false)]
    pub(super) category: Option<CategoryWord>,
    /// Made harmless as at the upload; the ending stays that of the content.
    #[validate(length(min = 1, max = 255))]
    #[schema(nullable = false, min_length = 1, max_length = 255)]
    pub(super) name: Option<String>,
}

/// A link to a file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FileLink)]
pub struct LinkBody {
    /// Opens this one version for whoever has it, until then.
    #[schema(format = "uri")]
    pub(super) url: String,
    /// `GET` (and `HEAD`, which is the same without the content).
    #[schema(example = "GET")]
    pub(super) method: &'static str,
    #[schema(format = DateTime)]
    pub(super) expires_at: String,
}
