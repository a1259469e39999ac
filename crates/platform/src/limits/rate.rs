use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// So many requests in so long a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    requests: NonZeroU32,
    seconds: NonZeroU32,
}

/// The text is no rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be off or a number of requests and a time, such as 1000/15m (up to 100000 in 1s to 1d)")]
pub struct NoRate;

impl Rate {
    const MOST: u32 = 100_000;
    const LONGEST: u32 = 86_400;

    /// `requests` (1–100,000) in `seconds` (1–86,400).
    ///
    /// # Errors
    /// Beyond these limits.
    pub fn new(requests: u32, seconds: u32) -> Result<Self, NoRate> {
        match (NonZeroU32::new(requests), NonZeroU32::new(seconds)) {
            (Some(requests), Some(seconds)) if requests.get() <= Self::MOST && seconds.get() <= Self::LONGEST => {
                Ok(Self { requests, seconds })
            }
            _ => Err(NoRate),
        }
    }

    /// Reads what an operator writes: `off` or `1000/15m` (`s`, `m`, `h`, `d`).
    ///
    /// # Errors
    /// When it is neither.
    pub fn or_off(text: &str) -> Result<Option<Self>, NoRate> {
        if text == "off" { Ok(None) } else { text.parse().map(Some) }
    }

    /// How many at once, from a budget that is whole.
    #[must_use]
    pub const fn requests(self) -> NonZeroU32 {
        self.requests
    }

    /// In how many seconds an empty budget is whole again.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.seconds.get()
    }

    /// In what time one request comes back; 10 µs at least.
    #[must_use]
    pub fn each(self) -> Duration {
        Duration::from_secs(u64::from(self.seconds.get())) / self.requests.get()
    }

    /// In how many seconds a budget of which `remaining` is left is whole again, rounded up.
    #[must_use]
    pub fn whole_in(self, remaining: u32) -> u64 {
        let used = u64::from(self.requests.get().saturating_sub(remaining));
        (used * u64::from(self.seconds.get())).div_ceil(u64::from(self.requests.get()))
    }
}

impl FromStr for Rate {
    type Err = NoRate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (requests, window) = text.split_once('/').ok_or(NoRate)?;
        let unit = match window.chars().last() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            Some('d') => 86_400,
            _ => return Err(NoRate),
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<u32>().ok()).flatten().ok_or(NoRate)
        };
        let window = number(&window[..window.len() - 1])?.checked_mul(unit).ok_or(NoRate)?;
        Self::new(number(requests)?, window)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}s", self.requests, self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_time() {
        assert_eq!(Rate::or_off("1000/15m"), Rate::new(1000, 900).map(Some));
        assert_eq!(Rate::or_off("1/1s"), Rate::new(1, 1).map(Some));
        assert_eq!("100000/1d".parse(), Rate::new(100_000, 86_400));
        assert_eq!(Rate::or_off("off"), Ok(None));
        for bad in [
            "",
            "1000",
            "1000/",
            "/15m",
            "0/1m",
            "1/0s",
            "-1/1m",
            "+1/1m",
            "1/1w",
            "1/m",
            "1 / 1m",
            "100001/1m",
            "1/25h",
            "1/99999999d",
            "1/1é",
            "OFF",
        ] {
            assert_eq!(Rate::or_off(bad), Err(NoRate), "{bad}");
        }
    }

    #[test]
    fn what_is_used_comes_back_evenly() {
        let rate = Rate::new(1000, 900).unwrap();
        assert_eq!((rate.whole_in(1000), rate.whole_in(999), rate.whole_in(998)), (0, 1, 2));
        assert_eq!((rate.whole_in(500), rate.whole_in(0)), (450, 900));
        assert_eq!(rate.each(), Duration::from_millis(900));
    }
}
