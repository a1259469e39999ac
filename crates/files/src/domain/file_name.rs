use unicode_normalization::UnicodeNormalization as _;

use super::FileKind;

/// Letters of a name at most.
const MOST_LETTERS: usize = 120;
/// Octets of a name at most: what file systems take, with room for what a browser adds.
const MOST_OCTETS: usize = 200;
const NAMELESS: &str = "file";
/// Names of devices on some systems, whatever their ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// What a file is called, made harmless: no path, nothing that does not show, nothing that turns the reading direction, no
/// name of a device, and an ending that tells what the content is.
#[derive(Clone, PartialEq, Eq)]
pub struct FileName(String);

impl std::fmt::Debug for FileName {
    /// Not the name: it may hold a person's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FileName")
    }
}

impl FileName {
    /// Makes a name harmless that somebody has given to a file of that kind.
    #[must_use]
    pub fn harmless(given: &str, kind: FileKind) -> Self {
        let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
        let shown: String = last.nfc().filter(|letter| !is_hidden(*letter)).map(plain).collect();
        let spaced = shown.split_whitespace().collect::<Vec<_>>().join(" ");
        let trimmed = spaced.trim_matches(|letter: char| letter == '.' || letter == ' ');
        let (stem, ending) = match trimmed.rsplit_once('.') {
            Some((stem, ending)) if kind.endings().iter().any(|known| ending.eq_ignore_ascii_case(known)) => {
                (stem, ending)
            }
            // Whatever else it ends with stays a part of the name, in front of the ending that is right.
            _ => (trimmed, kind.endings()[0]),
        };
        let stem = cut(stem).trim_matches(|letter: char| letter == '.' || letter == ' ');
        let first = stem.split('.').next().unwrap_or_default().to_ascii_lowercase();
        let stem = match stem {
            "" => NAMELESS.to_owned(),
            _ if DEVICES.contains(&first.as_str()) || is_port(&first) => format!("_{stem}"),
            _ => stem.to_owned(),
        };
        Self(format!("{stem}.{ending}"))
    }

    /// A name that was made harmless before.
    #[must_use]
    pub const fn kept(name: String) -> Self {
        Self(name)
    }

    /// The name of a file whose name is forgotten.
    #[must_use]
    pub fn forgotten(kind: FileKind) -> Self {
        Self::harmless("", kind)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Controls, marks that turn the reading direction, and letters without a shape.
fn is_hidden(letter: char) -> bool {
    letter.is_control() && letter != '\t'
        || matches!(letter, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// What means something to a shell, a file system, a header or a page becomes a line below.
const fn plain(letter: char) -> char {
    match letter {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' | ';' | '%' | '`' | '$' | '&' => '_',
        '\t' => ' ',
        other => other,
    }
}

fn is_port(name: &str) -> bool {
    let number = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    number.is_some_and(|number| number.len() == 1 && number.bytes().all(|digit| digit.is_ascii_digit()))
}

fn cut(stem: &str) -> &str {
    let fits = |(at, letter): &(usize, char)| at + letter.len_utf8() <= MOST_OCTETS;
    let end = stem.char_indices().take(MOST_LETTERS).take_while(fits).last();
    end.map_or("", |(at, letter)| &stem[..at + letter.len_utf8()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn harmless(given: &str) -> String {
        FileName::harmless(given, FileKind::Pdf).as_str().to_owned()
    }

    #[test]
    fn a_good_name_stays_as_it_is() {
        for good in ["report.pdf", "Blood test 2027-03-01.PDF", "résumé (2).pdf", "検査結果.pdf", "a.b.c.pdf"] {
            assert_eq!(harmless(good), good);
        }
    }

    #[test]
    fn a_hostile_name_is_made_harmless() {
        for (hostile, made) in [
            ("../../etc/passwd", "passwd.pdf"),
            ("C:\\Windows\\system32\\a.pdf", "a.pdf"),
            ("..", "file.pdf"),
            ("", "file.pdf"),
            (".htaccess", "htaccess.pdf"),
            ("a\r\nSet-Cookie: x=1.pdf", "aSet-Cookie_ x=1.pdf"),
            ("a\0.pdf", "a.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe.pdf"),
            ("zero\u{200b}width.pdf", "zerowidth.pdf"),
            ("a\".pdf; filename=\"b.pdf", "a_.pdf_ filename=_b.pdf"),
            ("con.pdf", "_con.pdf"),
            ("COM1", "_COM1.pdf"),
            ("page.html", "page.html.pdf"),
            ("  spaces   and\ttabs  .pdf", "spaces and tabs.pdf"),
            ("name. . .", "name.pdf"),
        ] {
            assert_eq!(harmless(hostile), made, "{hostile:?}");
        }
    }

    #[test]
    fn a_name_of_four_thousand_letters_is_cut_at_a_letter_and_keeps_its_ending() {
        for letter in ["x", "é", "検", "😀"] {
            let name = harmless(&format!("{}.pdf", letter.repeat(4096)));
            assert!(name.len() <= MOST_OCTETS + 4 && name.ends_with(&format!("{letter}.pdf")), "{name}");
        }
    }

    #[test]
    fn the_ending_tells_the_content() {
        let made = |given, kind| FileName::harmless(given, kind).as_str().to_owned();
        assert_eq!(made("photo.JPEG", FileKind::Jpeg), "photo.JPEG");
        assert_eq!(made("photo.png", FileKind::Jpeg), "photo.png.jpg");
        assert_eq!(made("notes", FileKind::Txt), "notes.txt");
    }

    #[test]
    fn making_harmless_twice_changes_nothing_more() {
        for name in ["../a b;c.exe", "con", "x\u{202e}y.pdf", "a. .pdf", "é\u{301}.pdf"] {
            let once = harmless(name);
            assert_eq!(harmless(&once), once);
        }
    }
}
