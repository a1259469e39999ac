//! Which passwords are good enough.
//!
//! No list of leaked passwords is carried: those that can be are personal data of somebody, or their licence is
//! unknown. What is refused instead is what such lists are full of: words everybody takes, runs over the keyboard or
//! the alphabet, repetitions, years, and the parts of one's own name and address. Those are crossed out, and what
//! is left has to be long enough to be something of one's own.

/// Fewest characters where the password is all that is asked (ASVS 5.0, 6.2.1 asks 8 and recommends 15).
pub const ALONE: usize = 15;
/// Fewest characters where a second factor is asked as well.
pub const WITH_SECOND_FACTOR: usize = 12;
/// Most bytes: bcrypt looks at no more, so more are refused rather than ignored.
pub const MOST_BYTES: usize = 72;

/// Characters that have to be left once what is common is crossed out.
const OWN: usize = 5;

const WORDS: &[&str] = &[
    "abcdef",
    "account",
    "admin",
    "administrator",
    "apple",
    "april",
    "august",
    "azerty",
    "baseball",
    "batman",
    "bonjour",
    "changeme",
    "charlie",
    "clinic",
    "computer",
    "december",
    "default",
    "doctolib",
    "doctor",
    "doktolib",
    "doktor",
    "dragon",
    "family",
    "february",
    "flower",
    "football",
    "forever",
    "freedom",
    "friday",
    "guest",
    "health",
    "hello",
    "hospital",
    "iloveyou",
    "internet",
    "january",
    "jesus",
    "letmein",
    "login",
    "loulou",
    "marseille",
    "master",
    "michael",
    "monday",
    "monkey",
    "motdepasse",
    "mustang",
    "october",
    "november",
    "ninja",
    "pass",
    "passw",
    "passwd",
    "password",
    "passwort",
    "patient",
    "phrase",
    "princess",
    "qwerty",
    "qwertz",
    "saturday",
    "secret",
    "september",
    "shadow",
    "soleil",
    "staff",
    "starwars",
    "summer",
    "sunday",
    "sunshine",
    "superman",
    "system",
    "temp",
    "test",
    "thursday",
    "trustno",
    "tuesday",
    "user",
    "wednesday",
    "welcome",
    "whatever",
    "winter",
    "word",
];

/// What fingers run over.
const RUNS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "qwertzuiop",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb",
    "1q2w3e4r5t6y7u8i9o0p",
    "!@#$%^&*()",
];

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Fewer characters than this.
    #[error("must have at least {0} characters")]
    TooShort(usize),
    /// More bytes than bcrypt looks at.
    #[error("must not be longer than 72 bytes")]
    TooLong,
    /// Nothing but common words, runs, repetitions, or one's own name and address.
    #[error("is made of common words, runs, repetitions or your own name and address")]
    Common,
}

/// Looks at a password of somebody whose name and address are `about`.
///
/// # Errors
/// The first reason to refuse it.
pub fn check(password: &str, least: usize, about: &[&str]) -> Result<(), WeakPassword> {
    if password.chars().count() < least {
        return Err(WeakPassword::TooShort(least));
    }
    if password.len() > MOST_BYTES {
        return Err(WeakPassword::TooLong);
    }
    let folded: Vec<char> = password.to_lowercase().chars().map(plain).collect();
    let lower: Vec<char> = password.to_lowercase().chars().collect();
    if repeats(&lower) {
        return Err(WeakPassword::Common);
    }
    let mut common = vec![false; lower.len().max(folded.len())];
    for word in WORDS {
        cross_out(&mut common, &folded, &word.chars().collect::<Vec<_>>());
    }
    for part in about.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric())) {
        let part: Vec<char> = part.to_lowercase().chars().map(plain).collect();
        if part.len() >= 3 {
            cross_out(&mut common, &folded, &part);
        }
    }
    cross_out_runs(&mut common, &lower);
    cross_out_years(&mut common, &lower);
    let own = lower.iter().zip(&common).filter(|(c, common)| !**common && c.is_alphanumeric());
    let mut distinct: Vec<&char> = own.map(|(c, _)| c).collect();
    distinct.sort_unstable();
    distinct.dedup();
    if distinct.len() < OWN { Err(WeakPassword::Common) } else { Ok(()) }
}

/// The letter that a digit or sign stands for in `p4$$w0rd`.
fn plain(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

/// Is it one piece, over and over?
fn repeats(text: &[char]) -> bool {
    (1..=text.len() / 2).any(|period| text.iter().skip(period).zip(text).all(|(later, earlier)| later == earlier))
}

fn cross_out(common: &mut [bool], text: &[char], word: &[char]) {
    for (at, window) in text.windows(word.len()).enumerate() {
        if window == word {
            common.iter_mut().skip(at).take(word.len()).for_each(|mark| *mark = true);
        }
    }
}

/// Four or more neighbours of a row of keys, of the alphabet or of the numbers, forwards or backwards; three equal.
fn cross_out_runs(common: &mut [bool], text: &[char]) {
    for run in RUNS {
        let forwards: Vec<char> = run.chars().collect();
        let backwards: Vec<char> = run.chars().rev().collect();
        for row in [forwards, backwards] {
            for piece in row.windows(4) {
                cross_out(common, text, piece);
            }
        }
    }
    for (at, three) in text.windows(3).enumerate() {
        if let [a, b, c] = three
            && a == b
            && b == c
        {
            common.iter_mut().skip(at).take(3).for_each(|mark| *mark = true);
        }
    }
}

fn cross_out_years(common: &mut [bool], text: &[char]) {
    for (at, four) in text.windows(4).enumerate() {
        let digits: String = four.iter().collect();
        if digits.parse::<u32>().is_ok_and(|year| (1900..=2100).contains(&year)) {
            common.iter_mut().skip(at).take(4).for_each(|mark| *mark = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(password: &str) -> Result<(), WeakPassword> {
        check(password, ALONE, &["Ada Lovelace", "ada.lovelace@example.org"])
    }

    #[test]
    fn a_password_counts_characters_below_and_bytes_above() {
        assert_eq!(said("vexing-quilt-9"), Err(WeakPassword::TooShort(15)));
        assert_eq!(said("vexing-quilt-97"), Ok(()));
        assert_eq!(check("vexing-quilt", WITH_SECOND_FACTOR, &[]), Ok(()));
        let long: String = "vexing-quilt-".chars().cycle().take(60).chain("äöüßéè".chars()).collect();
        assert_eq!(long.len(), 72);
        assert_eq!(said(&long), Ok(()));
        assert_eq!(said(&format!("{long}x")), Err(WeakPassword::TooLong));
        assert_eq!(said(&"é".repeat(15)), Err(WeakPassword::Common));
    }

    #[test]
    fn what_everybody_takes_is_refused() {
        for common in [
            "password12345678",
            "P4$$w0rd-P4ssword!!",
            "Doktolib2026Doktolib",
            "qwertyuiop123456",
            "aaaaaaaaaaaaaaaaaaa",
            "abcabcabcabcabcabc",
            "passwordpassword",
            "zyxwvutsrqponmlkji",
            "ada.lovelace@example.org",
            "AdaLovelace1815!!!",
            "welcome-to-2026!!",
            "1q2w3e4r5t6y7u8i9o",
            "correct", /* too short as well */
        ] {
            assert!(said(common).is_err(), "{common}");
        }
    }

    #[test]
    fn a_phrase_of_one_s_own_is_taken_even_with_a_common_word_in_it() {
        for good in [
            "correct horse battery staple",
            "my doctor limps on thursday",
            "tGx4-wq9Z-77ab-LLk2",
            "ズボンの中のペンギンが走っている",
        ] {
            assert_eq!(said(good), Ok(()), "{good}");
        }
    }
}
