use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use kernel::{SessionId, UserId};

use super::SessionEvent;

/// How long an access token is good for.
pub const ACCESS_TOKEN: SignedDuration = SignedDuration::from_mins(15);
/// A refresh token that is not used for so long is worth nothing.
pub const REFRESH_SLIDING: SignedDuration = SignedDuration::from_hours(30 * 24);
/// However often it is refreshed, a session of tokens ends after this.
pub const REFRESH_ABSOLUTE: SignedDuration = SignedDuration::from_hours(90 * 24);
/// A session of the pages that is not used for so long is over.
pub const COOKIE_IDLE: SignedDuration = SignedDuration::from_hours(12);
/// However often it is used, a session of the pages ends after this.
pub const COOKIE_ABSOLUTE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The time in which a second factor has to be set up.
pub const SETUP: SignedDuration = SignedDuration::from_mins(15);
/// The use of a session is taken down at most this often.
pub const TOUCH_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// So many sessions an account may have at a time; the oldest ends when there is one more.
pub const MOST_SESSIONS: u32 = 50;

/// What a session is carried by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionKind {
    /// An access token in `Authorization`, renewed by a refresh token.
    Bearer,
    /// A cookie, for pages.
    Cookie,
}

/// How much a session is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionExtent {
    /// Everything that the role may do.
    Full,
    /// Setting up the missing second factor, within [`SETUP`], and nothing else.
    SecondFactorSetup,
}

/// The text is not one of the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a word for this")]
pub struct UnknownWord;

macro_rules! words {
    ($($name:ident { $($variant:ident $word:literal)+ })+) => {$(
        impl $name {
            /// The word for it in tables and answers.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($word => Ok(Self::$variant),)+ _ => Err(UnknownWord) }
            }
        }
    )+};
}

words! {
    SessionKind { Bearer "bearer" Cookie "cookie" }
    SessionExtent { Full "full" SecondFactorSetup "second_factor_setup" }
}

/// What a client told of itself when it signed in; shown to the owner of the session.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Client {
    /// `User-Agent`, at most 300 printable characters.
    pub user_agent: Option<String>,
    /// The address it came from.
    pub address: Option<String>,
}

/// What a session is, and how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// What carries it.
    pub kind: SessionKind,
    /// What it is good for.
    pub extent: SessionExtent,
    /// Since when.
    pub created_at: Timestamp,
    /// Last seen then, exact to [`TOUCH_EVERY`].
    pub last_used_at: Timestamp,
    /// Over then, unless it is used before.
    pub expires_at: Timestamp,
}

/// One sign-in of an account on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, also in the access token.
    pub id: SessionId,
    /// Whose.
    pub account: UserId,
    /// From where.
    pub client: Client,
    /// How long.
    pub life: Life,
}

/// What became of a refresh token that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nobody had used it before; now it is used.
    First {
        /// When it would have ended.
        until: Timestamp,
    },
    /// It was used before.
    Again,
}

/// What to do about a refresh.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// Hand out new tokens; the session lives on like this.
    Renew(Life),
    /// Two hold the same token, and one of them is a thief: end the session for both.
    End,
    /// Nothing: it is over anyway.
    Refuse,
}

impl Life {
    /// Begins at `now`. A setup ends soon and is never prolonged.
    #[must_use]
    pub fn begin(kind: SessionKind, extent: SessionExtent, now: Timestamp) -> Self {
        let life = Self { kind, extent, created_at: now, last_used_at: now, expires_at: now };
        Self { expires_at: life.end_when_used(now), ..life }
    }

    /// Is it renewed by a refresh token?
    #[must_use]
    pub const fn is_renewed(&self) -> bool {
        matches!((self.kind, self.extent), (SessionKind::Bearer, SessionExtent::Full))
    }

    fn end_when_used(&self, now: Timestamp) -> Timestamp {
        let (idle, absolute) = match (self.extent, self.kind) {
            (SessionExtent::SecondFactorSetup, _) => (SETUP, SETUP),
            (SessionExtent::Full, SessionKind::Bearer) => (REFRESH_SLIDING, REFRESH_ABSOLUTE),
            (SessionExtent::Full, SessionKind::Cookie) => (COOKIE_IDLE, COOKIE_ABSOLUTE),
        };
        later(now, idle).min(later(self.created_at, absolute))
    }

    /// The end of an access token that is made at `now`: never after that of the session.
    #[must_use]
    pub fn access_until(&self, now: Timestamp) -> Timestamp {
        later(now, ACCESS_TOKEN).min(self.expires_at)
    }

    /// The same, used at `now`, where that is worth taking down: the last time is [`TOUCH_EVERY`] ago. Use prolongs
    /// sessions of the pages; those of tokens are prolonged by a refresh.
    #[must_use]
    pub fn touched(&self, now: Timestamp) -> Option<Self> {
        if now.duration_since(self.last_used_at) < TOUCH_EVERY {
            return None;
        }
        let expires_at = match self.kind {
            SessionKind::Cookie => self.end_when_used(now),
            SessionKind::Bearer => self.expires_at,
        };
        Some(Self { last_used_at: now, expires_at, ..*self })
    }

    /// Decides about a refresh token. `open`: not ended, and of an account that may sign in.
    #[must_use]
    pub fn refresh(&self, claim: Claim, open: bool, now: Timestamp) -> Refresh {
        if !open || now >= self.expires_at || !self.is_renewed() {
            return Refresh::Refuse;
        }
        match claim {
            Claim::First { until } if now < until => {
                Refresh::Renew(Self { last_used_at: now, expires_at: self.end_when_used(now), ..*self })
            }
            Claim::First { .. } => Refresh::Refuse,
            Claim::Again => Refresh::End,
        }
    }
}

impl Session {
    /// Opens one.
    #[must_use]
    pub fn open(
        account: UserId,
        kind: SessionKind,
        extent: SessionExtent,
        client: Client,
        now: Timestamp,
    ) -> (Self, SessionEvent) {
        let session = Self { id: SessionId::mint(), account, client, life: Life::begin(kind, extent, now) };
        let opened = SessionEvent::Opened {
            session_id: session.id,
            account_id: account,
            kind: kind.word(),
            extent: extent.word(),
        };
        (session, opened)
    }
}

/// Whole seconds from `now` until `then`, as answers tell them; none when that has passed.
#[must_use]
pub fn seconds(now: Timestamp, then: Timestamp) -> u32 {
    u32::try_from(then.duration_since(now).as_secs()).unwrap_or(0)
}

fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-21T09:00:00Z".parse().unwrap()
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    fn full(kind: SessionKind) -> Life {
        Life::begin(kind, SessionExtent::Full, now())
    }

    /// Renewed each day until it is refused.
    fn daily(mut life: Life) -> SignedDuration {
        for day in 1.. {
            let at = now() + hours(24 * day);
            match life.refresh(Claim::First { until: life.expires_at }, true, at) {
                Refresh::Renew(renewed) => life = renewed,
                Refresh::End | Refresh::Refuse => return at.duration_since(now()),
            }
        }
        unreachable!("the loop has no end")
    }

    #[test]
    fn tokens_slide_by_thirty_days_and_end_after_ninety() {
        let life = full(SessionKind::Bearer);
        assert_eq!(life.expires_at, now() + hours(30 * 24));
        assert_eq!(daily(life), hours(90 * 24));
    }

    #[test]
    fn a_page_slides_by_twelve_hours_and_ends_after_thirty_days() {
        let mut life = full(SessionKind::Cookie);
        assert_eq!(life.expires_at, now() + hours(12));
        for hour in 1..=30 * 24 {
            life = life.touched(now() + hours(hour)).unwrap();
        }
        assert_eq!(life.expires_at, now() + hours(30 * 24));
    }

    #[test]
    fn use_is_taken_down_once_a_minute_and_prolongs_no_tokens() {
        let life = full(SessionKind::Bearer);
        assert_eq!(life.touched(now() + SignedDuration::from_secs(59)), None);
        let touched = life.touched(now() + TOUCH_EVERY).unwrap();
        assert_eq!((touched.last_used_at, touched.expires_at), (now() + TOUCH_EVERY, life.expires_at));
    }

    #[test]
    fn a_setup_ends_after_fifteen_minutes_however_it_is_used() {
        for kind in [SessionKind::Bearer, SessionKind::Cookie] {
            let life = Life::begin(kind, SessionExtent::SecondFactorSetup, now());
            let late = now() + SignedDuration::from_mins(14);
            assert_eq!(life.touched(late).unwrap().expires_at, now() + SETUP);
            assert_eq!(life.access_until(late), now() + SETUP);
            assert_eq!(life.refresh(Claim::First { until: life.expires_at }, true, late), Refresh::Refuse);
        }
    }

    #[test]
    fn an_access_token_never_outlives_its_session() {
        let life = full(SessionKind::Bearer);
        assert_eq!(life.access_until(now()), now() + ACCESS_TOKEN);
        assert_eq!(life.access_until(life.expires_at - SignedDuration::from_mins(1)), life.expires_at);
    }

    #[test]
    fn a_used_token_ends_what_is_open_and_nothing_else() {
        let life = full(SessionKind::Bearer);
        assert_eq!(life.refresh(Claim::Again, true, now()), Refresh::End);
        assert_eq!(life.refresh(Claim::Again, false, now()), Refresh::Refuse);
        assert_eq!(life.refresh(Claim::Again, true, life.expires_at), Refresh::Refuse);
        assert_eq!(full(SessionKind::Cookie).refresh(Claim::Again, true, now()), Refresh::Refuse);
    }

    #[test]
    fn a_token_past_its_own_end_is_refused() {
        let life = full(SessionKind::Bearer);
        assert_eq!(life.refresh(Claim::First { until: now() }, true, now()), Refresh::Refuse);
        assert_eq!(life.refresh(Claim::First { until: life.expires_at }, false, now()), Refresh::Refuse);
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        for kind in [SessionKind::Bearer, SessionKind::Cookie] {
            assert_eq!(kind.word().parse(), Ok(kind));
        }
        for extent in [SessionExtent::Full, SessionExtent::SecondFactorSetup] {
            assert_eq!(extent.word().parse(), Ok(extent));
        }
        assert_eq!("Full".parse::<SessionExtent>(), Err(UnknownWord));
    }
}
