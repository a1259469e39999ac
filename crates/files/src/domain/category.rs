use super::FileKind;
use super::words::words;

/// What a file is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
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

/// Who has told the category.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldBy {
    /// A person: it stays.
    Person,
    /// Name and content: more of the content may tell more.
    Content,
}

/// Words that tell, in English and French, small letters without accents.
const TELLING: [(Category, &[&str]); 4] = [
    (
        Category::LabResults,
        &[
            "lab",
            "labs",
            "laboratory",
            "laboratoire",
            "blood",
            "sang",
            "sanguin",
            "hemoglobin",
            "haemoglobin",
            "hemoglobine",
            "cholesterol",
            "glucose",
            "glycemie",
            "creatinine",
            "platelets",
            "plaquettes",
            "leukocytes",
            "leucocytes",
            "urine",
            "biopsy",
            "biopsie",
            "analyse",
            "analyses",
            "specimen",
            "ldl",
            "hdl",
            "tsh",
            "hba1c",
        ],
    ),
    (
        Category::Insurance,
        &[
            "insurance",
            "insurer",
            "insured",
            "policy",
            "policyholder",
            "coverage",
            "claim",
            "deductible",
            "copay",
            "copayment",
            "premium",
            "assurance",
            "assure",
            "mutuelle",
            "remboursement",
            "cotisation",
            "franchise",
        ],
    ),
    (
        Category::Prescriptions,
        &[
            "prescription",
            "prescriptions",
            "prescribed",
            "rx",
            "medication",
            "dosage",
            "dose",
            "tablet",
            "tablets",
            "capsule",
            "capsules",
            "refill",
            "refills",
            "dispense",
            "pharmacy",
            "ordonnance",
            "posologie",
            "comprime",
            "comprimes",
            "gelule",
            "gelules",
            "pharmacie",
            "mg",
        ],
    ),
    (
        Category::MedicalRecords,
        &[
            "discharge",
            "diagnosis",
            "diagnostic",
            "history",
            "consultation",
            "referral",
            "radiology",
            "radiologie",
            "xray",
            "mri",
            "irm",
            "ultrasound",
            "echographie",
            "scanner",
            "vaccination",
            "vaccine",
            "vaccin",
            "hospital",
            "hopital",
            "hospitalisation",
            "surgery",
            "operation",
            "anamnesis",
            "findings",
            "medical",
            "record",
            "records",
            "report",
            "antecedents",
        ],
    ),
];

/// A word of the name counts as much as so many of the text.
const NAME_COUNTS: usize = 3;

impl Category {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::LabResults, Self::Insurance, Self::Prescriptions, Self::MedicalRecords, Self::Other];

    /// The word for it on the wire, in the store and in keys of objects.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::LabResults => "lab_results",
            Self::Insurance => "insurance",
            Self::Prescriptions => "prescriptions",
            Self::MedicalRecords => "medical_records",
            Self::Other => "other",
        }
    }

    /// The category of that [name](Self::name).
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|category| category.name() == name)
    }

    /// What name and text of a file tell. One telling word of the name is enough; a text needs two different ones, and a
    /// picture, whose text may be misread, three.
    #[must_use]
    pub fn told_by(name: &str, kind: FileKind, text: &str) -> Self {
        let (in_name, in_text) = (words(name), words(text));
        let needed = if kind.is_picture() { 3 } else { 2 };
        let mut best = (0, Self::Other);
        for (category, telling) in TELLING {
            let met = |there: &std::collections::BTreeSet<String>| {
                telling.iter().filter(|word| there.contains(**word)).count()
            };
            let count = met(&in_name) * NAME_COUNTS + met(&in_text);
            if count >= needed && count > best.0 {
                best = (count, category);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_what_a_file_is_about() {
        for (name, category) in [
            ("Blood test 2027.pdf", Category::LabResults),
            ("analyses_sang.pdf", Category::LabResults),
            ("insurance-card.png", Category::Insurance),
            ("Ordonnance Dr Martin.pdf", Category::Prescriptions),
            ("discharge letter.docx", Category::MedicalRecords),
            ("Échographie.jpg", Category::MedicalRecords),
            ("holiday.jpg", Category::Other),
            ("IMG_0001.jpg", Category::Other),
        ] {
            assert_eq!(Category::told_by(name, FileKind::Pdf, ""), category, "{name}");
        }
    }

    #[test]
    fn a_text_needs_two_telling_words_and_a_picture_three() {
        let told = |kind, text| Category::told_by("scan0001", kind, text);
        assert_eq!(told(FileKind::Pdf, "cholesterol"), Category::Other);
        assert_eq!(told(FileKind::Pdf, "cholesterol cholesterol"), Category::Other);
        assert_eq!(told(FileKind::Pdf, "Total cholesterol: 190, glucose 80"), Category::LabResults);
        assert_eq!(told(FileKind::Jpeg, "Total cholesterol: 190, glucose 80"), Category::Other);
        assert_eq!(told(FileKind::Jpeg, "cholesterol, glucose, creatinine"), Category::LabResults);
    }

    #[test]
    fn names_are_read_back() {
        for category in Category::ALL {
            assert_eq!(Category::from_name(category.name()), Some(category));
        }
        assert_eq!(Category::from_name("Other"), None);
    }
}
