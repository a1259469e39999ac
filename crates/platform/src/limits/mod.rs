//! Budgets of requests: so many in a while for each client, in this process or shared over Redis.
//!
//! A budget refills evenly (the generic cell rate algorithm): who has used it up gets a request each `window / requests`
//! and never has to wait for an edge of a window. In the process and in Redis the same is counted.

mod local;
mod rate;
mod shared;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use kernel::{Clock, UserId};

use local::LocalBudgets;
pub use rate::{NoRate, Rate};
pub use shared::{NoRedis, RedisAddress, SharedBudgets};

/// Whom a budget belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Holder {
    /// Somebody who is signed in, from wherever.
    Account(UserId),
    /// Everybody at one address ([`crate::http::address_group`]).
    Address(IpAddr),
}

/// What became of a request, and what is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// How many more may follow at once.
    pub remaining: u32,
    /// How long until one is let through again, when this one is not.
    pub refused_for: Option<Duration>,
}

/// What happens while the configured Redis is away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithoutRedis {
    /// Each process counts for itself: clients may send more, but are served.
    CountAlone,
    /// Nothing gets through: whoever cuts off Redis must not get more tries at passwords and codes.
    Refuse,
}

/// Redis is configured and away, and this budget is not given without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away;

/// One budget for each holder. Cheap to clone.
#[derive(Clone)]
pub struct Budgets(Arc<Inner>);

struct Inner {
    name: &'static str,
    rate: Rate,
    local: LocalBudgets,
    shared: Option<SharedBudgets>,
    without: WithoutRedis,
}

impl Budgets {
    /// Budgets of `rate`; `name` stands in header fields and in Redis.
    #[must_use]
    pub fn new(
        name: &'static str,
        rate: Rate,
        clock: Arc<dyn Clock>,
        shared: Option<SharedBudgets>,
        without: WithoutRedis,
    ) -> Self {
        Self(Arc::new(Inner { name, rate, local: LocalBudgets::new(rate, clock), shared, without }))
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// How much it is.
    #[must_use]
    pub fn rate(&self) -> Rate {
        self.0.rate
    }

    /// Takes one request from the holder's budget, if one is left.
    ///
    /// # Errors
    /// When Redis is away and the budget is not given without it.
    pub async fn take(&self, holder: Holder) -> Result<Verdict, Away> {
        let inner = &self.0;
        let Some(shared) = &inner.shared else { return Ok(inner.local.take(holder)) };
        match (shared.take(inner.name, inner.rate, holder).await, inner.without) {
            (Ok(verdict), _) => Ok(verdict),
            (Err(Away), WithoutRedis::CountAlone) => Ok(inner.local.take(holder)),
            (Err(Away), WithoutRedis::Refuse) => Err(Away),
        }
    }
}
