//! Names and addresses of people, as everything else may rely on them.

use std::fmt;

/// An e-mail address: trimmed, with one `@`, no blanks, 3–320 characters (RFC 5321, section 4.5.3.1, rounded up).
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

/// What cannot be a name, an address or a language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    /// The name is empty, longer than 200 characters or holds control characters.
    #[error("a name has 1 to 200 printable characters")]
    BadName,
    /// The address is no address.
    #[error("is not an e-mail address")]
    BadEmail,
    /// The language is no tag.
    #[error("is not a language tag")]
    BadLanguage,
}

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// [`PersonError::BadEmail`].
    pub fn parse(text: &str) -> Result<Self, PersonError> {
        let text = text.trim();
        let whole = (3..=320).contains(&text.len()) && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        let halves = text
            .split_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
        if whole && halves { Ok(Self(text.to_owned())) } else { Err(PersonError::BadEmail) }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared: lower case.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl fmt::Debug for Email {
    /// Nothing of it: it must not slip into a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email")
    }
}

/// A name with single spaces.
///
/// # Errors
/// [`PersonError::BadName`].
pub fn name(text: &str) -> Result<String, PersonError> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if !(1..=200).contains(&name.chars().count()) || name.chars().any(char::is_control) {
        return Err(PersonError::BadName);
    }
    Ok(name)
}

/// A language tag (RFC 5646) of 2–35 characters.
///
/// # Errors
/// [`PersonError::BadLanguage`].
pub fn language(text: &str) -> Result<String, PersonError> {
    let fits = (2..=35).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.split('-').all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if fits { Ok(text.to_owned()) } else { Err(PersonError::BadLanguage) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_the_same_however_it_is_cased_and_shows_nothing_of_itself() {
        let one = Email::parse(" Ada@Example.org ").unwrap();
        assert_eq!((one.as_str(), one.key().as_str()), ("Ada@Example.org", "ada@example.org"));
        assert_eq!(format!("{one:?}"), "Email");
    }

    #[test]
    fn what_cannot_be_an_address_a_name_or_a_language_is_refused() {
        for bad in ["", "@", "a@", "@b", "a b@c.d", "a@b@c", "a@b\u{7}", "nobody"] {
            assert_eq!(Email::parse(bad), Err(PersonError::BadEmail), "{bad}");
        }
        for bad in ["", "  ", "a\u{0}b", &"x".repeat(201)] {
            assert_eq!(name(bad), Err(PersonError::BadName), "{bad}");
        }
        for bad in ["", "e", "e n", "en-", "1n", "en_US", &"x".repeat(36)] {
            assert_eq!(language(bad), Err(PersonError::BadLanguage), "{bad}");
        }
        assert_eq!(name(" Ada   Lovelace "), Ok("Ada Lovelace".to_owned()));
        assert_eq!(language("fr-CA"), Ok("fr-CA".to_owned()));
    }
}
