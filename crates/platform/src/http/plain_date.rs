use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize};

/// A date such as `2019-05-04`; a time behind it is refused, not ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct PlainDate(
    /// The date.
    pub Date,
);

impl<'de> Deserialize<'de> for PlainDate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let plain = matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
        let read = text.parse().ok().filter(|_| plain).map(Self);
        read.ok_or_else(|| serde::de::Error::custom("not a date, expected a date such as 2019-05-04"))
    }
}
