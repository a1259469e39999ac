use jiff::Timestamp;
use kernel::PatientId;

/// A person who is treated; here a guest known by name and e-mail address.
#[derive(Clone, PartialEq, Eq)]
pub struct Patient {
    /// Its id.
    pub id: PatientId,
    /// As the person writes it, 1–200 characters.
    pub name: String,
    /// Where mail reaches the person, 3–320 characters.
    pub email: String,
    /// Since when we know the person.
    pub created_at: Timestamp,
}

/// Why somebody cannot be taken down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PatientError {
    /// The name is empty, too long or holds control characters.
    #[error("a name has 1 to 200 printable characters")]
    BadName,
    /// The address is too short, too long or has no `@`.
    #[error("an e-mail address has 3 to 320 characters and an @")]
    BadEmail,
}

impl Patient {
    /// Takes down a guest.
    ///
    /// # Errors
    /// When name or address cannot be one.
    pub fn enrol(name: &str, email: &str, now: Timestamp) -> Result<Self, PatientError> {
        let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
        let email = email.trim();
        if !(1..=200).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            return Err(PatientError::BadName);
        }
        if !(3..=320).contains(&email.len())
            || !email.contains('@')
            || email.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return Err(PatientError::BadEmail);
        }
        Ok(Self { id: PatientId::mint(), name, email: email.to_owned(), created_at: now })
    }

    /// The name as it is compared: lower case, single spaces.
    #[must_use]
    pub fn name_key(&self) -> String {
        self.name.to_lowercase()
    }

    /// The address as it is compared: lower case.
    #[must_use]
    pub fn email_key(&self) -> String {
        self.email.to_lowercase()
    }
}

impl std::fmt::Debug for Patient {
    /// The id alone: a name must not slip into a log line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patient").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guest_is_the_same_person_however_the_name_is_spaced_or_cased() {
        let one = Patient::enrol(" Ada  Lovelace ", "Ada@Example.org", Timestamp::UNIX_EPOCH).unwrap();
        let two = Patient::enrol("ada lovelace", "ada@example.org ", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((one.name_key(), one.email_key()), (two.name_key(), two.email_key()));
    }

    #[test]
    fn what_cannot_be_a_name_or_an_address_is_refused() {
        let enrol = |name: &str, email: &str| Patient::enrol(name, email, Timestamp::UNIX_EPOCH).err();
        assert_eq!(enrol("  ", "a@b.c"), Some(PatientError::BadName));
        assert_eq!(enrol("a\u{0}b", "a@b.c"), Some(PatientError::BadName));
        assert_eq!(enrol(&"x".repeat(201), "a@b.c"), Some(PatientError::BadName));
        assert_eq!(enrol("Ada", "nobody"), Some(PatientError::BadEmail));
        assert_eq!(enrol("Ada", "a b@c.d"), Some(PatientError::BadEmail));
    }

    #[test]
    fn debug_output_tells_no_name() {
        let patient = Patient::enrol("Ada Lovelace", "ada@example.org", Timestamp::UNIX_EPOCH).unwrap();
        let text = format!("{patient:?}");
        assert!(!text.contains("Ada") && !text.contains("example.org"), "{text}");
    }
}
