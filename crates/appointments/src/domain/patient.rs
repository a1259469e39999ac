use jiff::Timestamp;
use jiff::civil::Date;
use kernel::PatientId;

/// A person who is treated: belongs to a user, is looked after by one, or is a guest known by name and address.
#[derive(Clone, PartialEq, Eq)]
pub struct Patient {
    /// Its id.
    pub id: PatientId,
    /// As the person writes it, 1–200 characters.
    pub name: String,
    /// Where mail reaches the person, 3–320 characters. Who has none is reached through who looks after them.
    pub email: Option<String>,
    /// Digits, perhaps after a `+`: 5–15 of them (E.164), without spaces.
    pub phone: Option<String>,
    /// Of the person's own calendar.
    pub birth_date: Option<Date>,
    /// Is whoever comes with this name and address again this person? Not where somebody else wrote the address down:
    /// naming a stranger's address must lead to no record of theirs.
    pub known_by_address: bool,
    /// Grows by one with every change.
    pub version: i32,
    /// Since when we know the person.
    pub created_at: Timestamp,
}

/// What is taken down of a person.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Particulars {
    /// The name.
    pub name: String,
    /// E-mail address.
    pub email: Option<String>,
    /// Phone number; spaces, dots, dashes, slashes and brackets in it do not matter.
    pub phone: Option<String>,
    /// Date of birth.
    pub birth_date: Option<Date>,
}

impl std::fmt::Debug for Particulars {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Particulars").finish_non_exhaustive()
    }
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
    /// Not a phone number.
    #[error("a phone number has 5 to 15 digits")]
    BadPhone,
    /// In the future, or before 1900.
    #[error("nobody was born then")]
    BadBirthDate,
}

impl Patient {
    /// Takes down a guest, who is known by name and address.
    ///
    /// # Errors
    /// When name or address cannot be one.
    pub fn enrol(name: &str, email: &str, now: Timestamp) -> Result<Self, PatientError> {
        let particulars =
            Particulars { name: name.to_owned(), email: Some(email.to_owned()), ..Particulars::default() };
        Ok(Self { known_by_address: true, ..Self::take_down(particulars, now)? })
    }

    /// Takes down somebody of whom others tell.
    ///
    /// # Errors
    /// When something of it cannot be.
    pub fn take_down(particulars: Particulars, now: Timestamp) -> Result<Self, PatientError> {
        let Particulars { name, email, phone, birth_date } = particulars;
        Ok(Self {
            id: PatientId::mint(),
            name: clean_name(&name)?,
            email: email.map(|email| clean_email(&email)).transpose()?,
            phone: phone.map(|phone| clean_phone(&phone)).transpose()?,
            birth_date: birth_date.map(|date| possible_birth(date, now)).transpose()?,
            known_by_address: false,
            version: 1,
            created_at: now,
        })
    }

    /// With other particulars. A person with another name is no longer known by the address.
    ///
    /// # Errors
    /// When something of it cannot be.
    pub fn corrected(&self, particulars: Particulars, now: Timestamp) -> Result<Self, PatientError> {
        let new = Self::take_down(particulars, now)?;
        let known_by_address =
            self.known_by_address && new.name_key() == self.name_key() && new.email_key() == self.email_key();
        let version = self.version + 1;
        Ok(Self { id: self.id, known_by_address, version, created_at: self.created_at, ..new })
    }

    /// The name as it is compared: lower case, single spaces.
    #[must_use]
    pub fn name_key(&self) -> String {
        self.name.to_lowercase()
    }

    /// The phone number, where it is in international form (ITU-T E.164): of another nobody knows the country.
    #[must_use]
    pub fn international_number(&self) -> Option<&str> {
        let is_one = |number: &&str| {
            let digits = number.strip_prefix('+').unwrap_or_default();
            digits.len() >= 8 && !digits.starts_with('0')
        };
        self.phone.as_deref().filter(is_one)
    }

    /// The address as it is compared: lower case.
    #[must_use]
    pub fn email_key(&self) -> Option<String> {
        self.email.as_deref().map(str::to_lowercase)
    }
}

fn clean_name(name: &str) -> Result<String, PatientError> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if (1..=200).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
        Ok(name)
    } else {
        Err(PatientError::BadName)
    }
}

fn clean_email(email: &str) -> Result<String, PatientError> {
    let email = email.trim();
    let possible = (3..=320).contains(&email.len())
        && email.contains('@')
        && !email.chars().any(|c| c.is_control() || c.is_whitespace());
    if possible { Ok(email.to_owned()) } else { Err(PatientError::BadEmail) }
}

fn clean_phone(phone: &str) -> Result<String, PatientError> {
    let bare: String = phone.chars().filter(|c| !matches!(c, ' ' | '.' | '-' | '/' | '(' | ')')).collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    if (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        Ok(bare)
    } else {
        Err(PatientError::BadPhone)
    }
}

fn possible_birth(date: Date, now: Timestamp) -> Result<Date, PatientError> {
    // Somewhere on earth it is tomorrow already.
    let latest = now.to_zoned(jiff::tz::TimeZone::UTC).date().tomorrow().unwrap_or(Date::MAX);
    if date.year() >= 1900 && date <= latest { Ok(date) } else { Err(PatientError::BadBirthDate) }
}

impl std::fmt::Debug for Patient {
    /// The id alone: a name must not slip into a log line.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patient").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn ada() -> Particulars {
        Particulars { name: "Ada Lovelace".into(), ..Particulars::default() }
    }

    fn taken_down(particulars: Particulars) -> Result<Patient, PatientError> {
        Patient::take_down(particulars, "2027-03-01T12:00:00Z".parse().unwrap())
    }

    #[test]
    fn a_guest_is_the_same_person_however_the_name_is_spaced_or_cased() {
        let one = Patient::enrol(" Ada  Lovelace ", "Ada@Example.org", Timestamp::UNIX_EPOCH).unwrap();
        let two = Patient::enrol("ada lovelace", "ada@example.org ", Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((one.name_key(), one.email_key()), (two.name_key(), two.email_key()));
        assert!(one.known_by_address);
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
    fn a_phone_number_is_kept_as_digits_however_it_is_written() {
        let phone =
            |text: &str| taken_down(Particulars { phone: Some(text.into()), ..ada() }).map(|p| p.phone.unwrap());
        assert_eq!(phone("+1 (212) 555-01.00").as_deref(), Ok("+12125550100"));
        for none in ["1234", "1234567890123456", "call me", "12+345678", ""] {
            assert_eq!(phone(none), Err(PatientError::BadPhone), "{none}");
        }
    }

    #[test]
    fn nobody_is_born_after_tomorrow_or_before_1900() {
        let born = |on: Date| taken_down(Particulars { birth_date: Some(on), ..ada() }).is_ok();
        assert!(born(date(1900, 1, 1)) && born(date(2027, 3, 2)));
        assert!(!born(date(1899, 12, 31)) && !born(date(2027, 3, 3)));
    }

    #[test]
    fn under_another_name_or_address_nobody_is_known_by_the_old_one() {
        let guest = Patient::enrol("Ada Lovelace", "ada@example.org", Timestamp::UNIX_EPOCH).unwrap();
        let as_before = Particulars { email: guest.email.clone(), ..ada() };
        let now = Timestamp::UNIX_EPOCH;
        let same = guest.corrected(Particulars { phone: Some("5550100".into()), ..as_before.clone() }, now).unwrap();
        assert_eq!((same.id, same.version, same.known_by_address), (guest.id, 2, true));
        let renamed = guest.corrected(Particulars { name: "Ada King".into(), ..as_before }, now).unwrap();
        assert!(!renamed.known_by_address);
        assert!(!guest.corrected(ada(), now).unwrap().known_by_address);
    }

    #[test]
    fn debug_output_tells_no_name() {
        let patient = Patient::enrol("Ada Lovelace", "ada@example.org", Timestamp::UNIX_EPOCH).unwrap();
        let text = format!("{patient:?} {:?}", ada());
        assert!(!text.contains("Ada") && !text.contains("example.org"), "{text}");
    }

    #[test]
    fn only_a_number_with_its_country_can_be_sent_to() {
        let number = |phone: &str| {
            let particulars = Particulars { name: "Ada".into(), phone: Some(phone.into()), ..Particulars::default() };
            let patient = Patient::take_down(particulars, "2027-03-01T12:00:00Z".parse().unwrap()).unwrap();
            patient.international_number().map(str::to_owned)
        };
        assert_eq!(number("+1 (212) 555-0100").as_deref(), Some("+12125550100"));
        for phone in ["212 555 0100", "0033612345678", "+0612345678", "+12345"] {
            assert_eq!(number(phone), None, "{phone}");
        }
    }
}
