use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// How good a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Good.
    Valid,
    /// Its last day is over.
    Expired,
    /// There is a newer version.
    Replaced,
    /// It was withdrawn.
    Withdrawn,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Valid, Self::Expired, Self::Replaced, Self::Withdrawn];

    /// The word in API and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Expired => "expired",
            Self::Replaced => "replaced",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What decides how good a version is, besides the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is the newest of one that is good.
    Newest,
    /// There is a newer one.
    Replaced,
    /// The prescription was withdrawn.
    Withdrawn,
}

impl Standing {
    /// How good a version is that stands so and ends with that day of the zone's calendar. The clock alone makes it
    /// expire.
    #[must_use]
    pub fn state(self, valid_until: Date, zone: &str, now: Timestamp) -> State {
        match self {
            Self::Withdrawn => State::Withdrawn,
            Self::Replaced => State::Replaced,
            Self::Newest if valid_until < date_in(zone, now) => State::Expired,
            Self::Newest => State::Valid,
        }
    }
}

/// The date that an instant has on the clocks of a zone.
pub(super) fn date_in(zone: &str, at: Timestamp) -> Date {
    at.to_zoned(TimeZone::get(zone).unwrap_or(TimeZone::UTC)).date()
}
