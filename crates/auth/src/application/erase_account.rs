use std::sync::Arc;

use jiff::SignedDuration;
use kernel::{Caller, Clock, PortFailure, Recorded, Role, SessionId};

use super::records_ports::{AccountErasure, PartErasure, PatientErasure, VisitsAhead};
use crate::domain::RecordsEvent;

/// So long after signing in one may erase the account: a found or stolen session is not enough.
const RECENT: SignedDuration = SignedDuration::from_mins(15);

/// Erases what is stored about somebody, at their wish.
pub struct EraseAccount {
    /// The account's part.
    pub account: Arc<dyn AccountErasure>,
    /// The visits' part.
    pub patients: Arc<dyn PatientErasure>,
    /// Other parts that hold something about people.
    pub others: Vec<Arc<dyn PartErasure>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// Why nothing was erased.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// Accounts of doctors, staff and administrators are run by administrators.
    #[error("only patients erase their account")]
    NotAPatient,
    /// The sign-in is too long ago.
    #[error("signed in too long ago")]
    SignInAgain,
    /// Visits have to be cancelled first.
    #[error(transparent)]
    VisitsAhead(#[from] VisitsAhead),
    /// A part failed; once more goes on where it was.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl EraseAccount {
    /// Erases visits' records first and the account last, so that whoever is interrupted can still sign in and go on.
    ///
    /// # Errors
    /// See [`EraseError`].
    pub async fn run(&self, caller: &Caller, session: SessionId, request_id: Option<String>) -> Result<(), EraseError> {
        let user = match (caller.role(), caller.user()) {
            (Some(Role::Patient), Some(user)) => user,
            _ => return Err(EraseError::NotAPatient),
        };
        let now = self.clock.now();
        let began = self.account.signed_in_at(session).await?;
        if began.is_none_or(|began| now.duration_since(began) > RECENT) {
            return Err(EraseError::SignInAgain);
        }
        let records = self.patients.erase(user, now).await??;
        for other in &self.others {
            other.erase(user).await?;
        }
        let event = RecordsEvent::Erased { user_id: user };
        self.account.erase(&Recorded::new(event, caller.actor(), now).caused_by(request_id), user, &records).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use kernel::{StoppedClock, UserId};
    use uuid::Uuid;

    use super::super::records_ports::{MockAccountErasure, MockPartErasure, MockPatientErasure};
    use super::super::test_data::now;
    use super::*;

    fn use_case(account: MockAccountErasure, patients: MockPatientErasure) -> EraseAccount {
        EraseAccount {
            account: Arc::new(account),
            patients: Arc::new(patients),
            others: Vec::new(),
            clock: Arc::new(StoppedClock::at(now())),
        }
    }

    fn signed_in(minutes_ago: i64) -> MockAccountErasure {
        let mut account = MockAccountErasure::new();
        account.expect_signed_in_at().returning(move |_| Ok(Some(now() - SignedDuration::from_mins(minutes_ago))));
        account
    }

    #[tokio::test]
    async fn visits_go_first_and_the_account_last() {
        let user = UserId::mint();
        let mut order = mockall::Sequence::new();
        let (mut account, mut patients) = (signed_in(15), MockPatientErasure::new());
        let record = Uuid::from_u128(1);
        patients
            .expect_erase()
            .withf(move |of, at| (*of, *at) == (user, now()))
            .times(1)
            .in_sequence(&mut order)
            .returning(move |_, _| Ok(Ok(vec![record])));
        account
            .expect_erase()
            .withf(move |event, of, records| {
                event.event == RecordsEvent::Erased { user_id: user } && *of == user && records == [record]
            })
            .times(1)
            .in_sequence(&mut order)
            .returning(|_, _, _| Ok(()));
        use_case(account, patients).run(&Caller::patient(user), SessionId::mint(), None).await.unwrap();
    }

    #[tokio::test]
    async fn other_parts_go_before_the_account_and_one_that_fails_keeps_it() {
        let user = UserId::mint();
        let mut patients = MockPatientErasure::new();
        patients.expect_erase().returning(|_, _| Ok(Ok(Vec::new())));
        let mut account = signed_in(0);
        account.expect_erase().never();
        let mut other = MockPartErasure::new();
        other.expect_erase().withf(move |of| *of == user).once().returning(|_| Err(PortFailure::new("erase", "away")));
        let erase = EraseAccount { others: vec![Arc::new(other)], ..use_case(account, patients) };
        let failed = erase.run(&Caller::patient(user), SessionId::mint(), None).await;
        assert!(matches!(failed, Err(EraseError::Failed(_))), "{failed:?}");
    }

    #[tokio::test]
    async fn visits_ahead_keep_the_account() {
        let mut patients = MockPatientErasure::new();
        patients.expect_erase().returning(|_, _| Ok(Err(VisitsAhead)));
        let mut account = signed_in(0);
        account.expect_erase().never();
        let refused = use_case(account, patients).run(&Caller::patient(UserId::mint()), SessionId::mint(), None).await;
        assert!(matches!(refused, Err(EraseError::VisitsAhead(VisitsAhead))), "{refused:?}");
    }

    #[tokio::test]
    async fn a_sign_in_of_long_ago_and_one_that_is_over_are_not_enough() {
        let mut over = MockAccountErasure::new();
        over.expect_signed_in_at().returning(|_| Ok(None));
        for mut account in [signed_in(16), over] {
            account.expect_erase().never();
            let mut patients = MockPatientErasure::new();
            patients.expect_erase().never();
            let caller = Caller::patient(UserId::mint());
            let refused = use_case(account, patients).run(&caller, SessionId::mint(), None).await;
            assert!(matches!(refused, Err(EraseError::SignInAgain)), "{refused:?}");
        }
    }

    #[tokio::test]
    async fn only_patients_erase_their_account() {
        for caller in [Caller::admin(UserId::mint()), Caller::staff(UserId::mint(), []), Caller::guest()] {
            let refused = use_case(MockAccountErasure::new(), MockPatientErasure::new())
                .run(&caller, SessionId::mint(), None)
                .await;
            assert!(matches!(refused, Err(EraseError::NotAPatient)), "{refused:?}");
        }
    }
}
