use std::sync::Arc;

use kernel::{Clock, PortFailure};

use super::ports::{PrescriptionStore, Seals};
use crate::domain::{CheckCode, Prescription, Signature, State};

/// What somebody with a paper in hand is told. Nothing of patient, doctor or medicines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As we have written it.
    Known(State),
    /// What is stored is not what was signed: the paper cannot be relied on.
    Altered,
}

/// A paper that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What it is worth.
    pub verdict: Verdict,
    /// The prescription in the paper's version.
    pub prescription: Prescription,
}

/// Tells a pharmacy what a paper is worth.
pub struct CheckPaper {
    /// Where prescriptions are kept.
    pub store: Arc<dyn PrescriptionStore>,
    /// What makes papers trustworthy.
    pub seals: Arc<dyn Seals>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl CheckPaper {
    /// The paper of that code; nothing when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_code(&self, code: CheckCode) -> Result<Option<Checked>, PortFailure> {
        Ok(self.store.of_code(code).await?.map(|found| self.checked(found)))
    }

    /// The paper of that signed hash; nothing when there is none.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_signature(&self, signature: Signature) -> Result<Option<Checked>, PortFailure> {
        Ok(self.store.of_signature(signature).await?.map(|found| self.checked(found)))
    }

    fn checked(&self, prescription: Prescription) -> Checked {
        let genuine = self.seals.is_of(&prescription.version.signature, &prescription.signed_parts());
        let verdict = if genuine { Verdict::Known(prescription.state(self.clock.now())) } else { Verdict::Altered };
        Checked { verdict, prescription }
    }
}

#[cfg(test)]
mod tests {
    use kernel::StoppedClock;

    use super::super::ports::{Held, MockPrescriptionStore, MockSeals};
    use super::super::test_data::{now, of, visit};
    use super::*;

    async fn told(found: Option<Prescription>, genuine: bool) -> Option<Verdict> {
        let mut store = MockPrescriptionStore::new();
        store.expect_of_code().returning(move |_| Ok(found.clone()));
        let mut seals = MockSeals::new();
        seals.expect_is_of().returning(move |_, _| genuine);
        let check =
            CheckPaper { store: Arc::new(store), seals: Arc::new(seals), clock: Arc::new(StoppedClock::at(now())) };
        check.by_code(CheckCode::new([7; 16])).await.unwrap().map(|checked| checked.verdict)
    }

    #[tokio::test]
    async fn a_paper_is_worth_what_its_version_is_and_nothing_when_it_was_tampered_with() {
        let valid = of(&visit(Held::Yes));
        let withdrawn = valid.withdrawn("x".into(), now()).unwrap();
        let replaced = Prescription { newest: 2, ..valid.clone() };
        for (found, genuine, verdict) in [
            (Some(valid.clone()), true, Some(Verdict::Known(State::Valid))),
            (Some(withdrawn), true, Some(Verdict::Known(State::Withdrawn))),
            (Some(replaced), true, Some(Verdict::Known(State::Replaced))),
            (Some(valid), false, Some(Verdict::Altered)),
            (None, true, None),
        ] {
            assert_eq!(told(found, genuine).await, verdict);
        }
    }
}
