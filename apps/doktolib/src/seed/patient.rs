use jiff::Timestamp;
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::dice::Dice;
use super::words::Words;

/// A guest, known by name and address.
pub(super) struct Patient {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) created_at: Timestamp,
    /// First and last name, and whether the address is somebody else's too.
    first: &'static str,
    last: &'static str,
    shared: bool,
}

impl Patient {
    pub(super) const fn new(id: Uuid, name: String, email: String, created_at: Timestamp) -> Self {
        Self { id, name, email, created_at, first: "", last: "", shared: true }
    }

    /// The `serial`-th patient of the seeding; sometimes one who shares the address of `before`, as a
    /// child shares a parent's.
    pub(super) fn draw(dice: &mut Dice, words: &Words, serial: u64, before: Option<&Self>, at: Timestamp) -> Self {
        // Names that nobody can ever own (RFC 2606), so that no mail reaches a person.
        const HOSTS: [&str; 3] = ["example.com", "example.org", "example.net"];
        let (first, own_last) = words.person(dice);
        let own_host = dice.pick(&HOSTS);
        let id = dice.id(at);
        // At most two share an address: so it is enough that the two have other first names.
        let relative = before.filter(|before| dice.chance(7) && !before.shared && before.first != first);
        let last = relative.map_or(own_last, |relative| relative.last);
        let email = relative.map_or_else(
            || format!("{}.{}{serial}@{own_host}", mailbox(first), mailbox(last)),
            |relative| relative.email.clone(),
        );
        let shared = relative.is_some();
        Self { id, name: format!("{first} {last}"), email, created_at: at, first, last, shared }
    }
}

/// The plain letters of a name, for the front part of an address.
fn mailbox(name: &str) -> String {
    name.nfd().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_patients_share_both_address_and_name_and_every_address_is_reserved() {
        let (words, at) = (Words::new(), Timestamp::UNIX_EPOCH);
        let mut dice = Dice::new(7, 7);
        let mut seen = std::collections::HashSet::new();
        let (mut before, mut shared) = (None, 0);
        for serial in 0..5000 {
            let patient = Patient::draw(&mut dice, &words, serial, before.as_ref(), at);
            assert!(seen.insert((patient.email.to_lowercase(), patient.name.to_lowercase())), "{}", patient.name);
            let (front, host) = patient.email.split_once('@').unwrap();
            assert!(["example.com", "example.org", "example.net"].contains(&host));
            assert!(front.chars().all(|c| c.is_ascii_alphanumeric() || c == '.'), "{front}");
            shared += usize::from(patient.shared);
            before = Some(patient);
        }
        assert!((100..600).contains(&shared), "{shared}");
    }
}
