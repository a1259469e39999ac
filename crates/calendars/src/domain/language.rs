/// A language that calendar files are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    English,
    /// French.
    French,
}

impl Language {
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

    /// What a patient's calendar shows: with whom, never what for.
    #[must_use]
    pub fn visit_with(self, doctor: Option<&str>) -> String {
        match (self, doctor) {
            (Self::English, Some(doctor)) => format!("Appointment with {doctor}"),
            (Self::French, Some(doctor)) => format!("Rendez-vous avec {doctor}"),
            (_, None) => self.visit().to_owned(),
        }
    }

    /// What a doctor's calendar shows of a visit.
    #[must_use]
    pub const fn visit(self) -> &'static str {
        match self {
            Self::English => "Appointment",
            Self::French => "Rendez-vous",
        }
    }

    /// What a list of visits is called.
    #[must_use]
    pub const fn visits(self) -> &'static str {
        match self {
            Self::English => "Doktolib appointments",
            Self::French => "Rendez-vous Doktolib",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_part_of_a_tag_decides_and_english_stands_in() {
        for (tag, summary) in [
            ("fr-CA", "Rendez-vous avec Amara Okafor"),
            ("FR", "Rendez-vous avec Amara Okafor"),
            ("frr", "Appointment with Amara Okafor"),
            ("", "Appointment with Amara Okafor"),
        ] {
            assert_eq!(Language::of_tag(tag).visit_with(Some("Amara Okafor")), summary, "{tag}");
        }
        assert_eq!(Language::French.visit_with(None), "Rendez-vous");
    }
}
