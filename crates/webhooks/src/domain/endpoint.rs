use jiff::{SignedDuration, Timestamp};
use kernel::ClinicId;

use super::Wanted;

/// The most endpoints of a clinic.
pub const MOST_ENDPOINTS: usize = 10;
/// How long the old secret of an endpoint still signs beside the new one.
pub const OVERLAP: SignedDuration = SignedDuration::from_hours(24);

kernel::ids! {
    /// An address that a clinic's events are posted to.
    EndpointId,
}

/// The key that signs messages to one endpoint: 24 to 64 random octets.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    /// Of these octets.
    #[must_use]
    pub const fn new(octets: Vec<u8>) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What signs messages to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKeys {
    /// The present secret.
    pub current: Secret,
    /// The one before, and until when it signs as well.
    pub previous: Option<(Secret, Timestamp)>,
}

impl SigningKeys {
    /// The secrets that sign at that instant, the present one first.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Vec<Secret> {
        let previous = self.previous.iter().filter(|(_, until)| now < *until).map(|(secret, _)| secret);
        std::iter::once(&self.current).chain(previous).cloned().collect()
    }

    /// With a new secret; the present one signs for another day. One before it stops at once.
    #[must_use]
    pub fn rotated(&self, new: Secret, now: Timestamp) -> Self {
        let until = now.checked_add(OVERLAP).unwrap_or(Timestamp::MAX);
        Self { current: new, previous: Some((self.current.clone(), until)) }
    }
}

/// Why nothing is sent to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disabled {
    /// Somebody has switched it off.
    ByHand,
    /// It has answered 410 Gone.
    Gone,
    /// For five days nothing got through.
    Failing,
}

impl Disabled {
    const ALL: [Self; 3] = [Self::ByHand, Self::Gone, Self::Failing];

    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::ByHand => "by_hand",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// The reason of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.word() == word)
    }
}

/// Is anything sent to an endpoint?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Yes.
    Enabled,
    /// No, for this reason.
    Disabled(Disabled),
}

/// An address that a clinic's events are posted to.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Which one.
    pub id: EndpointId,
    /// Whose events.
    pub clinic: ClinicId,
    /// The address; it may hold a secret.
    pub url: String,
    /// Which events.
    pub wanted: Wanted,
    /// Is anything sent?
    pub standing: Standing,
    /// What signs.
    pub keys: SigningKeys,
    /// The first failure since something got through.
    pub failing_since: Option<Timestamp>,
    /// Counts its changes.
    pub version: i32,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Endpoint").field("id", &self.id).field("standing", &self.standing).finish_non_exhaustive()
    }
}

/// What is wished of an endpoint; what is left out stays as it is.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct EndpointDraft {
    /// The address.
    pub url: Option<String>,
    /// Which events.
    pub wanted: Option<Wanted>,
    /// Is anything to be sent?
    pub switch: Option<Switch>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Switch {
    /// Send.
    On,
    /// Do not.
    Off,
}

/// An endpoint after a change, and the fields that differ.
pub type Change = (Endpoint, Vec<&'static str>);

impl Endpoint {
    /// As the draft wishes; `None` when that changes nothing. Switched on, it starts with a clean slate.
    #[must_use]
    pub fn changed_by(&self, draft: &EndpointDraft, now: Timestamp) -> Option<Change> {
        let mut fields = Vec::new();
        let mut changed = self.clone();
        if let Some(url) = draft.url.as_ref().filter(|url| **url != self.url) {
            changed.url.clone_from(url);
            fields.push("url");
        }
        if let Some(wanted) = draft.wanted.as_ref().filter(|wanted| **wanted != self.wanted) {
            changed.wanted = wanted.clone();
            fields.push("event_types");
        }
        match (draft.switch, self.standing) {
            (Some(Switch::On), Standing::Disabled(_)) => {
                changed.standing = Standing::Enabled;
                changed.failing_since = None;
                fields.push("enabled");
            }
            (Some(Switch::Off), Standing::Enabled) => {
                changed.standing = Standing::Disabled(Disabled::ByHand);
                fields.push("enabled");
            }
            (None | Some(Switch::On | Switch::Off), _) => {}
        }
        if fields.is_empty() {
            return None;
        }
        changed.version += 1;
        changed.updated_at = now;
        Some((changed, fields))
    }

    /// With another secret.
    #[must_use]
    pub fn with_secret(&self, new: Secret, now: Timestamp) -> Self {
        Self { keys: self.keys.rotated(new, now), version: self.version + 1, updated_at: now, ..self.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn endpoint() -> Endpoint {
        let now = at("2027-03-01T12:00:00Z");
        Endpoint {
            id: EndpointId::mint(),
            clinic: ClinicId::mint(),
            url: "https://clinic.example/hooks".into(),
            wanted: Wanted::All,
            standing: Standing::Enabled,
            keys: SigningKeys { current: Secret::new(vec![1; 32]), previous: None },
            failing_since: None,
            version: 1,
            created_at: now,
            updated_at: now,
        }
    }

    #[test]
    fn after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one_alone() {
        let now = at("2027-03-01T12:00:00Z");
        let (old, new, newer) = (Secret::new(vec![1; 32]), Secret::new(vec![2; 32]), Secret::new(vec![3; 32]));
        let rotated = endpoint().with_secret(new.clone(), now);
        assert_eq!((rotated.keys.at(now), rotated.version), (vec![new.clone(), old.clone()], 2));
        assert_eq!(rotated.keys.at(at("2027-03-02T11:59:59Z")), [new.clone(), old]);
        assert_eq!(rotated.keys.at(at("2027-03-02T12:00:00Z")), vec![new.clone()]);
        let twice = rotated.with_secret(newer.clone(), at("2027-03-01T13:00:00Z"));
        assert_eq!(twice.keys.at(at("2027-03-01T13:00:00Z")), [newer, new], "one that has leaked stops at once");
    }

    #[test]
    fn a_draft_that_wishes_nothing_new_changes_nothing() {
        let now = at("2027-03-02T12:00:00Z");
        let same = EndpointDraft { url: Some(endpoint().url), wanted: Some(Wanted::All), switch: Some(Switch::On) };
        assert!(endpoint().changed_by(&same, now).is_none());
        assert!(endpoint().changed_by(&EndpointDraft::default(), now).is_none());
    }

    #[test]
    fn what_was_switched_off_starts_with_a_clean_slate_when_it_is_switched_on() {
        let now = at("2027-03-02T12:00:00Z");
        let failing = Endpoint {
            standing: Standing::Disabled(Disabled::Failing),
            failing_since: Some(at("2027-02-20T12:00:00Z")),
            ..endpoint()
        };
        let on = EndpointDraft { switch: Some(Switch::On), ..EndpointDraft::default() };
        let (changed, fields) = failing.changed_by(&on, now).unwrap();
        assert_eq!((changed.standing, changed.failing_since, fields), (Standing::Enabled, None, vec!["enabled"]));
        let off = EndpointDraft { switch: Some(Switch::Off), ..EndpointDraft::default() };
        let (changed, _) = changed.changed_by(&off, now).unwrap();
        assert_eq!((changed.standing, changed.version), (Standing::Disabled(Disabled::ByHand), 3));
        assert!(failing.changed_by(&off, now).is_none(), "it keeps the reason that it has");
    }

    #[test]
    fn no_secret_and_no_address_is_printed() {
        let printed = format!("{:?} {:?}", endpoint(), endpoint().keys);
        assert!(!printed.contains("clinic.example") && !printed.contains("1, 1"), "{printed}");
    }
}
