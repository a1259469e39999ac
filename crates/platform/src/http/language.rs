//! In which language somebody likes to read.

/// The first of the heaviest of these languages (lower-case primary tags) that `Accept-Language` names, itself or by one of
/// its regions (RFC 9110, section 12.5.4); none when it names none of them, or refuses them with a weight of 0.
#[must_use]
pub fn preferred_language(header: &str, ours: &[&'static str]) -> Option<&'static str> {
    let mut best: Option<(f32, &'static str)> = None;
    for range in header.split(',') {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        let known = ours.iter().find(|language| language.eq_ignore_ascii_case(primary));
        if let (Some(language), Some(weight)) = (known, weight)
            && weight > best.map_or(0.0, |(before, _)| before)
        {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_heaviest_is_taken_and_what_is_refused_is_not() {
        for (header, expected) in [
            ("fr-CH, fr;q=0.9, en;q=0.8", Some("fr")),
            ("de, en;q=0.5, FR; q=0.7", Some("fr")),
            ("en-GB,en;q=0.9,fr;q=0.9", Some("en")),
            ("en, fr", Some("en")),
            ("fr;q=0", None),
            ("fr;q=nonsense", None),
            ("*", None),
            ("", None),
            ("frr", None),
        ] {
            assert_eq!(preferred_language(header, &["en", "fr"]), expected, "{header}");
        }
    }
}
