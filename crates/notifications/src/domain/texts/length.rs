//! How long a text message is: 3GPP TS 23.038 (the letters of a phone) and 23.040 (texts of several parts).

/// Letters that take one place of seven bits.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Letters that take two.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How many places each character takes, in the alphabet that the whole text needs, and how many a text and a part of
/// one has.
fn places(text: &str) -> (Vec<usize>, usize, usize) {
    let seven_bits = |c: char| match c {
        _ if BASIC.contains(c) => Some(1),
        _ if EXTENDED.contains(c) => Some(2),
        _ => None,
    };
    match text.chars().map(seven_bits).collect::<Option<Vec<usize>>>() {
        Some(places) => (places, 160, 153),
        None => (text.chars().map(char::len_utf16).collect(), 70, 67),
    }
}

/// How many parts a text is sent in, each of which costs. One letter outside of the phones' own alphabet makes all of
/// them wide (UCS-2). No letter is torn apart between two parts.
#[must_use]
pub fn segments(text: &str) -> usize {
    let (places, alone, part) = places(text);
    if places.iter().sum::<usize>() <= alone {
        return 1;
    }
    let mut parts = 1;
    let mut filled = 0;
    for width in places {
        if filled + width > part {
            parts += 1;
            filled = 0;
        }
        filled += width;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_counted_in_the_phones_own_letters_and_in_wide_ones() {
        for (text, parts) in [
            (String::new(), 1),
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("a".repeat(307), 3),
            ("é".repeat(160), 1),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            // 76 signs of two places fit into a part, and one place stays empty.
            ("€".repeat(152), 2),
            ("€".repeat(153), 3),
            ("ê".repeat(70), 1),
            ("ê".repeat(71), 2),
            ("ê".repeat(134), 2),
            ("ê".repeat(135), 3),
            (format!("{}ê", "a".repeat(70)), 2),
            ("😀".repeat(35), 1),
            ("😀".repeat(36), 2),
            ("😀".repeat(66), 2),
            ("😀".repeat(67), 3),
        ] {
            assert_eq!(segments(&text), parts, "{} of {:?}", text.chars().count(), text.chars().next());
        }
    }
}
