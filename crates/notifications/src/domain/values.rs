//! Reading the values of a letter.

use std::collections::BTreeMap;

const LONGEST: usize = 200;
const MOST_LINES: usize = 60;

/// Why a letter cannot be written. Names the template and the value, never what stood in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoticeError {
    /// No template has this name.
    #[error("unknown template")]
    UnknownTemplate,
    /// The template needs a value that is not there, or is empty.
    #[error("{template}: the value {value} is missing")]
    Missing {
        /// Name of the template.
        template: &'static str,
        /// Name of the value.
        value: &'static str,
    },
    /// The value is not what the template can show: a number, a role, a link to this installation.
    #[error("{template}: the value {value} is not usable")]
    Unusable {
        /// Name of the template.
        template: &'static str,
        /// Name of the value.
        value: &'static str,
    },
}

/// The values of one letter, by name.
#[derive(Clone, Copy)]
pub struct Values<'a> {
    pub(super) template: &'static str,
    pub(super) given: &'a BTreeMap<String, String>,
    pub(super) public_url: &'a str,
}

impl Values<'_> {
    fn raw(&self, value: &'static str) -> Result<&str, NoticeError> {
        let given = self.given.get(value).map(|text| text.trim()).filter(|text| !text.is_empty());
        given.ok_or(NoticeError::Missing { template: self.template, value })
    }

    fn unusable(&self, value: &'static str) -> NoticeError {
        NoticeError::Unusable { template: self.template, value }
    }

    /// A text in one line, of 200 characters at most.
    pub(super) fn text(&self, value: &'static str) -> Result<String, NoticeError> {
        Ok(one_line(self.raw(value)?))
    }

    /// What somebody has written, in lines, of `most` characters at most.
    pub(super) fn message(&self, value: &'static str, most: usize) -> Result<String, NoticeError> {
        let message: Vec<String> = self.raw(value)?.lines().map(straight).collect();
        let message = message.join("\n");
        (message.chars().count() <= most).then_some(message).ok_or_else(|| self.unusable(value))
    }

    /// Texts, one in each line, 60 at most.
    pub(super) fn lines(&self, value: &'static str) -> Result<Vec<String>, NoticeError> {
        let lines: Vec<String> = self.raw(value)?.lines().map(one_line).collect();
        (lines.len() <= MOST_LINES).then_some(lines).ok_or_else(|| self.unusable(value))
    }

    /// Addresses like that of [`Values::link`], one in each line, 60 at most.
    pub(super) fn links(&self, value: &'static str) -> Result<Vec<String>, NoticeError> {
        let lines: Vec<&str> = self.raw(value)?.lines().collect();
        if lines.len() > MOST_LINES {
            return Err(self.unusable(value));
        }
        lines.into_iter().map(|line| self.home(line).ok_or_else(|| self.unusable(value))).collect()
    }

    /// A number of minutes or hours, from 1.
    pub(super) fn number(&self, value: &'static str) -> Result<u32, NoticeError> {
        self.raw(value)?.parse().ok().filter(|number| *number > 0).ok_or_else(|| self.unusable(value))
    }

    /// A code that is typed in: letters, digits and signs without spaces, 64 at most.
    pub(super) fn code(&self, value: &'static str) -> Result<String, NoticeError> {
        let code = self.raw(value)?;
        let fits = code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| code.to_owned()).ok_or_else(|| self.unusable(value))
    }

    /// An address that begins with the public one of this installation; mail leads nowhere else.
    pub(super) fn link(&self, value: &'static str) -> Result<String, NoticeError> {
        self.home(self.raw(value)?).ok_or_else(|| self.unusable(value))
    }

    /// That address, where it leads home.
    fn home(&self, link: &str) -> Option<String> {
        let path = link.strip_prefix(self.public_url);
        let inside = path.is_some_and(|path| path.is_empty() || path.starts_with(['/', '?', '#']));
        let plain =
            link.len() <= 2_000 && link.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
        (inside && plain).then(|| link.to_owned())
    }

    /// How the reader calls themselves. None where it could pass for an address or a web page: anybody may sign up
    /// with somebody else's address, and must not make us carry their advertisement there.
    pub(super) fn name(&self, value: &'static str) -> Result<Option<String>, NoticeError> {
        let name = one_line(self.raw(value)?);
        let characters: Vec<char> = name.chars().collect();
        let harmless = |at: usize, c: char| match c {
            '.' => characters.get(at + 1).is_none_or(|next| *next == ' '),
            _ => c.is_alphanumeric() || [' ', '\'', '’', '-', '‐', ','].contains(&c) || is_mark(c),
        };
        let all = characters.iter().enumerate().all(|(at, c)| harmless(at, *c));
        Ok((all && characters.len() <= 80).then_some(name))
    }
}

/// Accents that stand alone, as decomposed names hold them.
const fn is_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn one_line(text: &str) -> String {
    straight(text).chars().take(LONGEST).collect()
}

/// One line, with single spaces.
fn straight(text: &str) -> String {
    let spaced = text.chars().map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c });
    // Marks that turn the direction of writing could make the rest of the letter say something else.
    let straight =
        spaced.filter(|c| !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
    straight.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<T>(text: &str, read: impl FnOnce(Values<'_>) -> T) -> T {
        let given = BTreeMap::from([("x".to_owned(), text.to_owned())]);
        read(Values { template: "t", given: &given, public_url: "https://doktolib.example" })
    }

    #[test]
    fn a_name_that_could_pass_for_an_address_is_not_used() {
        for name in ["Ada Example", "José Ñandú", "O'Neil-Schmidt", "Dr. Wu", "李雷", "Ana, Maria 2nd", "Joe\u{301}"]
        {
            assert_eq!(with(name, |values| values.name("x")).unwrap().as_deref(), Some(name));
        }
        for name in [
            "Win at evil.example",
            "https://evil.example",
            "www.evil.example",
            "a@b.example",
            "<b>Ada</b>",
            "Ada\" onclick=x",
            "call 1:2",
            "a/b",
        ] {
            assert_eq!(with(name, |values| values.name("x")).unwrap(), None, "{name}");
        }
        assert_eq!(with(&"x".repeat(81), |values| values.name("x")).unwrap(), None);
    }

    #[test]
    fn a_text_is_one_line() {
        assert_eq!(with(" a\r\nBcc: b\tc\u{202e}d ", |values| values.text("x")).unwrap(), "a Bcc: b cd");
        assert_eq!(with(&"ä".repeat(300), |values| values.text("x")).unwrap().chars().count(), 200);
    }

    #[test]
    fn a_link_leads_to_this_installation_or_is_refused() {
        for link in ["https://doktolib.example", "https://doktolib.example/a?b=c#d", "https://doktolib.example?x=1"] {
            assert_eq!(with(link, |values| values.link("x")).unwrap(), link);
        }
        for link in [
            "https://doktolib.example.evil.example/",
            "https://doktolib.example@evil.example/",
            "https://evil.example/",
            "http://doktolib.example/",
            "javascript:alert(1)",
            "https://doktolib.example/\" x",
            "https://doktolib.example/ä",
        ] {
            let refused = with(link, |values| values.link("x"));
            assert_eq!(refused, Err(NoticeError::Unusable { template: "t", value: "x" }), "{link}");
        }
    }

    #[test]
    fn lines_are_told_apart_and_each_of_them_is_one() {
        assert_eq!(with("a\tb\nc\u{202e}d", |values| values.lines("x")).unwrap(), ["a b", "cd"]);
        assert!(with(&"a\n".repeat(61), |values| values.lines("x")).is_err());
        let links = with("https://doktolib.example/a\nhttps://doktolib.example/b", |values| values.links("x")).unwrap();
        assert_eq!(links, ["https://doktolib.example/a", "https://doktolib.example/b"]);
        assert!(with("https://doktolib.example/a\nhttps://evil.example/", |values| values.links("x")).is_err());
    }

    #[test]
    fn a_number_and_a_code_are_what_they_say() {
        assert_eq!(with("10", |values| values.number("x")), Ok(10));
        for text in ["0", "-1", "ten", "1.5"] {
            assert!(with(text, |values| values.number("x")).is_err(), "{text}");
        }
        assert_eq!(with(" 123456 ", |values| values.code("x")).unwrap(), "123456");
        for text in ["12 34", "é", &"1".repeat(65)] {
            assert!(with(text, |values| values.code("x")).is_err(), "{text}");
        }
        assert_eq!(with("  ", |values| values.code("x")), Err(NoticeError::Missing { template: "t", value: "x" }));
    }
}
