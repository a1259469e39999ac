//! Stretches of a content (RFC 9110, section 14).

use std::ops::Range;

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Asked {
    /// All of it.
    Whole,
    /// A stretch.
    Part(Range<u64>),
    /// Nothing: there is no such stretch.
    Unsatisfiable,
}

/// What `Range` asks for of a content of `size` octets. One that is no range of octets, or more than one, is as if it were
/// not there, and so is one with an `If-Range` that names another content.
pub(super) fn asked(range: Option<&str>, if_range: Option<&str>, tag: &str, size: u64) -> Asked {
    if if_range.is_some_and(|named| named.trim() != tag) {
        return Asked::Whole;
    }
    let Some(set) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Asked::Whole };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.len() < 19 && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().ok()).flatten()
    };
    let Some((first, last)) = set.trim().split_once('-') else { return Asked::Whole };
    match (first.trim(), last.trim()) {
        ("", last) => match number(last) {
            None => Asked::Whole,
            Some(0) => Asked::Unsatisfiable,
            Some(_) if size == 0 => Asked::Unsatisfiable,
            Some(count) => Asked::Part(size.saturating_sub(count)..size),
        },
        (first, "") => match number(first) {
            None => Asked::Whole,
            Some(first) if first >= size => Asked::Unsatisfiable,
            Some(first) => Asked::Part(first..size),
        },
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if last < first => Asked::Whole,
            (Some(first), Some(_)) if first >= size => Asked::Unsatisfiable,
            (Some(first), Some(last)) => Asked::Part(first..last.saturating_add(1).min(size)),
            _ => Asked::Whole,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_at_the_end_counted_from_it_or_open() {
        for (range, part) in [
            ("bytes=0-0", 0..1),
            ("bytes=0-9", 0..10),
            ("bytes=3-100", 3..10),
            ("bytes=9-", 9..10),
            ("bytes=-1", 9..10),
            ("bytes=-100", 0..10),
            (" bytes=2 - 3", 2..4),
        ] {
            assert_eq!(asked(Some(range), None, "\"a\"", 10), Asked::Part(part), "{range}");
        }
    }

    #[test]
    fn what_is_behind_the_end_is_refused_and_what_is_no_range_is_left_alone() {
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(asked(Some(range), None, "\"a\"", 10), Asked::Unsatisfiable, "{range}");
        }
        let long = format!("bytes={}-", "9".repeat(40));
        for range in ["bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "lines=1-2", "bytes=1-2,4-5", "bytes=+1-2", &long]
        {
            assert_eq!(asked(Some(range), None, "\"a\"", 10), Asked::Whole, "{range}");
        }
        assert_eq!(asked(None, None, "\"a\"", 10), Asked::Whole);
    }

    #[test]
    fn another_content_than_if_range_names_is_sent_whole() {
        let range = Some("bytes=1-2");
        assert_eq!(asked(range, Some("\"a\""), "\"a\"", 10), Asked::Part(1..3));
        for other in ["\"b\"", "W/\"a\"", "Mon, 01 Mar 2027 12:00:00 GMT"] {
            assert_eq!(asked(range, Some(other), "\"a\"", 10), Asked::Whole, "{other}");
        }
    }
}
