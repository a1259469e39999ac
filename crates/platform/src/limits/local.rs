use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter, clock};
use kernel::Clock;

use super::{Holder, Rate, Verdict};

/// How many holders are kept apart, at most: 200,000 take less than 20 MB.
const MOST: usize = 200_000;
/// How often the whole budgets are forgotten.
const SWEEP: Duration = Duration::from_secs(1);

type Governor = RateLimiter<Holder, DashMapStateStore<Holder>, Hands, StateInformationMiddleware>;

/// Budgets in this process's memory.
///
/// A budget that is whole again is the same as none and is forgotten. Should strangers come from more addresses than
/// are kept apart, their addresses are counted in large networks until the crowd is gone: memory stays bounded, and
/// nobody gets a new budget by pushing an old one out.
pub struct LocalBudgets {
    governor: Arc<Governor>,
    hands: Hands,
    most: usize,
    sweep_due: AtomicU64,
    taken: AtomicU32,
    crowded: Arc<AtomicBool>,
}

impl LocalBudgets {
    pub fn new(rate: Rate, clock: Arc<dyn Clock>) -> Self {
        Self::with_most(rate, clock, MOST)
    }

    fn with_most(rate: Rate, clock: Arc<dyn Clock>, most: usize) -> Self {
        let hands = Hands { clock, last: Arc::default(), behind: Arc::default() };
        let quota = Quota::with_period(rate.each()).unwrap_or(Quota::per_second(rate.requests()));
        let quota = quota.allow_burst(rate.requests());
        let governor: Governor = RateLimiter::new(quota, DashMapStateStore::default(), hands.clone());
        Self {
            governor: Arc::new(governor),
            hands,
            most,
            sweep_due: AtomicU64::new(0),
            taken: AtomicU32::new(0),
            crowded: Arc::default(),
        }
    }

    pub fn take(&self, holder: Holder) -> Verdict {
        self.sweep_when_due();
        let holder = if self.crowded.load(Ordering::Relaxed) { coarse(holder) } else { holder };
        match self.governor.check_key(&holder) {
            Ok(state) => Verdict { remaining: state.remaining_burst_capacity(), refused_for: None },
            Err(until) => {
                Verdict { remaining: 0, refused_for: Some(until.wait_time_from(clock::Clock::now(&self.hands))) }
            }
        }
    }

    /// Once in a while, and once in many requests, in case the clock does not go on. Never on the thread that serves.
    fn sweep_when_due(&self) {
        let now = nanos(clock::Clock::now(&self.hands));
        let due = self.sweep_due.load(Ordering::Relaxed);
        let many = self.taken.fetch_add(1, Ordering::Relaxed) as usize >= self.most / 4;
        if now < due && !many {
            return;
        }
        let next = now.saturating_add(nanos(SWEEP));
        if self.sweep_due.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return;
        }
        self.taken.store(0, Ordering::Relaxed);
        let (governor, crowded, most) = (Arc::clone(&self.governor), Arc::clone(&self.crowded), self.most);
        let sweep = move || {
            governor.retain_recent();
            governor.shrink_to_fit();
            let kept = governor.len();
            if crowded.load(Ordering::Relaxed) {
                crowded.store(kept > most / 2, Ordering::Relaxed);
            } else if kept > most {
                tracing::warn!(kept, "requests come from so many addresses that whole networks are counted as one");
                crowded.store(true, Ordering::Relaxed);
            }
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) => drop(runtime.spawn_blocking(sweep)),
            Err(_) => sweep(),
        }
    }
}

/// The large network of an address: 65,536 of them in IPv4, an operator's in IPv6.
fn coarse(holder: Holder) -> Holder {
    match holder {
        Holder::Account(_) => holder,
        Holder::Address(IpAddr::V4(address)) => {
            let [a, b, ..] = address.octets();
            Holder::Address(Ipv4Addr::new(a, b, 0, 0).into())
        }
        Holder::Address(IpAddr::V6(address)) => {
            let [a, b, ..] = address.segments();
            Holder::Address(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0).into())
        }
    }
}

/// The hands of a clock that never go back: a machine's clock that is put right must not close every budget.
#[derive(Clone)]
struct Hands {
    clock: Arc<dyn Clock>,
    last: Arc<AtomicU64>,
    behind: Arc<AtomicU64>,
}

impl Hands {
    /// What threads may see of each other's time without meaning that the clock was put back.
    const JITTER: u64 = 100_000;
}

impl clock::Clock for Hands {
    type Instant = Duration;

    fn now(&self) -> Duration {
        let micros = u64::try_from(self.clock.now().as_microsecond()).unwrap_or(0);
        let now = micros.saturating_add(self.behind.load(Ordering::Relaxed));
        let last = self.last.fetch_max(now, Ordering::Relaxed);
        if last.saturating_sub(now) > Self::JITTER {
            self.behind.fetch_add(last - now, Ordering::Relaxed);
        }
        Duration::from_micros(now.max(last))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};
    use kernel::{StoppedClock, UserId};

    use super::*;

    fn budgets(rate: &str, most: usize) -> (LocalBudgets, Arc<StoppedClock>) {
        let clock = Arc::new(StoppedClock::at(Timestamp::from_second(1_800_000_000).unwrap()));
        (LocalBudgets::with_most(rate.parse().unwrap(), clock.clone(), most), clock)
    }

    fn address(number: u32) -> Holder {
        Holder::Address(Ipv4Addr::from(number).into())
    }

    #[test]
    fn a_budget_is_used_up_and_comes_back_evenly() {
        let (budgets, clock) = budgets("3/30s", 10);
        let left: Vec<u32> = (0..3).map(|_| budgets.take(address(1)).remaining).collect();
        assert_eq!(left, [2, 1, 0]);
        let refused = budgets.take(address(1));
        assert_eq!(refused, Verdict { remaining: 0, refused_for: Some(Duration::from_secs(10)) });
        clock.advance(SignedDuration::from_millis(9_999));
        assert_eq!(budgets.take(address(1)).refused_for, Some(Duration::from_millis(1)));
        clock.advance(SignedDuration::from_millis(1));
        assert_eq!(budgets.take(address(1)), Verdict { remaining: 0, refused_for: None });
        assert!(budgets.take(address(1)).refused_for.is_some());
        clock.advance(SignedDuration::from_secs(30));
        assert_eq!(budgets.take(address(1)).remaining, 2);
    }

    #[test]
    fn everybody_has_a_budget_of_their_own() {
        let (budgets, _) = budgets("1/1h", 10);
        let (one, other) = (UserId::mint(), UserId::mint());
        for holder in [address(1), address(2), Holder::Account(one), Holder::Account(other)] {
            assert_eq!(budgets.take(holder).refused_for, None, "{holder:?}");
            assert!(budgets.take(holder).refused_for.is_some(), "{holder:?}");
        }
    }

    #[test]
    fn a_clock_that_is_put_back_closes_no_budget() {
        let (budgets, clock) = budgets("3/30s", 10);
        for _ in 0..3 {
            budgets.take(address(1));
        }
        clock.advance(SignedDuration::from_hours(-1));
        assert!(budgets.take(address(1)).refused_for.is_some_and(|wait| wait <= Duration::from_secs(10)));
        clock.advance(SignedDuration::from_secs(10));
        assert_eq!(budgets.take(address(1)).refused_for, None);
    }

    #[test]
    fn a_million_addresses_take_bounded_memory_and_none_of_them_gets_a_second_budget() {
        let (budgets, clock) = budgets("2/1h", 10_000);
        let mine = address(u32::from(Ipv4Addr::new(203, 0, 113, 9)));
        let account = Holder::Account(UserId::mint());
        for holder in [mine, mine, account, account] {
            assert_eq!(budgets.take(holder).refused_for, None);
        }
        // Scattered over all of IPv4, as a botnet is, and over one operator's IPv6.
        let mut most = 0;
        for number in 0..1_000_000_u32 {
            let holder = if number % 2 == 0 {
                address(number.wrapping_mul(2_654_435_761))
            } else {
                Holder::Address(Ipv6Addr::new(0x2001, 0xdb8, (number >> 16) as u16, number as u16, 0, 0, 0, 0).into())
            };
            budgets.take(holder);
            most = most.max(budgets.governor.len());
        }
        assert!(most <= 10_000 + 10_000 / 4 + 65_536 + 1, "{most}");
        assert!(budgets.take(account).refused_for.is_some());
        assert!(budgets.take(mine).refused_for.is_some());
        // A while later the crowd is forgotten, and everybody is kept apart again.
        clock.advance(SignedDuration::from_hours(2));
        budgets.take(account);
        assert!(budgets.governor.len() <= 1, "{}", budgets.governor.len());
        clock.advance(SignedDuration::from_secs(2));
        budgets.take(mine);
        assert_eq!(budgets.take(address(u32::from(Ipv4Addr::new(203, 0, 113, 8)))).remaining, 1);
    }
}
