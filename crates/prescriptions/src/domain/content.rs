use serde::{Deserialize, Serialize};

/// The most medicines of a prescription.
pub const MOST_MEDICINES: usize = 20;
/// Lengths in characters.
const NAME: usize = 200;
const DOSAGE: usize = 200;
const DURATION: usize = 100;
const INSTRUCTIONS: usize = 1000;
const NOTE: usize = 2000;
/// The most refills of a medicine.
const REFILLS: u8 = 12;

/// What is wrong with a field of what was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its path, e.g. `medicines[0].name`.
    pub field: String,
    /// The rule, in a word.
    pub code: &'static str,
    /// What is asked for. Never what was sent.
    pub message: String,
}

impl Fault {
    /// Of this field.
    #[must_use]
    pub fn new(field: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), code, message: message.into() }
    }
}

/// A medicine as a doctor writes it down; fields may still be missing or wrong.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MedicineDraft {
    /// What it is called.
    pub name: Option<String>,
    /// How much of it is taken, and how often.
    pub dosage: Option<String>,
    /// For how long.
    pub duration: Option<String>,
    /// What there is to mind.
    pub instructions: Option<String>,
    /// How often the pharmacy may hand it out again.
    pub refills: Option<u8>,
}

/// A medicine of a prescription.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Medicine {
    /// What it is called, 1–200 characters.
    pub name: String,
    /// How much of it is taken, and how often, 1–200 characters.
    pub dosage: String,
    /// For how long, 1–100 characters.
    pub duration: String,
    /// What there is to mind, up to 1,000 characters.
    pub instructions: Option<String>,
    /// How often the pharmacy may hand it out again, 0–12.
    pub refills: u8,
}

/// What a version of a prescription tells: medical, so it is never printed for debugging.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// 1–20 of them, in the doctor's order.
    pub medicines: Vec<Medicine>,
    /// To the patient, up to 2,000 characters.
    pub note: Option<String>,
}

impl std::fmt::Debug for MedicineDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MedicineDraft")
    }
}

impl std::fmt::Debug for Medicine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Medicine")
    }
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Content").field("medicines", &self.medicines.len()).finish_non_exhaustive()
    }
}

/// Line ends are kept where a text may have several lines; other control characters nowhere.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    One,
    Several,
}

fn checked(faults: &mut Vec<Fault>, field: &str, text: &str, most: usize, lines: Lines) -> String {
    let text = text.trim().replace("\r\n", "\n");
    if text.chars().count() > most {
        faults.push(Fault::new(field, "length", format!("must have at most {most} characters")));
    }
    let hidden = |letter: char| letter.is_control() && !(lines == Lines::Several && letter == '\n');
    if text.chars().any(hidden) {
        faults.push(Fault::new(field, "characters", "must not hold control characters"));
    }
    text
}

fn required(faults: &mut Vec<Fault>, field: &str, text: Option<&str>, most: usize) -> String {
    let text = checked(faults, field, text.unwrap_or_default(), most, Lines::One);
    if text.is_empty() {
        faults.push(Fault::new(field, "required", "is required"));
    }
    text
}

fn optional(faults: &mut Vec<Fault>, field: &str, text: Option<&str>, most: usize) -> Option<String> {
    let text = checked(faults, field, text?, most, Lines::Several);
    (!text.is_empty()).then_some(text)
}

impl Content {
    /// What is written down, or everything that is wrong with it.
    ///
    /// # Errors
    /// All faults at once.
    pub fn new(medicines: &[MedicineDraft], note: Option<&str>) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        if medicines.is_empty() || medicines.len() > MOST_MEDICINES {
            faults.push(Fault::new("medicines", "length", format!("must have 1 to {MOST_MEDICINES} entries")));
        }
        let mut written = Vec::new();
        for (at, draft) in medicines.iter().take(MOST_MEDICINES).enumerate() {
            let field = |name: &str| format!("medicines[{at}].{name}");
            let refills = draft.refills.unwrap_or(0);
            if refills > REFILLS {
                faults.push(Fault::new(field("refills"), "range", format!("must be between 0 and {REFILLS}")));
            }
            written.push(Medicine {
                name: required(&mut faults, &field("name"), draft.name.as_deref(), NAME),
                dosage: required(&mut faults, &field("dosage"), draft.dosage.as_deref(), DOSAGE),
                duration: required(&mut faults, &field("duration"), draft.duration.as_deref(), DURATION),
                instructions: optional(
                    &mut faults,
                    &field("instructions"),
                    draft.instructions.as_deref(),
                    INSTRUCTIONS,
                ),
                refills,
            });
        }
        let note = optional(&mut faults, "note", note, NOTE);
        if faults.is_empty() { Ok(Self { medicines: written, note }) } else { Err(faults) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(name: &str) -> MedicineDraft {
        MedicineDraft {
            name: Some(name.into()),
            dosage: Some(" 500 mg three times a day ".into()),
            duration: Some("7 days".into()),
            ..MedicineDraft::default()
        }
    }

    #[test]
    fn a_prescription_keeps_its_medicines_in_order_without_spaces_around() {
        let content = Content::new(&[draft(" Amoxicillin "), draft("Ibuprofen")], Some("  ")).unwrap();
        let names: Vec<&str> = content.medicines.iter().map(|medicine| medicine.name.as_str()).collect();
        assert_eq!((names, content.note), (vec!["Amoxicillin", "Ibuprofen"], None));
        assert_eq!(content.medicines[0].dosage, "500 mg three times a day");
    }

    #[test]
    fn every_fault_is_told_at_once_and_by_its_place() {
        let wrong = MedicineDraft {
            name: Some("x".repeat(201)),
            dosage: Some("a\u{0}b".into()),
            duration: None,
            instructions: Some("i".repeat(1001)),
            refills: Some(13),
        };
        let faults = Content::new(&[draft("fine"), wrong], Some(&"n".repeat(2001))).unwrap_err();
        let mut told: Vec<(&str, &str)> = faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
        told.sort_unstable();
        assert_eq!(
            told,
            [
                ("medicines[1].dosage", "characters"),
                ("medicines[1].duration", "required"),
                ("medicines[1].instructions", "length"),
                ("medicines[1].name", "length"),
                ("medicines[1].refills", "range"),
                ("note", "length"),
            ]
        );
    }

    #[test]
    fn it_has_one_medicine_at_least_and_twenty_at_most() {
        assert!(Content::new(&[], None).is_err() && Content::new(&vec![draft("a"); 21], None).is_err());
        assert_eq!(Content::new(&vec![draft("a"); 20], None).unwrap().medicines.len(), 20);
    }

    #[test]
    fn lines_of_a_note_stay_and_nothing_medical_is_printed_for_debugging() {
        let content = Content::new(&[draft("Warfarin")], Some("one\r\ntwo")).unwrap();
        assert_eq!(content.note.as_deref(), Some("one\ntwo"));
        let printed = format!("{content:?} {:?} {:?}", content.medicines, draft("Warfarin"));
        assert!(!printed.contains("Warfarin") && !printed.contains("one"), "{printed}");
    }
}
