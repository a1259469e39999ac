use std::fmt;
use std::str::FromStr;

/// The signed hash of a version: it stands on the paper, and tells whether that says what was written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 32]);

/// Not 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not the hash of a prescription")]
pub struct NotASignature;

impl Signature {
    /// Of these octets.
    #[must_use]
    pub const fn new(octets: [u8; 32]) -> Self {
        Self(octets)
    }

    /// The octets.
    #[must_use]
    pub const fn octets(&self) -> &[u8; 32] {
        &self.0
    }

    /// As it is compared by eye: groups of eight digits.
    #[must_use]
    pub fn grouped(&self) -> String {
        let digits: Vec<char> = self.to_string().chars().collect();
        digits.chunks(8).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature")
    }
}

impl FromStr for Signature {
    type Err = NotASignature;

    /// As it was typed: capitals and spaces do not matter.
    fn from_str(text: &str) -> Result<Self, NotASignature> {
        let mut octets = [0; 32];
        let mut digits = text.chars().filter(|one| *one != ' ').map(|one| one.to_digit(16));
        for octet in &mut octets {
            let (Some(Some(high)), Some(Some(low))) = (digits.next(), digits.next()) else { return Err(NotASignature) };
            *octet = u8::try_from(high * 16 + low).map_err(|_| NotASignature)?;
        }
        if digits.next().is_none() { Ok(Self(octets)) } else { Err(NotASignature) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_read_back_as_it_stands_on_paper() {
        let signature = Signature::new(std::array::from_fn(|at| u8::try_from(at * 7).unwrap_or_default()));
        assert_eq!(signature.to_string().parse(), Ok(signature));
        assert_eq!(signature.grouped().to_uppercase().parse(), Ok(signature));
        for wrong in ["", "00", &"0".repeat(63), &"0".repeat(66), &"g".repeat(64)] {
            assert_eq!(wrong.parse::<Signature>(), Err(NotASignature));
        }
    }
}
