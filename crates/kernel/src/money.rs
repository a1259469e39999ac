use serde::{Deserialize, Serialize};

/// An amount of US dollars in cents; the API shows it as `{"amount": 15000, "currency": "USD"}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Money(i64);

impl Money {
    /// From cents.
    #[must_use]
    pub const fn cents(cents: i64) -> Self {
        Self(cents)
    }

    /// From whole dollars.
    #[must_use]
    pub const fn dollars(dollars: i64) -> Self {
        Self(dollars.saturating_mul(100))
    }

    /// In cents.
    #[must_use]
    pub const fn as_cents(self) -> i64 {
        self.0
    }

    /// In whole dollars, the cents cut off.
    #[must_use]
    pub const fn whole_dollars(self) -> i64 {
        self.0 / 100
    }
}
