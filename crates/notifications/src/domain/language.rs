/// A language that mail is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
    /// All there are.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// The language for a BCP 47 tag: its first part decides, and English stands for all that are not here.
    #[must_use]
    pub fn of_tag(tag: &str) -> Self {
        let first = tag.split(['-', '_']).next().unwrap_or_default();
        if first.eq_ignore_ascii_case("fr") { Self::French } else { Self::English }
    }

    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_of_a_tag_decides_and_english_stands_in() {
        for (tag, expected) in [
            ("fr", Language::French),
            ("fr-CA", Language::French),
            ("FR_ca", Language::French),
            ("en-GB", Language::English),
            ("de", Language::English),
            ("frr", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(Language::of_tag(tag), expected, "{tag}");
        }
    }
}
