use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use kernel::{SessionId, UserId};

use super::{EndedWhy, SessionEvent};

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

/// One sign-in of an account on one device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id, also in the access token.
    pub id: SessionId,
    /// Whose.
    pub account: UserId,
    /// What carries it.
    pub kind: SessionKind,
    /// What it is good for.
    pub extent: SessionExtent,
    /// From where.
    pub client: Client,
    /// Since when.
    pub created_at: Timestamp,
    /// Last seen then, exact to [`TOUCH_EVERY`].
    pub last_used_at: Timestamp,
    /// Over then, unless it is used before.
    pub expires_at: Timestamp,
}

/// What became of a refresh token that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// Nobody had used it before; now it is used. It is good until then.
    First {
        /// When it ends.
        until: Timestamp,
    },
    /// It was used before.
    Again,
}

/// What to do about a refresh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refresh {
    /// Hand out new tokens; the session lives on like this.
    Renew(Session),
    /// Two hold the same token and one of them is a thief: end the session for both.
    End(SessionEvent),
    /// Nothing: it is over anyway.
    Refuse,
}

impl Session {
    /// Opens one. A setup ends soon and is never prolonged.
    #[must_use]
    pub fn open(
        account: UserId,
        kind: SessionKind,
        extent: SessionExtent,
        client: Client,
        now: Timestamp,
    ) -> (Self, SessionEvent) {
        let mut session = Self {
            id: SessionId::mint(),
            account,
            kind,
            extent,
            client,
            created_at: now,
            last_used_at: now,
            expires_at: now,
        };
        session.expires_at = session.lasts_from(now);
        let event = SessionEvent::Opened { session_id: session.id, account_id: account, kind: kind.word() };
        (session, event)
    }

    /// May it be renewed by a refresh token?
    #[must_use]
    pub const fn is_refreshed(&self) -> bool {
        matches!((self.kind, self.extent), (SessionKind::Bearer, SessionExtent::Full))
    }

    /// The end of a session that is used at `now`.
    fn lasts_from(&self, now: Timestamp) -> Timestamp {
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

    /// Whole seconds from `now` until `then`, as answers tell them.
    #[must_use]
    pub fn seconds(now: Timestamp, then: Timestamp) -> u32 {
        u32::try_from(then.duration_since(now).as_secs()).unwrap_or(0)
    }

    /// The same session, used at `now`, where that is worth taking down: the use is older than [`TOUCH_EVERY`].
    /// Use prolongs sessions of the pages; those of tokens are prolonged by a refresh.
    #[must_use]
    pub fn touched(&self, now: Timestamp) -> Option<Self> {
        if now.duration_since(self.last_used_at) < TOUCH_EVERY {
            return None;
        }
        let expires_at = match self.kind {
            SessionKind::Cookie => self.lasts_from(now),
            SessionKind::Bearer => self.expires_at,
        };
        Some(Self { last_used_at: now, expires_at, ..self.clone() })
    }

    /// Decides about a refresh token of this session. `open`: neither ended nor of an account that may not sign in.
    #[must_use]
    pub fn refresh(&self, claim: Claim, open: bool, now: Timestamp) -> Refresh {
        if !open || now >= self.expires_at || !self.is_refreshed() {
            return Refresh::Refuse;
        }
        match claim {
            Claim::First { until } if now < until => {
                Refresh::Renew(Self { last_used_at: now, expires_at: self.lasts_from(now), ..self.clone() })
            }
            Claim::First { .. } => Refresh::Refuse,
            Claim::Again => Refresh::End(SessionEvent::ReuseDetected { session_id: self.id, account_id: self.account }),
        }
    }

    /// Its end, by its owner's wish or another reason.
    #[must_use]
    pub const fn ended(&self, why: EndedWhy) -> SessionEvent {
        SessionEvent::Ended { session_id: self.id, account_id: self.account, why: why.word() }
    }
}

fn later(from: Timestamp, by: SignedDuration) -> Timestamp {
    from.checked_add(by).unwrap_or(Timestamp::MAX)
}
