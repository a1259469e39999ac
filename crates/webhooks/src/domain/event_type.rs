/// What a clinic's systems can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// A slot became a visit.
    Booked,
    /// The visit takes place at another time.
    Rescheduled,
    /// The visit will not take place.
    Cancelled,
    /// What was called off takes place after all.
    Reinstated,
    /// The patient is there.
    Arrived,
    /// The visit took place.
    Completed,
    /// The patient did not come.
    NoShow,
    /// A mistaken mark was taken back.
    Corrected,
    /// Somebody tries an endpoint.
    Test,
}

impl EventType {
    /// All there are.
    pub const ALL: [Self; 9] = [
        Self::Booked,
        Self::Rescheduled,
        Self::Cancelled,
        Self::Reinstated,
        Self::Arrived,
        Self::Completed,
        Self::NoShow,
        Self::Corrected,
        Self::Test,
    ];

    /// Its name in messages. That of a visit's event is the topic it has in the outbox.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Booked => "appointment.booked",
            Self::Rescheduled => "appointment.rescheduled",
            Self::Cancelled => "appointment.cancelled",
            Self::Reinstated => "appointment.reinstated",
            Self::Arrived => "appointment.arrived",
            Self::Completed => "appointment.completed",
            Self::NoShow => "appointment.no_show",
            Self::Corrected => "appointment.corrected",
            Self::Test => "webhook.test",
        }
    }

    /// A sentence about it.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Booked => "A visit was booked.",
            Self::Rescheduled => "A visit was moved to another time; it was not cancelled.",
            Self::Cancelled => "A visit will not take place.",
            Self::Reinstated => "A cancelled visit takes place after all, at its old time.",
            Self::Arrived => "The patient is there.",
            Self::Completed => "The visit took place.",
            Self::NoShow => "The patient did not come.",
            Self::Corrected => "A mistaken mark of a visit was taken back.",
            Self::Test => "Somebody tries the endpoint; it comes whatever the endpoint wants.",
        }
    }

    /// The type of that name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// Which events an endpoint wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All, also those that are added later.
    All,
    /// These alone.
    These(Vec<EventType>),
}

/// A list of names that says nothing useful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotWanted {
    /// It is empty.
    #[error("names no type")]
    Nothing,
    /// It has a name that is none, or that of the test, which nobody asks for.
    #[error("names a type that there is not")]
    Unknown,
}

impl Wanted {
    /// The name for all.
    pub const ALL_WORD: &'static str = "*";

    /// By their names, or `*` for all.
    ///
    /// # Errors
    /// See [`NotWanted`].
    pub fn new(words: &[impl AsRef<str>]) -> Result<Self, NotWanted> {
        if words.is_empty() {
            return Err(NotWanted::Nothing);
        }
        let mut these = Vec::new();
        let mut all = false;
        for word in words.iter().map(AsRef::as_ref) {
            match EventType::from_word(word) {
                _ if word == Self::ALL_WORD => all = true,
                None | Some(EventType::Test) => return Err(NotWanted::Unknown),
                Some(kind) => these.push(kind),
            }
        }
        these.sort_unstable();
        these.dedup();
        Ok(if all { Self::All } else { Self::These(these) })
    }

    /// Is this one of them? A test always is.
    #[must_use]
    pub fn wants(&self, kind: EventType) -> bool {
        match self {
            Self::All => true,
            Self::These(these) => kind == EventType::Test || these.contains(&kind),
        }
    }

    /// Their names.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        match self {
            Self::All => vec![Self::ALL_WORD],
            Self::These(these) => these.iter().map(|kind| kind.word()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_found_by_its_name_and_explained() {
        for kind in EventType::ALL {
            assert_eq!(EventType::from_word(kind.word()), Some(kind));
            assert!(kind.about().len() > 10);
        }
        assert_eq!(EventType::from_word("appointment.reminded"), None);
    }

    #[test]
    fn an_endpoint_wants_what_it_names_or_all_and_a_test_in_any_case() {
        let some = Wanted::new(&["appointment.cancelled", "appointment.booked", "appointment.booked"]).unwrap();
        assert_eq!(some.words(), ["appointment.booked", "appointment.cancelled"]);
        assert!(some.wants(EventType::Booked) && some.wants(EventType::Test) && !some.wants(EventType::Rescheduled));
        let all = Wanted::new(&["appointment.booked", "*"]).unwrap();
        assert_eq!((&all, all.words()), (&Wanted::All, vec!["*"]));
        assert!(EventType::ALL.iter().all(|kind| all.wants(*kind)));
    }

    #[test]
    fn a_list_without_names_or_with_one_that_is_none_is_refused() {
        assert_eq!(Wanted::new(&[""; 0]), Err(NotWanted::Nothing));
        for word in ["", "appointment", "appointment.*", "webhook.test", "mail"] {
            assert_eq!(Wanted::new(&["appointment.booked", word]), Err(NotWanted::Unknown), "{word}");
        }
    }
}
