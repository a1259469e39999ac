use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use metrics::counter;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, Script};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Away, Holder, Rate, Verdict};
use crate::crypto::Keyring;

/// How long Redis may take for one answer, a new connection included; then it counts as away.
const PATIENCE: Duration = Duration::from_millis(500);
/// How long nobody asks a Redis that was away, so that its absence costs one request in a while its patience.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes one request from the budget of `KEYS[1]` in one step, by the clock of Redis, which all processes share.
/// `ARGV`: microseconds in which one request comes back, and in which all but one do. The key holds the instant at
/// which the budget is whole again, and vanishes then. Gives what is left, and for how many µs it is refused.
const TAKE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, rest = tonumber(ARGV[1]), tonumber(ARGV[2])
local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now)
if whole - now > rest then
    return {0, whole - now - rest}
end
whole = whole + each
redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
return {math.floor((rest + each - (whole - now)) / each), 0}
";

/// Where a Redis is; a password in it is not shown.
#[derive(Clone)]
pub struct RedisAddress(SecretString);

/// The text is no address of a Redis.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the address of a Redis such as redis://localhost:6379 or rediss://user:password@host:6380")]
pub struct NoRedis;

impl FromStr for RedisAddress {
    type Err = NoRedis;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let scheme = ["redis://", "rediss://"].iter().any(|start| text.starts_with(start));
        // `#insecure` would take any certificate.
        if !scheme || text.contains('#') || Client::open(text).is_err() {
            return Err(NoRedis);
        }
        Ok(Self(SecretString::from(text)))
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisAddress")
    }
}

/// Budgets in a Redis, the same for all processes. Cheap to clone.
///
/// Who holds one is not to be read there: the keys are hashes under the installation's secret.
#[derive(Clone)]
pub struct SharedBudgets(Arc<Inner>);

struct Inner {
    address: RedisAddress,
    keys: Keyring,
    script: Script,
    /// Made at the first request, since it needs a runtime; thrown away when it fails.
    connection: Mutex<Option<ConnectionManager>>,
    started: Instant,
    /// Nobody asks before (milliseconds since `started`); 0 while Redis is there.
    away_until: AtomicU64,
}

impl SharedBudgets {
    /// Does not connect yet.
    #[must_use]
    pub fn new(address: RedisAddress, keys: Keyring) -> Self {
        Self(Arc::new(Inner {
            address,
            keys,
            script: Script::new(TAKE),
            connection: Mutex::new(None),
            started: Instant::now(),
            away_until: AtomicU64::new(0),
        }))
    }

    /// Takes one request.
    ///
    /// # Errors
    /// [`Away`] when Redis does not answer in time, or has not a moment ago.
    pub async fn take(&self, name: &str, rate: Rate, holder: Holder) -> Result<Verdict, Away> {
        let inner = &self.0;
        if !inner.may_ask() {
            return Err(Away);
        }
        match tokio::time::timeout(PATIENCE, inner.ask(name, rate, holder)).await {
            Ok(Ok((remaining, refused_for))) => {
                if inner.away_until.swap(0, Ordering::Relaxed) != 0 {
                    tracing::info!("the shared budgets of requests are back");
                }
                let refused_for = (refused_for > 0).then(|| Duration::from_micros(refused_for));
                Ok(Verdict { remaining, refused_for })
            }
            Ok(Err(error)) => {
                inner.fails(&error.to_string());
                Err(Away)
            }
            Err(_elapsed) => {
                inner.fails("no answer in time");
                Err(Away)
            }
        }
    }
}

impl Inner {
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// While Redis is there everybody asks; afterwards one in a while, for all.
    fn may_ask(&self) -> bool {
        let until = self.away_until.load(Ordering::Relaxed);
        if until == 0 {
            return true;
        }
        let now = self.now();
        now >= until && self.away_until.compare_exchange(until, next(now), Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn fails(&self, why: &str) {
        counter!("rate_limit_store_failures_total").increment(1);
        if self.away_until.swap(next(self.now()), Ordering::Relaxed) == 0 {
            tracing::warn!(why, "the shared budgets of requests are away");
        }
        // A connection that was cut without a word would be silent for minutes.
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn connection(&self) -> Result<ConnectionManager, RedisError> {
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(connection) = kept.as_ref() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(1)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let connection =
            ConnectionManager::new_lazy_with_config(Client::open(self.address.0.expose_secret())?, config)?;
        *kept = Some(connection.clone());
        Ok(connection)
    }

    async fn ask(&self, name: &str, rate: Rate, holder: Holder) -> Result<(u32, u64), RedisError> {
        let holder = match holder {
            Holder::Account(account) => format!("account {account}"),
            Holder::Address(address) => format!("address {address}"),
        };
        let hash = self.keys.blind("budget of requests", &holder);
        // Another rate is another budget, so that a changed setting holds at once.
        let key = format!("doktolib:budget:{name}:{rate}:{}", URL_SAFE_NO_PAD.encode(&hash[..16]));
        let each = u64::try_from(rate.each().as_micros()).unwrap_or(u64::MAX);
        let rest = each * u64::from(rate.requests().get() - 1);
        let mut connection = self.connection()?;
        self.script.key(key).arg(each).arg(rest).invoke_async(&mut connection).await
    }
}

fn next(now: u64) -> u64 {
    now + u64::try_from(PAUSE.as_millis()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_a_redis_is_told_from_others_and_hides_its_password() {
        for good in ["redis://localhost", "redis://localhost:6379/1", "rediss://u:hunter22@cache.example:6380"] {
            let address = good.parse::<RedisAddress>().unwrap();
            assert!(!format!("{address:?}").contains("hunter22"));
        }
        for bad in ["", "localhost:6379", "http://localhost", "rediss://cache.example/#insecure", "redis://h:port"] {
            assert!(bad.parse::<RedisAddress>().is_err(), "{bad}");
        }
    }
}
