use jiff::{SignedDuration, Timestamp};

use super::Disabled;

/// Pauses between tries, as the Standard Webhooks specification recommends.
const PAUSES: [SignedDuration; 9] = [
    SignedDuration::from_secs(5),
    SignedDuration::from_mins(5),
    SignedDuration::from_mins(30),
    SignedDuration::from_hours(2),
    SignedDuration::from_hours(5),
    SignedDuration::from_hours(10),
    SignedDuration::from_hours(14),
    SignedDuration::from_hours(20),
    SignedDuration::from_hours(24),
];
/// Tries of a message, before it is given up.
pub const TRIES: u32 = 10;
/// The longest that a receiver may put us off.
pub const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(24);
/// When a message is given up and nothing got through for so long, nothing is sent any more.
pub const MOST_FAILING: SignedDuration = SignedDuration::from_hours(5 * 24);

/// What was wrong with a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The address is none that may be asked.
    Refused,
    /// No answer in time.
    TooSlow,
    /// Nobody answers there.
    Unreachable,
    /// It sends us elsewhere, and nobody is followed.
    Redirected,
    /// It does not want anything any more.
    Gone,
    /// It answers something else than success.
    Status,
    /// The endpoint was disabled before the next try.
    Disabled,
}

impl Trouble {
    /// The word for it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "address-refused",
            Self::TooSlow => "too-slow",
            Self::Unreachable => "unreachable",
            Self::Redirected => "redirected",
            Self::Gone => "gone",
            Self::Status => "refused-by-receiver",
            Self::Disabled => "endpoint-disabled",
        }
    }
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Somebody answered.
    Answered {
        /// Status code.
        status: u16,
        /// How long we are asked to wait.
        retry_after: Option<SignedDuration>,
    },
    /// Nobody did.
    NotReached(Trouble),
}

/// A try that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tried {
    /// How.
    pub outcome: Outcome,
    /// How long it took, in milliseconds.
    pub took_ms: u32,
}

impl Tried {
    /// What was answered.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self.outcome {
            Outcome::Answered { status, .. } => Some(status),
            Outcome::NotReached(_) => None,
        }
    }
}

/// What follows from a try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It got through.
    Delivered,
    /// It is tried again.
    Again {
        /// When.
        at: Timestamp,
        /// What was wrong.
        trouble: Trouble,
    },
    /// It is given up.
    GivenUp(Trouble),
}

impl Verdict {
    /// What was wrong.
    #[must_use]
    pub const fn trouble(self) -> Option<Trouble> {
        match self {
            Self::Delivered => None,
            Self::Again { trouble, .. } | Self::GivenUp(trouble) => Some(trouble),
        }
    }
}

/// What follows from try number `count`, counted from 1 since the message was made or sent again by hand. The `dice`
/// strew the pauses: 1 is the middle.
#[must_use]
pub fn verdict(outcome: Outcome, count: u32, now: Timestamp, dice: f64) -> Verdict {
    let (trouble, asked) = match outcome {
        Outcome::Answered { status: 200..=299, .. } => return Verdict::Delivered,
        Outcome::Answered { status: 410, .. } => return Verdict::GivenUp(Trouble::Gone),
        Outcome::Answered { status: 300..=399, .. } => (Trouble::Redirected, None),
        Outcome::Answered { status: 429 | 503, retry_after } => (Trouble::Status, retry_after),
        Outcome::Answered { .. } => (Trouble::Status, None),
        Outcome::NotReached(trouble) => (trouble, None),
    };
    let place = usize::try_from(count.saturating_sub(1)).unwrap_or(usize::MAX);
    let Some(pause) = PAUSES.get(place) else { return Verdict::GivenUp(trouble) };
    let strewn = SignedDuration::try_from_secs_f64(pause.as_secs_f64() * dice).unwrap_or(*pause);
    let pause = strewn.max(asked.unwrap_or_default().min(LONGEST_PAUSE));
    Verdict::Again { at: now.checked_add(pause).unwrap_or(Timestamp::MAX), trouble }
}

/// Is nothing to be sent any more to an endpoint to which nothing got through since that instant?
#[must_use]
pub fn disables(verdict: Verdict, failing_since: Timestamp, now: Timestamp) -> Option<Disabled> {
    match verdict {
        Verdict::GivenUp(Trouble::Gone) => Some(Disabled::Gone),
        Verdict::GivenUp(_) if now.duration_since(failing_since) >= MOST_FAILING => Some(Disabled::Failing),
        Verdict::GivenUp(_) | Verdict::Delivered | Verdict::Again { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn answered(status: u16) -> Outcome {
        Outcome::Answered { status, retry_after: None }
    }

    fn now() -> Timestamp {
        "2027-03-01T12:00:00Z".parse().unwrap()
    }

    fn pause(outcome: Outcome, count: u32, dice: f64) -> Option<i64> {
        match verdict(outcome, count, now(), dice) {
            Verdict::Again { at, .. } => Some(at.duration_since(now()).as_secs()),
            Verdict::Delivered | Verdict::GivenUp(_) => None,
        }
    }

    #[test]
    fn ten_tries_are_strewn_over_three_days() {
        let pauses: Vec<i64> = (1..=TRIES).filter_map(|count| pause(answered(500), count, 1.0)).collect();
        assert_eq!(pauses, [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
        assert_eq!(verdict(answered(500), TRIES, now(), 1.0), Verdict::GivenUp(Trouble::Status));
        assert_eq!((pause(answered(500), 2, 0.9), pause(answered(500), 2, 1.1)), (Some(270), Some(330)));
    }

    #[test]
    fn whatever_is_no_success_is_tried_again_and_gone_is_not() {
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(verdict(answered(status), 1, now(), 1.0), Verdict::Delivered, "{status}");
        }
        for (status, trouble) in
            [(301, "redirected"), (307, "redirected"), (400, "refused-by-receiver"), (100, "refused-by-receiver")]
        {
            let Verdict::Again { trouble: told, .. } = verdict(answered(status), 1, now(), 1.0) else {
                panic!("{status}")
            };
            assert_eq!(told.word(), trouble);
        }
        assert_eq!(verdict(answered(410), 1, now(), 1.0), Verdict::GivenUp(Trouble::Gone));
        assert_eq!(pause(Outcome::NotReached(Trouble::TooSlow), 1, 1.0), Some(5));
    }

    #[test]
    fn who_asks_to_wait_is_waited_for_a_day_at_most_and_never_shorter_than_otherwise() {
        let asking = |status, hours| Outcome::Answered { status, retry_after: Some(SignedDuration::from_hours(hours)) };
        assert_eq!(pause(asking(429, 1), 1, 1.0), Some(3_600));
        assert_eq!(pause(asking(503, 1_000), 1, 1.0), Some(86_400));
        assert_eq!(pause(asking(503, 1), 6, 1.0), Some(36_000));
        assert_eq!(pause(asking(503, -1), 1, 1.0), Some(5));
        assert_eq!(pause(asking(500, 1), 1, 1.0), Some(5), "it is not for this answer to say");
    }

    #[test]
    fn an_endpoint_is_disabled_when_it_is_gone_or_a_message_is_given_up_after_five_days_without_success() {
        let since = |days: i64| now().checked_sub(SignedDuration::from_hours(24 * days)).unwrap();
        let given_up = Verdict::GivenUp(Trouble::Status);
        assert_eq!(disables(given_up, since(5), now()), Some(Disabled::Failing));
        assert_eq!(disables(given_up, since(4), now()), None);
        let again = Verdict::Again { at: now(), trouble: Trouble::Status };
        assert_eq!(disables(again, since(50), now()), None, "one blip after a quiet month");
        assert_eq!(disables(Verdict::GivenUp(Trouble::Gone), now(), now()), Some(Disabled::Gone));
        assert_eq!(disables(Verdict::Delivered, since(50), now()), None);
    }
}
