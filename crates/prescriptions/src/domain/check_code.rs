use std::fmt;
use std::str::FromStr;

/// Digits and letters that nobody mistakes for one another (Crockford's base 32).
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 26 letters hold 130 bits.
const LENGTH: usize = 26;

/// What stands on a paper and opens its check: 128 random bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CheckCode(u128);

/// This was never a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a code of a prescription")]
pub struct NotACode;

impl CheckCode {
    /// Of these random octets.
    #[must_use]
    pub const fn new(octets: [u8; 16]) -> Self {
        Self(u128::from_be_bytes(octets))
    }

    /// As it is typed by hand: in groups of four letters.
    #[must_use]
    pub fn grouped(&self) -> String {
        let letters: Vec<char> = self.to_string().chars().collect();
        letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for CheckCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for place in (0..LENGTH).rev() {
            let digit = usize::try_from((self.0 >> (5 * place)) & 31).unwrap_or_default();
            let letter = LETTERS.get(digit).copied().unwrap_or(b'0');
            write!(f, "{}", char::from(letter))?;
        }
        Ok(())
    }
}

impl fmt::Debug for CheckCode {
    /// Whoever has it may look: it stays out of log lines.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckCode")
    }
}

impl FromStr for CheckCode {
    type Err = NotACode;

    /// As it was typed: capitals, spaces and dashes do not matter, and letters that look like digits are those.
    fn from_str(text: &str) -> Result<Self, NotACode> {
        if text.len() > 4 * LENGTH {
            return Err(NotACode);
        }
        let mut number: u128 = 0;
        let mut count = 0;
        for letter in text.chars().filter(|one| !matches!(one, ' ' | '-')) {
            let letter = match letter.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            let digit = LETTERS.iter().position(|known| char::from(*known) == letter).ok_or(NotACode)?;
            count += 1;
            // The first letter holds three bits only.
            if count > LENGTH || number >> 123 != 0 {
                return Err(NotACode);
            }
            number = number << 5 | u128::try_from(digit).unwrap_or_default();
        }
        if count == LENGTH { Ok(Self(number)) } else { Err(NotACode) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_code_is_read_back_however_it_was_typed(octets: [u8; 16]) {
            let code = CheckCode::new(octets);
            prop_assert_eq!(code.to_string().parse(), Ok(code));
            prop_assert_eq!(code.grouped().to_uppercase().replace('0', "O").replace('1', "l").parse(), Ok(code));
            prop_assert_eq!(code.to_string().len(), LENGTH);
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}") {
            let _ = text.parse::<CheckCode>();
        }
    }

    #[test]
    fn what_is_too_short_too_long_or_too_large_is_no_code() {
        let code = CheckCode::new([255; 16]).to_string();
        assert_eq!(code, "7zzzzzzzzzzzzzzzzzzzzzzzzz");
        for wrong in
            ["", "7zz", "8zzzzzzzzzzzzzzzzzzzzzzzzz", "7zzzzzzzzzzzzzzzzzzzzzzzzzz", "7zzzzzzzzzzzzzzzzzzzzzzzzu"]
        {
            assert_eq!(wrong.parse::<CheckCode>(), Err(NotACode), "{wrong}");
        }
        assert_eq!(format!("{:?}", CheckCode::new([7; 16])), "CheckCode");
    }
}
