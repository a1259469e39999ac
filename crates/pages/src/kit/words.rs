//! Words in the reader's language.

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::Loader as _;
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, langid};
use platform::http::preferred_language;

fluent_templates::static_loader! {
    static WORDS = {
        locales: "./locales",
        fallback_language: "en",
        // Marks around values, for readers that mix directions; both languages here run one way.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ENGLISH: LanguageIdentifier = langid!("en");
static FRENCH: LanguageIdentifier = langid!("fr");

/// A language that pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// As in the United States.
    #[default]
    English,
    /// As in France.
    French,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::French];

    /// Its BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::French => "fr",
        }
    }

    /// What it calls itself.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::French => "Français",
        }
    }

    /// The language of that tag, or of one of its regions.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let first = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(first))
    }

    /// The one that suits best, by `Accept-Language`; English when none does.
    #[must_use]
    pub fn accepted(header: &str) -> Self {
        preferred_language(header, &Self::ALL.map(Self::tag)).and_then(Self::of_tag).unwrap_or_default()
    }

    fn id(self) -> &'static LanguageIdentifier {
        match self {
            Self::English => &ENGLISH,
            Self::French => &FRENCH,
        }
    }

    /// The words of that name.
    #[must_use]
    pub fn say(self, name: &str) -> String {
        WORDS.lookup(self.id(), name)
    }

    /// The words of that name, where there are some.
    #[must_use]
    pub fn try_say(self, name: &str) -> Option<String> {
        WORDS.try_lookup(self.id(), name)
    }

    /// The words of that name with these values in them.
    #[must_use]
    pub fn say_with(self, name: &str, values: &[(&'static str, FluentValue<'static>)]) -> String {
        let values: HashMap<Cow<'static, str>, FluentValue<'static>> =
            values.iter().map(|(name, value)| (Cow::Borrowed(*name), value.clone())).collect();
        WORDS.lookup_with_args(self.id(), name, &values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_heaviest_language_that_we_have_is_taken_and_english_stands_in() {
        for (header, expected) in [
            ("fr-CH, fr;q=0.9, en;q=0.8", Language::French),
            ("de, en;q=0.5, fr;q=0.7", Language::French),
            ("en-GB,en;q=0.9,fr;q=0.9", Language::English),
            ("fr;q=0", Language::English),
            ("*", Language::English),
            ("", Language::English),
            ("frr", Language::English),
        ] {
            assert_eq!(Language::accepted(header), expected, "{header}");
        }
    }

    #[test]
    fn values_stand_in_the_words() {
        let said = Language::French.say_with("doctors-times-of", &[("doctor", "Noor Example".into())]);
        assert!(said.contains("Noor Example"), "{said}");
    }
}
