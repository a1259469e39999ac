//! How often what may be tried; the counting is done by [`Tries`](super::Tries).

use jiff::SignedDuration;
use kernel::UserId;

use super::Limit;
use crate::domain::{Client, Email};

/// Where a request comes from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visitor {
    /// As the list of sessions shows it.
    pub client: Client,
    /// The address it is counted by.
    pub counted_as: String,
    /// The request that is answered.
    pub request_id: Option<String>,
}

const QUARTER: SignedDuration = SignedDuration::from_mins(15);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Failed sign-ins of one address from one place. A stranger elsewhere has a count of his own, so he cannot lock
/// anybody out.
#[must_use]
pub fn sign_in(email: &Email, visitor: &Visitor) -> Limit {
    let subject = format!("{}\0{}", email.key(), visitor.counted_as);
    Limit { kind: "sign_in", subject, most: 5, window: QUARTER }
}

/// Failed sign-ins from one place, whoever's.
#[must_use]
pub fn sign_in_from(visitor: &Visitor) -> Limit {
    Limit { kind: "sign_in_from", subject: visitor.counted_as.clone(), most: 15, window: HOUR }
}

/// Wrong second factors of one account, from anywhere: only who knows the password gets here.
#[must_use]
pub fn second_factor(user: UserId) -> Limit {
    Limit { kind: "second_factor", subject: user.to_string(), most: 10, window: HOUR }
}

/// Wrong passwords of somebody who is signed in.
#[must_use]
pub fn current_password(user: UserId) -> Limit {
    Limit { kind: "current_password", subject: user.to_string(), most: 5, window: QUARTER }
}

/// Codes mailed to one address.
#[must_use]
pub fn codes_to(email: &Email) -> Limit {
    Limit { kind: "codes_to", subject: email.key(), most: 5, window: QUARTER }
}

/// Sign-ups from one place.
#[must_use]
pub fn sign_ups_from(visitor: &Visitor) -> Limit {
    Limit { kind: "sign_ups_from", subject: visitor.counted_as.clone(), most: 3, window: HOUR }
}

/// Wrong codes from one place; each code has a limit of its own besides.
#[must_use]
pub fn codes_from(visitor: &Visitor) -> Limit {
    Limit { kind: "codes_from", subject: visitor.counted_as.clone(), most: 30, window: QUARTER }
}
