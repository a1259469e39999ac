//! Words of texts, as search and categories compare them.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A file is found by so many different words at most.
const MOST_WORDS: usize = 5_000;
/// Beginnings of words are told apart up to so many letters.
const LONGEST: usize = 12;
/// Fewer letters than this find whole words only.
const SHORTEST: usize = 3;
/// So many words of a search are looked at.
const MOST_ASKED: usize = 10;

/// The words of a text: letters and digits, small, without accents.
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut word = String::new();
    // Whole words come apart at what is neither letter nor digit; an underscore of a name is none.
    for letter in text.nfkd().filter(|letter| !is_combining_mark(*letter)).chain([' ']) {
        if letter.is_alphanumeric() {
            word.extend(letter.to_lowercase());
        } else if !word.is_empty() {
            found.insert(std::mem::take(&mut word));
            if found.len() >= MOST_WORDS {
                break;
            }
        }
    }
    found
}

/// What a word is found by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// The whole word.
    Word(String),
    /// It begins so.
    Beginning(String),
}

impl Term {
    /// The term as one text; no two terms have the same.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Word(word) => format!("word:{word}"),
            Self::Beginning(letters) => format!("beginning:{letters}"),
        }
    }
}

/// Everything by which a text is found: each word as a whole, and by its first 3 to 12 letters.
#[must_use]
pub fn terms_of(text: &str) -> BTreeSet<Term> {
    let mut terms = BTreeSet::new();
    for word in words(text) {
        let letters: Vec<char> = word.chars().take(LONGEST).collect();
        for length in SHORTEST..=letters.len() {
            terms.insert(Term::Beginning(letters[..length].iter().collect()));
        }
        if letters.len() < SHORTEST {
            terms.insert(Term::Word(word));
        }
    }
    terms
}

/// What a text has to be found by when somebody looks for `asked`: every word or its beginning, in any order. Empty when
/// there is no word in it.
#[must_use]
pub fn terms_asked(asked: &str) -> Vec<Term> {
    words(asked)
        .into_iter()
        .take(MOST_ASKED)
        .map(|word| match word.chars().count() {
            short if short < SHORTEST => Term::Word(word),
            _ => Term::Beginning(word.chars().take(LONGEST).collect()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(asked: &str, text: &str) -> bool {
        let terms = terms_of(text);
        terms_asked(asked).iter().all(|term| terms.contains(term))
    }

    #[test]
    fn a_text_is_found_by_words_and_their_beginnings_in_any_order_and_case() {
        let text = "Résultats d'analyses: Hémoglobine 13.2 g/dL";
        for asked in ["hemoglobine", "HÉMO", "analyses resultats", "hem ana", "13", "g"] {
            assert!(finds(asked, text), "{asked}");
        }
        for asked in ["globine", "he", "hemoglobin x", "14", "analysesresultats"] {
            assert!(!finds(asked, text), "{asked}");
        }
    }

    #[test]
    fn long_words_are_told_apart_by_twelve_letters() {
        assert!(finds("otorhinolaryngologist", "otorhinolaryngology"));
        assert!(terms_asked("…!?").is_empty());
    }

    #[test]
    fn no_two_terms_look_alike() {
        assert_ne!(Term::Word("ab".into()).text(), Term::Beginning("ab".into()).text());
    }
}
