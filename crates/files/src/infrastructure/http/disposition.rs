//! How a name travels in a header field (RFC 6266, RFC 8187).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::FileName;

/// What needs no coding in `filename*`: RFC 8187, `attr-char`.
const CODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// `Content-Disposition` of a file that is to be saved under this name: in ASCII for whoever knows no better, and as it
/// is.
pub(super) fn attachment(name: &FileName) -> String {
    let plain: String = name
        .as_str()
        .chars()
        .map(
            |letter| if letter.is_ascii_graphic() && !"\"\\%".contains(letter) || letter == ' ' { letter } else { '_' },
        )
        .collect();
    let coded = utf8_percent_encode(name.as_str(), CODED);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{coded}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::FileKind;

    #[test]
    fn a_name_is_told_in_ascii_and_as_it_is() {
        let told = |name: &str| attachment(&FileName::harmless(name, FileKind::Pdf));
        assert_eq!(told("a b.pdf"), "attachment; filename=\"a b.pdf\"; filename*=UTF-8''a%20b.pdf");
        assert_eq!(told("é'x.pdf"), "attachment; filename=\"_'x.pdf\"; filename*=UTF-8''%C3%A9%27x.pdf");
    }

    #[test]
    fn no_name_breaks_out_of_the_header() {
        for hostile in ["a\"; x=\"b", "a\r\nX: y", "a\\\"b", "%0d%0aX: y", "\u{202e}a"] {
            // Even one that was not made harmless before.
            for name in [FileName::harmless(hostile, FileKind::Pdf), FileName::kept(hostile.to_owned())] {
                let told = attachment(&name);
                assert!(told.is_ascii() && !told.contains(['\r', '\n']), "{told}");
                assert_eq!(told.matches('"').count(), 2, "{told}");
            }
        }
    }
}
