use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::{Content, Heads};

/// Beginnings of words are told apart up to so many letters.
const LONGEST: usize = 12;
/// Fewer letters than this find whole words only.
const SHORTEST: usize = 3;

const PATIENT: [&str; 2] = ["patient-word", "patient-beginning"];
const MEDICINE: [&str; 2] = ["medicine-word", "medicine-beginning"];

/// A word by which a prescription is found, with its kind.
pub type SearchTerm = (&'static str, String);

/// What prescriptions are looked for by; all of it has to fit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Words of the patient's name, or their beginnings, in any order.
    pub patient: Option<String>,
    /// Words of one medicine's name, or their beginnings.
    pub medication: Option<String>,
}

/// There is no word to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// Of the patient.
    #[error("a name has letters")]
    Patient,
    /// Of the medicine.
    #[error("a medicine has letters")]
    Medication,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Search").finish_non_exhaustive()
    }
}

impl Search {
    /// The terms that whatever fits has among [`search_terms`].
    ///
    /// # Errors
    /// See [`SearchError`].
    pub fn terms(&self) -> Result<Vec<SearchTerm>, SearchError> {
        let mut terms = Vec::new();
        for (asked, kinds, error) in
            [(&self.patient, PATIENT, SearchError::Patient), (&self.medication, MEDICINE, SearchError::Medication)]
        {
            let Some(asked) = asked else { continue };
            let words = words(asked);
            if words.is_empty() {
                return Err(error);
            }
            terms.extend(words.into_iter().map(|word| match word.chars().count() {
                short if short < SHORTEST => (kinds[0], word),
                _ => (kinds[1], word.chars().take(LONGEST).collect()),
            }));
        }
        Ok(terms)
    }

    /// Does it fit, letter by letter? Hashes may agree by chance, and know long words by their beginnings.
    #[must_use]
    pub fn fits(&self, content: &Content, heads: &Heads) -> bool {
        let fits = |asked: &str, known: &str| {
            let known = words(known);
            let found = |word: &String| {
                known.iter().any(|known| known == word || word.chars().count() >= SHORTEST && known.starts_with(word))
            };
            words(asked).iter().all(found)
        };
        self.patient.as_ref().is_none_or(|asked| fits(asked, &heads.patient.name))
            && self
                .medication
                .as_ref()
                .is_none_or(|asked| content.medicines.iter().any(|medicine| fits(asked, &medicine.name)))
    }
}

/// All terms by which a prescription of this content is found.
#[must_use]
pub fn search_terms(content: &Content, heads: &Heads) -> Vec<SearchTerm> {
    let mut terms = of(&heads.patient.name, PATIENT);
    terms.extend(content.medicines.iter().flat_map(|medicine| of(&medicine.name, MEDICINE)));
    terms.sort();
    terms.dedup();
    terms
}

/// The medicines by their whole names, each once, as they are counted.
#[must_use]
pub fn medicine_names(content: &Content) -> Vec<String> {
    let mut names: Vec<String> = content.medicines.iter().map(|medicine| words(&medicine.name).join(" ")).collect();
    names.sort();
    names.dedup();
    names
}

fn of(name: &str, kinds: [&'static str; 2]) -> Vec<SearchTerm> {
    let mut terms = Vec::new();
    for word in words(name) {
        let letters: Vec<char> = word.chars().collect();
        let beginnings = (SHORTEST..=letters.len().min(LONGEST)).map(|end| letters.iter().take(end).collect());
        terms.extend(beginnings.map(|beginning| (kinds[1], beginning)));
        if letters.len() < SHORTEST {
            terms.push((kinds[0], word));
        }
    }
    terms
}

/// Words in lower case and without accents; whatever is neither letter nor digit parts them.
fn words(name: &str) -> Vec<String> {
    let plain: String = name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::super::prescription::tests::heads;
    use super::super::{MedicineDraft, Treated};
    use super::*;

    fn content(names: &[&str]) -> Content {
        let draft = |name: &&str| MedicineDraft {
            name: Some((*name).to_owned()),
            dosage: Some("1".into()),
            duration: Some("1 day".into()),
            ..MedicineDraft::default()
        };
        Content::new(&names.iter().map(draft).collect::<Vec<_>>(), None).unwrap()
    }

    fn found(search: &Search) -> bool {
        let content = content(&["Amoxicillin-Clavulanate 875 mg", "Vitamin D 3"]);
        let heads = Heads { patient: Treated { name: "Zoë Li-Ångström".into(), birth_date: None }, ..heads() };
        let known = search_terms(&content, &heads);
        let by_terms = search.terms().unwrap().iter().all(|term| known.contains(term));
        let fits = search.fits(&content, &heads);
        assert!(by_terms || !fits, "whatever fits is found by the terms: {:?}", search.terms());
        by_terms && fits
    }

    #[test]
    fn medicines_and_patients_are_found_by_words_and_beginnings() {
        let medicine = |name: &str| Search { medication: Some(name.into()), patient: None };
        for name in ["amox", "AMOXICILLIN", "clav amoxi", "875", "vitamin d", "amoxicillin clavulanate"] {
            assert!(found(&medicine(name)), "{name}");
        }
        for name in ["am", "zoe", "amoxicillins", "vitamin e", "amoxicillin vitamin"] {
            assert!(!found(&medicine(name)), "{name}");
        }
        let patient = |name: &str| Search { patient: Some(name.into()), medication: None };
        assert!(found(&patient("angst zoe")) && found(&patient("li")) && !found(&patient("amox")));
        let both = Search { patient: Some("zoe".into()), medication: Some("ibuprofen".into()) };
        assert!(!found(&both), "all of it has to fit");
    }

    #[test]
    fn nothing_but_signs_is_not_looked_for() {
        assert_eq!(Search { patient: Some(" -".into()), medication: None }.terms(), Err(SearchError::Patient));
        assert_eq!(Search { patient: None, medication: Some("%".into()) }.terms(), Err(SearchError::Medication));
        assert_eq!(Search::default().terms(), Ok(Vec::new()));
    }

    #[test]
    fn a_medicine_that_is_written_twice_counts_once() {
        assert_eq!(medicine_names(&content(&["Ibuprofen 400", "IBUPROFEN  400", "Zinc"])), ["ibuprofen 400", "zinc"]);
    }
}
