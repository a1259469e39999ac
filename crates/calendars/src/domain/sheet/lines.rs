//! Content lines (RFC 5545, section 3.1): escaped, folded, ended.

/// The most octets of a line, without its end.
const WIDTH: usize = 75;

/// Lines of a file.
#[derive(Debug, Default)]
pub(super) struct Lines(String);

impl Lines {
    /// A line whose value needs no escaping.
    pub(super) fn plain(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{value}"));
    }

    /// A line with a text (section 3.3.11).
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.line(&format!("{name}:{}", escaped(value)));
    }

    pub(super) fn finish(self) -> String {
        self.0
    }

    /// Folds by octets, and never inside of a character.
    fn line(&mut self, line: &str) {
        let mut width = 0;
        // A line end in a name or value would begin a line of somebody else's making.
        for c in line.chars().filter(|c| !c.is_control()) {
            if width + c.len_utf8() > WIDTH {
                self.0.push_str("\r\n ");
                width = 1;
            }
            self.0.push(c);
            width += c.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.replace("\r\n", "\n").chars() {
        match c {
            '\\' | ';' | ',' => escaped.extend(['\\', c]),
            '\n' => escaped.push_str("\\n"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A parameter's value (section 3.2), which knows no way to hold a quotation mark.
pub(super) fn quoted(value: &str) -> String {
    let safe: String = value.chars().filter(|c| !c.is_control()).map(|c| if c == '"' { '\'' } else { c }).collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+' | '.');
    if !safe.is_empty() && safe.chars().all(plain) { safe } else { format!("\"{safe}\"") }
}

/// A calendar address of an e-mail address (RFC 6068).
pub(super) fn mailto(email: &str) -> String {
    let mut address = String::from("mailto:");
    for byte in email.trim().bytes() {
        if byte.is_ascii_alphanumeric() || b"!$'*+-._~@".contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(name: &str, value: &str) -> String {
        let mut lines = Lines::default();
        lines.text(name, value);
        lines.finish()
    }

    proptest! {
        #[test]
        fn every_line_is_short_enough_and_unfolds_to_what_was_written(value in "\\PC{0,200}") {
            let text = line("SUMMARY", &value);
            for part in text.split_terminator("\r\n") {
                prop_assert!(part.len() <= 75, "{part}");
            }
            let unfolded = text.replace("\r\n ", "");
            prop_assert_eq!(unfolded, format!("SUMMARY:{}\r\n", escaped(&value)));
        }
    }

    #[test]
    fn signs_with_a_meaning_are_escaped_and_line_ends_begin_no_line() {
        assert_eq!(line("A", "a;b,c\\d:e\"f"), "A:a\\;b\\,c\\\\d:e\"f\r\n");
        assert_eq!(line("A", "a\r\nb\nc\u{7}"), "A:a\\nb\\nc\r\n");
        let mut lines = Lines::default();
        lines.plain("X", "1\r\nBEGIN:VALARM");
        assert_eq!(lines.finish(), "X:1BEGIN:VALARM\r\n");
    }

    #[test]
    fn names_and_addresses_cannot_leave_their_place() {
        assert_eq!(quoted("America/New_York"), "America/New_York");
        assert_eq!(quoted("Riverside: \"Clinic\"; x=1\r\n"), "\"Riverside: 'Clinic'; x=1\"");
        assert_eq!(mailto("ada@example.org"), "mailto:ada@example.org");
        assert_eq!(mailto("a b\"<x>;,@example.org"), "mailto:a%20b%22%3Cx%3E%3B%2C@example.org");
    }
}
