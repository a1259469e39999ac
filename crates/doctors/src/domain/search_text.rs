use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A text as search compares it: lower case, without accents, single spaces.
///
/// Both what is stored and what is asked goes through it, so `José` is found by `jose`.
#[must_use]
pub fn search_text(text: &str) -> String {
    let plain: String = text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The slug of a name of the catalogue: `Internal Medicine` and `internal-medicine` are both `internal-medicine`.
#[must_use]
pub fn slug(name: &str) -> String {
    search_text(name).replace([' ', '_'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accents_case_and_spaces_make_no_difference() {
        assert_eq!(search_text("  José   ÁLVAREZ\tMüller "), "jose alvarez muller");
        assert_eq!(slug("Internal Medicine"), "internal-medicine");
        assert_eq!(slug("internal-medicine"), "internal-medicine");
    }
}
