use jiff::civil::Date;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::Patient;

/// Beginnings of words are told apart up to so many letters.
const LONGEST: usize = 12;
/// Fewer letters than this find whole words only.
const SHORTEST: usize = 3;
/// As many last digits of a phone number find it.
const FEWEST_DIGITS: usize = 6;

/// What somebody is looked for by; all of it has to fit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PatientSearch {
    /// Words of the name, or their beginnings, in any order.
    pub name: Option<String>,
    /// The phone number, or at least its last six digits.
    pub phone: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Date of birth.
    pub birth_date: Option<Date>,
}

/// What is looked for is nothing, or too little to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// Nothing is told.
    #[error("nothing to look for")]
    Nothing,
    /// The name has no word.
    #[error("a name has letters")]
    BadName,
    /// The number has less than six digits.
    #[error("a phone number is looked for by six digits at least")]
    BadPhone,
}

impl std::fmt::Debug for PatientSearch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PatientSearch").finish_non_exhaustive()
    }
}

/// A word of what a patient is found by, with its kind.
pub type SearchTerm = (&'static str, String);

const WORD: &str = "word";
const BEGINNING: &str = "beginning";
const PHONE: &str = "phone";
const EMAIL: &str = "email";
const BORN: &str = "born";

impl PatientSearch {
    /// The terms that whoever fits has among [`Patient::search_terms`].
    ///
    /// # Errors
    /// See [`SearchError`].
    pub fn terms(&self) -> Result<Vec<SearchTerm>, SearchError> {
        let mut terms = Vec::new();
        if let Some(name) = &self.name {
            let words = words(name);
            if words.is_empty() {
                return Err(SearchError::BadName);
            }
            terms.extend(words.into_iter().map(|word| match word.chars().count() {
                short if short < SHORTEST => (WORD, word),
                _ => (BEGINNING, word.chars().take(LONGEST).collect()),
            }));
        }
        if let Some(phone) = &self.phone {
            let digits = digits(phone);
            if digits.len() < FEWEST_DIGITS {
                return Err(SearchError::BadPhone);
            }
            terms.push((PHONE, digits));
        }
        terms.extend(self.email.as_ref().map(|email| (EMAIL, email.trim().to_lowercase())));
        terms.extend(self.birth_date.map(|date| (BORN, date.to_string())));
        if terms.is_empty() { Err(SearchError::Nothing) } else { Ok(terms) }
    }

    /// Does this person fit, letter by letter? Hashes may agree by chance, and know long words by their beginnings.
    #[must_use]
    pub fn fits(&self, patient: &Patient) -> bool {
        let known = words(&patient.name);
        let fits = |word: &String| {
            known.iter().any(|known| known == word || word.chars().count() >= SHORTEST && known.starts_with(word))
        };
        self.name.as_ref().is_none_or(|name| words(name).iter().all(fits))
            && self
                .phone
                .as_ref()
                .is_none_or(|asked| patient.phone.as_ref().is_some_and(|phone| digits(phone).ends_with(&digits(asked))))
            && self.email.as_ref().is_none_or(|email| patient.email_key() == Some(email.trim().to_lowercase()))
            && self.birth_date.is_none_or(|date| patient.birth_date == Some(date))
    }
}

impl Patient {
    /// All terms by which this person is found.
    #[must_use]
    pub fn search_terms(&self) -> Vec<SearchTerm> {
        let mut terms = Vec::new();
        for word in words(&self.name) {
            let letters: Vec<char> = word.chars().collect();
            let beginnings = (SHORTEST..=letters.len().min(LONGEST)).map(|end| letters.iter().take(end).collect());
            terms.extend(beginnings.map(|beginning| (BEGINNING, beginning)));
            if letters.len() < SHORTEST {
                terms.push((WORD, word));
            }
        }
        if let Some(phone) = &self.phone {
            let digits = digits(phone);
            let ends = (0..=digits.len().saturating_sub(FEWEST_DIGITS)).filter_map(|start| digits.get(start..));
            terms.extend(ends.map(|end| (PHONE, end.to_owned())));
        }
        terms.extend(self.email_key().map(|email| (EMAIL, email)));
        terms.extend(self.birth_date.map(|date| (BORN, date.to_string())));
        terms.sort();
        terms.dedup();
        terms
    }

    /// The name as namesakes are compared: its words without accents and case, in order.
    #[must_use]
    pub fn same_name_as(&self, other: &Self) -> bool {
        words(&self.name) == words(&other.name)
    }
}

/// Words in lower case and without accents; hyphens and apostrophes part words as spaces do.
fn words(name: &str) -> Vec<String> {
    let plain: String = name.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn digits(phone: &str) -> String {
    phone.chars().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::civil::date;

    use super::*;
    use crate::domain::Particulars;

    fn person() -> Patient {
        let particulars = Particulars {
            name: "Zoë d'Ångström-Li Wolfeschlegelstein".into(),
            email: Some("Zoe@Example.org".into()),
            phone: Some("+1 212 555 0100".into()),
            birth_date: Some(date(1980, 2, 29)),
        };
        Patient::take_down(particulars, "2027-03-01T12:00:00Z".parse::<Timestamp>().unwrap()).unwrap()
    }

    fn found(search: &PatientSearch) -> bool {
        let (person, terms) = (person(), search.terms().unwrap());
        let known = person.search_terms();
        let by_terms = terms.iter().all(|term| known.contains(term));
        assert!(by_terms || !search.fits(&person), "whoever fits is found by the terms: {terms:?}");
        by_terms && search.fits(&person)
    }

    fn named(name: &str) -> PatientSearch {
        PatientSearch { name: Some(name.into()), ..PatientSearch::default() }
    }

    #[test]
    fn a_name_is_found_by_words_and_beginnings_in_any_order_accents_and_case() {
        for name in ["zoe", "ZOË", "angst", "li zoe", "d'angstrom", "wolfeschlegels", "Wolfeschlegelstein Zoë", "d li"]
        {
            assert!(found(&named(name)), "{name}");
        }
        for name in ["zo", "l", "ngstrom", "zoe smith", "wolfeschlegelbaum", "lin", "zoee"] {
            assert!(!found(&named(name)), "{name}");
        }
    }

    #[test]
    fn a_number_is_found_by_its_last_digits_an_address_and_a_birth_date_as_a_whole() {
        let by = |phone: &str| PatientSearch { phone: Some(phone.into()), ..PatientSearch::default() };
        assert!(found(&by("+1 (212) 555-0100")) && found(&by("212 555 0100")) && found(&by("550100")));
        assert!(!found(&by("212555")) && !found(&by("2125550101")));
        let email = |email: &str| PatientSearch { email: Some(email.into()), ..PatientSearch::default() };
        assert!(found(&email(" ZOE@example.ORG ")) && !found(&email("zoe@example.com")));
        let born = |on| PatientSearch { birth_date: Some(on), ..PatientSearch::default() };
        assert!(found(&born(date(1980, 2, 29))) && !found(&born(date(1980, 2, 28))));
        let both = PatientSearch { birth_date: Some(date(1980, 2, 28)), ..named("zoe") };
        assert!(!found(&both), "all of it has to fit");
    }

    #[test]
    fn too_little_is_not_looked_for() {
        assert_eq!(PatientSearch::default().terms(), Err(SearchError::Nothing));
        assert_eq!(named(" -' ").terms(), Err(SearchError::BadName));
        let short = PatientSearch { phone: Some("12-345".into()), ..named("zoe") };
        assert_eq!(short.terms(), Err(SearchError::BadPhone));
    }
}
