//! What a letter says, before it has a form.

mod en;
mod fr;

use super::{Language, Notice};

/// A piece of a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A paragraph.
    Say(String),
    /// A code to be typed in.
    Code(String),
    /// Somewhere to go.
    Link {
        /// What one does there.
        label: &'static str,
        /// Where it is.
        url: String,
    },
    /// Names and values, one in each line.
    Facts(Vec<(&'static str, String)>),
    /// Things of one kind, one in each line, some with somewhere to go.
    List(Vec<(String, Option<String>)>),
}

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Holds no value of the letter: subjects show up on locked screens.
    pub subject: &'static str,
    /// The first line.
    pub greeting: String,
    /// What there is to say.
    pub parts: Vec<Part>,
    /// Who it comes from, and that answers are not read.
    pub closing: [&'static str; 2],
}

impl Wording {
    /// The letter in words of this language.
    #[must_use]
    pub fn of(notice: &Notice, language: Language) -> Self {
        match language {
            Language::English => en::wording(notice),
            Language::French => fr::wording(notice),
        }
    }

    /// As plain text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("{}\n", self.greeting);
        for part in &self.parts {
            text.push('\n');
            match part {
                Part::Say(sentence) => text.push_str(&format!("{sentence}\n")),
                Part::Code(code) => text.push_str(&format!("    {code}\n")),
                Part::Link { label, url } => text.push_str(&format!("{label}:\n{url}\n")),
                Part::Facts(facts) => {
                    for (name, value) in facts {
                        text.push_str(&format!("{name}: {value}\n"));
                    }
                }
                Part::List(lines) => {
                    for (line, url) in lines {
                        text.push_str(&format!("{line}\n"));
                        if let Some(url) = url {
                            text.push_str(&format!("{url}\n"));
                        }
                    }
                }
            }
        }
        let [who, answers] = self.closing;
        text.push_str(&format!("\n-- \n{who}\n{answers}\n"));
        text
    }

    /// The code it carries.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.parts.iter().find_map(|part| match part {
            Part::Code(code) => Some(code.as_str()),
            Part::Say(_) | Part::Link { .. } | Part::Facts(_) | Part::List(_) => None,
        })
    }
}

fn say(text: impl Into<String>) -> Part {
    Part::Say(text.into())
}

#[cfg(test)]
mod tests {
    use super::super::TEMPLATES;
    use super::*;

    const SITE: &str = "https://doktolib.example";

    fn letters() -> impl Iterator<Item = (&'static str, Language, Wording)> {
        TEMPLATES.iter().flat_map(|(template, _)| {
            let notice = Notice::sample(template, SITE).unwrap();
            Language::ALL.map(|language| (*template, language, Wording::of(&notice, language)))
        })
    }

    #[test]
    fn every_letter_shows_every_value_it_was_given_in_every_language() {
        for (template, language, wording) in letters() {
            let values = TEMPLATES.iter().find(|(name, _)| *name == template).unwrap().1;
            // A role and a mode are said in words of the language; the reason of an emergency is not said.
            for (name, value) in values.iter().filter(|(name, _)| !["role", "modes"].contains(name)) {
                let shown = *name != "reason_given";
                let value = value.replace("{site}", SITE);
                let text = wording.text();
                let all = value.lines().all(|line| text.contains(line));
                assert_eq!(all, shown, "{template} in {}: {name}", language.tag());
            }
        }
    }

    #[test]
    fn no_two_letters_have_the_same_subject_and_none_is_long() {
        let mut seen = std::collections::BTreeSet::new();
        for (template, language, wording) in letters() {
            assert!(seen.insert(wording.subject), "{template} in {}", language.tag());
            assert!((10..=70).contains(&wording.subject.chars().count()), "{template}: {}", wording.subject);
        }
    }

    #[test]
    fn one_minute_is_not_one_minutes() {
        let values = [("code".to_owned(), "1".to_owned()), ("minutes".to_owned(), "1".to_owned())].into();
        let notice = Notice::parse("sign-in-code", &values, SITE).unwrap();
        for language in Language::ALL {
            let text = Wording::of(&notice, language).text();
            assert!(text.contains(" 1 minute.") || text.contains(" 1\u{a0}minute."), "{text}");
        }
    }

    #[test]
    fn a_reader_without_a_usable_name_is_greeted_all_the_same() {
        let mut given: std::collections::BTreeMap<String, String> =
            [("code", "1"), ("minutes", "5"), ("name", "Free money: https://evil.example")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        for language in Language::ALL {
            let text = Wording::of(&Notice::parse("register-code", &given, SITE).unwrap(), language).text();
            assert!(!text.contains("evil") && !text.contains("money"), "{text}");
            assert!(text.starts_with("Hello,\n") || text.starts_with("Bonjour,\n"), "{text}");
        }
        given.insert("name".into(), "Ada".into());
        let text = Wording::of(&Notice::parse("register-code", &given, SITE).unwrap(), Language::English).text();
        assert!(text.starts_with("Hello Ada,\n"), "{text}");
    }
}
