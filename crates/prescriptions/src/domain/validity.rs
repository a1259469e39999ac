use jiff::ToSpan as _;
use jiff::civil::Date;

use super::Fault;

/// Months that a prescription is valid when nobody says.
pub const DEFAULT_MONTHS: i32 = 3;
/// The longest it may be.
pub const MOST_MONTHS: i32 = 12;
/// Years that a prescription is kept after its last valid day, as the law asks.
pub const KEPT_YEARS: i16 = 7;

/// The last day on which a version issued on `issued_on` is valid: the one asked for, from that day to twelve months
/// after it; three months when none is.
///
/// # Errors
/// When another day is asked for.
pub fn valid_until(issued_on: Date, asked: Option<Date>) -> Result<Date, Fault> {
    let after = |months: i32| issued_on.saturating_add(months.months());
    match asked {
        None => Ok(after(DEFAULT_MONTHS)),
        Some(date) if (issued_on..=after(MOST_MONTHS)).contains(&date) => Ok(date),
        Some(_) => Err(Fault::new("valid_until", "range", "must be a day from today to twelve months from now")),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn it_is_valid_for_three_months_and_never_longer_than_twelve() {
        let today = date(2027, 11, 30);
        assert_eq!(valid_until(today, None), Ok(date(2028, 2, 29)), "a month that is shorter ends it at its end");
        for (asked, fits) in
            [(date(2027, 11, 29), false), (today, true), (date(2028, 11, 30), true), (date(2028, 12, 1), false)]
        {
            assert_eq!(valid_until(today, Some(asked)).is_ok(), fits, "{asked}");
        }
    }
}
