use std::fmt;

/// By what way somebody is told something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// By e-mail.
    Email,
    /// By a text message to a phone.
    Sms,
}

impl Channel {
    /// Its word in tables and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// The channel of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Email, Self::Sms].into_iter().find(|channel| channel.word() == word)
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryState {
    /// It waits, or is tried again later.
    Queued,
    /// Somebody else is answerable for it: the mail server, the provider of texts.
    Sent,
    /// It has reached the phone.
    Delivered,
    /// The network could not bring it to the phone.
    Undelivered,
    /// It was given up, or the provider could not send it.
    Failed,
}

impl DeliveryState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Sent, Self::Delivered, Self::Undelivered, Self::Failed];

    /// Its word in tables and answers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Failed => "failed",
        }
    }

    /// The state of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }

    /// Has somebody else taken it? Then it is not handed over once more.
    #[must_use]
    pub const fn was_handed_over(self) -> bool {
        matches!(self, Self::Sent | Self::Delivered | Self::Undelivered)
    }

    /// May what the provider tells follow upon this state? Its words come in any order, and often late: nothing goes
    /// back, and what is over stays as it is.
    #[must_use]
    pub const fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Queued, Self::Sent | Self::Delivered | Self::Undelivered | Self::Failed)
            | (Self::Sent, Self::Delivered | Self::Undelivered | Self::Failed) => true,
            (_, Self::Queued | Self::Sent | Self::Delivered | Self::Undelivered | Self::Failed) => false,
        }
    }

    /// What a provider's word for the state of a text means here; nothing where it tells nothing.
    /// Twilio's words: <https://www.twilio.com/docs/messaging/api/message-resource#message-status-values>.
    #[must_use]
    pub fn of_provider(word: &str) -> Option<Self> {
        match word {
            "accepted" | "scheduled" | "queued" | "sending" | "sent" => Some(Self::Sent),
            "delivered" | "read" => Some(Self::Delivered),
            "undelivered" => Some(Self::Undelivered),
            "failed" | "canceled" => Some(Self::Failed),
            _ => None,
        }
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::DeliveryState::{Delivered, Failed, Queued, Sent, Undelivered};
    use super::*;

    #[test]
    fn a_state_only_goes_forward() {
        for (from, forward) in [
            (Queued, &[Sent, Delivered, Undelivered, Failed][..]),
            (Sent, &[Delivered, Undelivered, Failed]),
            (Delivered, &[]),
            (Undelivered, &[]),
            (Failed, &[]),
        ] {
            for to in DeliveryState::ALL {
                assert_eq!(from.may_become(to), forward.contains(&to), "{from} to {to}");
            }
        }
    }

    #[test]
    fn every_word_is_found_again_and_the_providers_words_are_understood() {
        for state in DeliveryState::ALL {
            assert_eq!(DeliveryState::from_word(state.word()), Some(state));
        }
        for channel in [Channel::Email, Channel::Sms] {
            assert_eq!(Channel::from_word(channel.word()), Some(channel));
        }
        for (word, state) in [
            ("accepted", Some(Sent)),
            ("queued", Some(Sent)),
            ("sent", Some(Sent)),
            ("delivered", Some(Delivered)),
            ("read", Some(Delivered)),
            ("undelivered", Some(Undelivered)),
            ("failed", Some(Failed)),
            ("receiving", None),
            ("", None),
        ] {
            assert_eq!(DeliveryState::of_provider(word), state, "{word}");
        }
    }
}
