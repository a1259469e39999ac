use super::*;
use crate::application::user_test_data::{Mocks, account};

fn wish(role: Role) -> Invitation {
    let of = account(role);
    Invitation {
        email: "grace@example.org".into(),
        name: "Grace Hopper".into(),
        language: None,
        role,
        clinics: of.clinics,
        doctor: of.doctor,
    }
}

fn manage(mocks: Mocks) -> ManageUsers {
    ManageUsers { ports: mocks.ports() }
}

#[tokio::test]
async fn an_invitation_makes_an_account_without_a_password_and_mails_its_code() {
    for role in [Role::Doctor, Role::Staff, Role::Admin] {
        let mut mocks = Mocks::new();
        mocks.users.expect_create().times(1).returning(|new| {
            let (code, notice) = new.invitation.as_ref().unwrap();
            assert_eq!((notice.template, code.purpose), ("invitation", CodePurpose::Invitation));
            assert_eq!(code.expires_at, new.event.at + INVITATION_LASTS);
            assert!(new.account.password_hash.is_none() && new.account.totp.is_none());
            Ok(())
        });
        let invited = manage(mocks).invite(&Caller::system(), wish(role), None, None).await.unwrap();
        assert!(invited.url.expose().contains("/set-password#request_id="), "{role}");
    }
}

#[tokio::test]
async fn nobody_but_an_administrator_or_the_operator_sees_or_makes_accounts() {
    for role in [Role::Patient, Role::Doctor, Role::Staff] {
        let caller = account(role).caller();
        let manage = manage(Mocks::new());
        let invited = manage.invite(&caller, wish(Role::Admin), None, None).await;
        assert!(matches!(invited.err(), Some(ManageUsersError::Forbidden)));
        let shown = manage.show(&caller, UserId::mint()).await;
        assert!(matches!(shown, Err(ManageUsersError::Forbidden)));
        let listed = manage.list(&caller, &UserFilter::default(), None, 20).await;
        assert!(matches!(listed, Err(ManageUsersError::Forbidden)));
        let edited = manage.edit(&caller, UserId::mint(), ReachEdit::default(), None, None).await;
        assert!(matches!(edited, Err(ManageUsersError::Forbidden)));
    }
}

#[tokio::test]
async fn role_clinics_and_profile_go_together() {
    let refused = async |wish| match manage(Mocks::new()).invite(&Caller::system(), wish, None, None).await {
        Err(ManageUsersError::BadReach(bad)) => bad,
        _ => panic!("not refused"),
    };
    assert_eq!(refused(wish(Role::Patient)).await, BadReach::Patient);
    assert_eq!(refused(Invitation { doctor: None, ..wish(Role::Doctor) }).await, BadReach::ProfileMissing);
    assert_eq!(refused(Invitation { clinics: vec![], ..wish(Role::Staff) }).await, BadReach::ClinicMissing);
    let clinics = vec![ClinicId::mint()];
    assert_eq!(refused(Invitation { clinics, ..wish(Role::Admin) }).await, BadReach::ClinicForeign);
    let doctor = Some(DoctorId::mint());
    assert_eq!(refused(Invitation { doctor, ..wish(Role::Staff) }).await, BadReach::ProfileForeign);
}

#[tokio::test]
async fn a_clinic_or_a_doctor_that_is_not_there_is_refused() {
    let mut mocks = Mocks::new();
    mocks.practices = crate::application::MockPractices::new();
    mocks.practices.expect_has_clinic().returning(|_| Ok(false));
    mocks.users.expect_create().never();
    let refused = manage(mocks).invite(&Caller::system(), wish(Role::Staff), None, None).await;
    assert!(matches!(refused.err(), Some(ManageUsersError::UnknownClinic)));
}

async fn edited(of: Account, edit: ReachEdit) -> (Result<Account, ManageUsersError>, Option<&'static str>) {
    let (told, heard) = std::sync::mpsc::channel();
    let mut mocks = Mocks::new();
    mocks.users.expect_change().returning(move |_, decide| {
        let change = decide(&of)?;
        told.send(change.end_sessions.map(|(_, why)| why)).unwrap();
        Ok(change.account)
    });
    let outcome = manage(mocks).edit(&Caller::system(), UserId::mint(), edit, Some(vec![3]), None).await;
    (outcome, heard.try_recv().ok().flatten())
}

#[tokio::test]
async fn another_role_and_a_closed_account_end_the_sessions() {
    let close = ReachEdit { closed: Some(true), ..ReachEdit::default() };
    let (account_, why) = edited(account(Role::Staff), close).await;
    assert_eq!((account_.unwrap().state, why), (AccountState::Disabled, Some("disabled")));
    let promote = ReachEdit { role: Some(Role::Admin), ..ReachEdit::default() };
    let (promoted, why) = edited(account(Role::Doctor), promote).await;
    let promoted = promoted.unwrap();
    assert_eq!((promoted.role, promoted.doctor, why), (Role::Admin, None, Some("role_changed")));
    assert!(promoted.clinics.is_empty());
    let moved = ReachEdit { clinics: Some(vec![ClinicId::mint()]), ..ReachEdit::default() };
    assert_eq!(edited(account(Role::Staff), moved).await.1, None);
    let lost = ReachEdit { without_second_factor: true, ..ReachEdit::default() };
    assert_eq!(edited(account(Role::Staff), lost).await.1, Some("second_factor_taken_off"));
}

#[tokio::test]
async fn patients_never_become_anything_else_and_nobody_becomes_a_patient() {
    for (from, to) in [(Role::Patient, Role::Admin), (Role::Admin, Role::Patient)] {
        let (outcome, _) = edited(account(from), ReachEdit { role: Some(to), ..ReachEdit::default() }).await;
        assert!(matches!(outcome, Err(ManageUsersError::BadReach(BadReach::Patient))), "{outcome:?}");
    }
}
