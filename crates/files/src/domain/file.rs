use jiff::civil::Date;
use jiff::{Span, Timestamp, tz::TimeZone};
use kernel::{ClinicId, PatientId, Role, UserId};

use super::{Category, FileEvent, FileKind, FileName, ToldBy};

kernel::ids! {
    /// A file of a patient, with all its versions.
    FileId,
    /// One version of a file.
    VersionId,
}

/// The largest file that is taken: 10 MiB.
pub const MOST_BYTES: u64 = 10 * 1024 * 1024;
/// So many files are taken at once.
pub const MOST_FILES: usize = 5;
/// So many versions of a file are kept; more are refused.
pub const MOST_VERSIONS: i32 = 100;
/// Years for which files are kept after they were deleted, where nothing else is wished for; the law asks for so many.
pub const RETENTION_YEARS: i16 = 7;

/// What may be done with a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionState {
    /// Nobody has looked for viruses in it yet; nobody reads it.
    Quarantined,
    /// It can be read.
    Available,
    /// A virus was found in it; its content is gone.
    Infected,
}

impl VersionState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Quarantined, Self::Available, Self::Infected];

    /// The word for it on the wire and in the store.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Quarantined => "quarantined",
            Self::Available => "available",
            Self::Infected => "infected",
        }
    }

    /// The state of that [name](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// What was uploaded at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its id.
    pub id: VersionId,
    /// From 1.
    pub number: i32,
    /// What may be done with it.
    pub state: VersionState,
    /// What it is called.
    pub name: FileName,
    /// What it is.
    pub kind: FileKind,
    /// Bytes of the content.
    pub size: u64,
    /// SHA-256 of the content.
    pub sha256: [u8; 32],
    /// Pages, where the kind has some.
    pub pages: Option<u32>,
    /// Dates that stand in it, the latest first; none until it was read.
    pub dates: Vec<Date>,
    /// Where its content lies.
    pub object_key: String,
    /// The key its content is sealed with, itself sealed.
    pub sealed_key: Vec<u8>,
    /// When it came.
    pub uploaded_at: Timestamp,
    /// Who has uploaded it.
    pub uploaded_by: UserId,
    /// As what.
    pub uploader: Role,
}

/// A file, with its newest version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its id.
    pub id: FileId,
    /// Whose it is.
    pub patient: PatientId,
    /// The clinic of who has uploaded it first, where it was a doctor or a front desk.
    pub clinic: Option<ClinicId>,
    /// What it is about.
    pub category: Category,
    /// Who has told that.
    pub told_by: ToldBy,
    /// Grows with every change.
    pub revision: i32,
    /// When it came first.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
    /// When it was deleted.
    pub deleted_at: Option<Timestamp>,
    /// The newest version.
    pub newest: Version,
}

/// A file cannot have one more version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the file has as many versions as it may")]
pub struct TooManyVersions;

impl File {
    /// A file that nobody has had before. `chosen` is the category that the uploader has named.
    #[must_use]
    pub fn new(
        patient: PatientId,
        clinic: Option<ClinicId>,
        chosen: Option<Category>,
        first: Version,
    ) -> (Self, FileEvent) {
        let told = || Category::told_by(first.name.as_str(), first.kind, "");
        let file = Self {
            id: FileId::mint(),
            patient,
            clinic,
            category: chosen.unwrap_or_else(told),
            told_by: if chosen.is_some() { ToldBy::Person } else { ToldBy::Content },
            revision: 1,
            created_at: first.uploaded_at,
            updated_at: first.uploaded_at,
            deleted_at: None,
            newest: first,
        };
        let event = file.uploaded();
        (file, event)
    }

    /// The file with a newer version.
    ///
    /// # Errors
    /// When it has [`MOST_VERSIONS`].
    pub fn renewed(&self, version: Version) -> Result<(Self, FileEvent), TooManyVersions> {
        if self.newest.number >= MOST_VERSIONS {
            return Err(TooManyVersions);
        }
        let newest = Version { number: self.newest.number + 1, ..version };
        let file = Self { updated_at: newest.uploaded_at, revision: self.revision + 1, newest, ..self.clone() };
        let event = file.uploaded();
        Ok((file, event))
    }

    fn uploaded(&self) -> FileEvent {
        FileEvent::Uploaded {
            file_id: self.id,
            version_id: self.newest.id,
            number: self.newest.number,
            patient_id: self.patient,
            clinic_id: self.clinic,
            quarantined: self.newest.state == VersionState::Quarantined,
        }
    }

    /// The file with another category or name of its newest version, as somebody has told it.
    #[must_use]
    pub fn edited(&self, category: Option<Category>, name: Option<&str>, now: Timestamp) -> (Self, FileEvent) {
        let mut file = Self { revision: self.revision + 1, updated_at: now, ..self.clone() };
        if let Some(category) = category {
            file.category = category;
            file.told_by = ToldBy::Person;
        }
        if let Some(name) = name {
            file.newest.name = FileName::harmless(name, file.newest.kind);
        }
        let event = FileEvent::Edited {
            file_id: self.id,
            patient_id: self.patient,
            clinic_id: self.clinic,
            category: category.is_some(),
            name: name.is_some(),
        };
        (file, event)
    }

    /// The file, deleted: nobody finds it any more, and it is kept until its retention ends.
    #[must_use]
    pub fn deleted(&self, now: Timestamp) -> (Self, FileEvent) {
        let file = Self { revision: self.revision + 1, updated_at: now, deleted_at: Some(now), ..self.clone() };
        (file, FileEvent::Deleted { file_id: self.id, patient_id: self.patient, clinic_id: self.clinic })
    }

    /// The category by all that is known now; a person's word stays.
    #[must_use]
    pub fn category_by(&self, text: &str) -> Category {
        match self.told_by {
            ToldBy::Person => self.category,
            ToldBy::Content => {
                match Category::told_by(self.newest.name.as_str(), self.newest.kind, text) {
                    // That more was read takes nothing away.
                    Category::Other => self.category,
                    told => told,
                }
            }
        }
    }
}

/// Where the content of a version lies: `patients/{patient}/{category}/{timestamp}_{filename}`. Keys are seen by who runs
/// the storage, so what stands for the name of the file is made of the version's id and the kind's ending: what people
/// call their files may name them, and stays sealed.
#[must_use]
pub fn object_key(patient: PatientId, category: Category, kind: FileKind, version: VersionId, at: Timestamp) -> String {
    let time = at.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ");
    format!("patients/{patient}/{}/{time}_{version}.{}", category.name(), kind.endings()[0])
}

/// What was deleted before this instant may go for good, when it has to be kept for so many years.
#[must_use]
pub fn retention_ends_before(now: Timestamp, years: i16) -> Timestamp {
    let then = now.to_zoned(TimeZone::UTC).checked_sub(Span::new().years(years));
    then.map_or(Timestamp::MIN, |then| then.timestamp())
}

#[cfg(test)]
pub(crate) mod test_data {
    use super::*;

    pub fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    pub fn version() -> Version {
        let id = VersionId::mint();
        Version {
            id,
            number: 1,
            state: VersionState::Available,
            name: FileName::harmless("Blood test.pdf", FileKind::Pdf),
            kind: FileKind::Pdf,
            size: 3,
            sha256: [7; 32],
            pages: Some(1),
            dates: Vec::new(),
            object_key: format!("patients/x/other/{id}"),
            sealed_key: vec![1],
            uploaded_at: at("2027-03-01T12:00:00Z"),
            uploaded_by: UserId::mint(),
            uploader: Role::Patient,
        }
    }

    pub fn file() -> File {
        File::new(PatientId::mint(), None, None, version()).0
    }
}

#[cfg(test)]
mod tests {
    use super::test_data::*;
    use super::*;
    use kernel::DomainEvent as _;

    #[test]
    fn a_category_that_somebody_has_chosen_stays_whatever_the_content_says() {
        let patient = PatientId::mint();
        let (chosen, _) = File::new(patient, None, Some(Category::Insurance), version());
        assert_eq!(chosen.category_by("cholesterol and glucose"), Category::Insurance);
        let (told, _) = File::new(patient, None, None, version());
        assert_eq!(told.category, Category::LabResults);
        let unclear = File {
            category: Category::Other,
            newest: Version { name: FileName::kept("x.pdf".into()), ..version() },
            ..told
        };
        assert_eq!(unclear.category_by("dosage: one tablet"), Category::Prescriptions);
        assert_eq!(unclear.category_by("nothing telling"), Category::Other);
    }

    #[test]
    fn a_newer_version_counts_on_and_ends_somewhere() {
        let file = file();
        let (newer, event) = file.renewed(version()).unwrap();
        assert_eq!((newer.id, newer.newest.number, newer.revision), (file.id, 2, 2));
        assert_eq!(event.name(), "file.uploaded");
        let last = File { newest: Version { number: MOST_VERSIONS, ..version() }, ..file };
        assert_eq!(last.renewed(version()), Err(TooManyVersions));
    }

    #[test]
    fn a_key_tells_no_name_and_leads_below_its_patient() {
        let (patient, id) = (PatientId::mint(), VersionId::mint());
        let key = object_key(patient, Category::LabResults, FileKind::Jpeg, id, at("2027-03-01T12:00:00.5Z"));
        assert_eq!(key, format!("patients/{patient}/lab_results/20270301T120000Z_{id}.jpg"));
    }

    #[test]
    fn retention_is_counted_in_years_of_the_calendar() {
        assert_eq!(retention_ends_before(at("2034-03-01T12:00:00Z"), 7), at("2027-03-01T12:00:00Z"));
        assert_eq!(retention_ends_before(at("2032-02-29T12:00:00Z"), 7), at("2025-02-28T12:00:00Z"));
    }

    #[test]
    fn what_is_edited_is_the_persons_word() {
        let (edited, event) = file().edited(Some(Category::Other), Some("../x"), at("2027-03-02T12:00:00Z"));
        assert_eq!((edited.category, edited.told_by), (Category::Other, ToldBy::Person));
        assert_eq!((edited.newest.name.as_str(), edited.revision, event.name()), ("x.pdf", 2, "file.edited"));
    }
}
