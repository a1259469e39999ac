use serde::Serialize;

/// What a patient is to the user who books for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// The user's own record; each user has one at most.
    #[serde(rename = "self")]
    Oneself,
    /// A son or daughter.
    Child,
    /// Mother or father.
    Parent,
    /// Wife, husband, partner.
    Partner,
    /// Somebody else whom the user looks after.
    Other,
}

impl Relation {
    const ALL: [Self; 5] = [Self::Oneself, Self::Child, Self::Parent, Self::Partner, Self::Other];

    /// The word in API, database and documents.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Oneself => "self",
            Self::Child => "child",
            Self::Parent => "parent",
            Self::Partner => "partner",
            Self::Other => "other",
        }
    }

    /// The relation of that word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|relation| relation.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_relation_is_found_by_its_word() {
        for relation in Relation::ALL {
            assert_eq!(Relation::from_word(relation.word()), Some(relation));
        }
        assert_eq!(Relation::from_word("cousin"), None);
    }
}
