use std::sync::Arc;

use jiff::Timestamp;
use kernel::{Caller, ClinicId, DoctorId, Once, OnceError, PortFailure, Recorded, Role, UserId};
use uuid::Uuid;

use super::request_code::set_password_url;
use super::{
    AccountPorts, BadReach, Change, CodeDetails, CodePurpose, Decide, INVITATION_LASTS, NewCode, NewUser, Notice,
    RecoveryCodes, Refusal, StoreError, UserFilter,
};
use crate::domain::{Account, AccountEvent, AccountState, Email, PersonError, Secret, person};

/// Makes, shows and changes accounts of others; for administrators, and for the operator's commands.
#[derive(Clone)]
pub struct ManageUsers {
    /// From outside.
    pub ports: AccountPorts,
}

/// An account to be made.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Where mail reaches the person.
    pub email: String,
    /// As the person writes it.
    pub name: String,
    /// BCP 47 tag; `en` where none is given.
    pub language: Option<String>,
    /// What it is for; patients sign up themselves.
    pub role: Role,
    /// Of a doctor or a front desk.
    pub clinics: Vec<ClinicId>,
    /// Of a doctor.
    pub doctor: Option<DoctorId>,
}

/// What is to be another; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReachEdit {
    /// What it is for.
    pub role: Option<Role>,
    /// All of them.
    pub clinics: Option<Vec<ClinicId>>,
    /// The profile, or that there is none.
    pub doctor: Option<Option<DoctorId>>,
    /// Open or closed.
    pub closed: Option<bool>,
    /// Takes the second factor off; it has to be set up anew with the next sign-in.
    pub without_second_factor: bool,
}

/// An account that was made, and what lets its person in.
pub struct Invited {
    /// The account.
    pub account: Account,
    /// The request that the code belongs to.
    pub request: Uuid,
    /// Sets the first password. Also in the mail.
    pub code: Secret,
    /// Where.
    pub url: Secret,
}

/// Why nothing is shown or changed.
#[derive(Debug, thiserror::Error)]
pub enum ManageUsersError {
    /// Not in this role.
    #[error("only administrators do this")]
    Forbidden,
    /// There is no such account.
    #[error("there is no such account")]
    NotFound,
    /// Another version than the caller insists on.
    #[error("the account has changed")]
    VersionChanged,
    /// Name, address or language cannot be one.
    #[error(transparent)]
    BadPerson(#[from] PersonError),
    /// Role, clinics and profile do not go together.
    #[error("role, clinics and profile do not go together")]
    BadReach(BadReach),
    /// There is no such clinic.
    #[error("there is no such clinic")]
    UnknownClinic,
    /// There is no such doctor.
    #[error("there is no such doctor")]
    UnknownDoctor,
    /// The address has an account.
    #[error("the address has an account")]
    EmailTaken,
    /// The profile has an account.
    #[error("the profile has an account")]
    ProfileTaken,
    /// Nobody would be left who could undo it.
    #[error("this is the last administrator")]
    LastAdmin,
    /// It was asked for before.
    #[error(transparent)]
    Once(#[from] OnceError),
    /// A port failed.
    #[error(transparent)]
    Failed(#[from] PortFailure),
}

impl From<StoreError> for ManageUsersError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Refused(Refusal::VersionChanged) => Self::VersionChanged,
            StoreError::Refused(Refusal::BadReach(bad)) => Self::BadReach(bad),
            StoreError::Refused(_) => Self::NotFound,
            StoreError::EmailTaken => Self::EmailTaken,
            StoreError::ProfileTaken => Self::ProfileTaken,
            StoreError::LastAdmin => Self::LastAdmin,
            StoreError::Once(error) => Self::Once(error),
            StoreError::Failed(failure) => Self::Failed(failure),
        }
    }
}

fn may(caller: &Caller) -> Result<(), ManageUsersError> {
    if caller.is_admin() || caller.is_system() { Ok(()) } else { Err(ManageUsersError::Forbidden) }
}

/// Do role, clinics and profile go together?
fn reach(account: &Account) -> Result<(), BadReach> {
    match account.role {
        Role::Doctor if account.doctor.is_none() => Err(BadReach::ProfileMissing),
        Role::Patient | Role::Staff | Role::Admin if account.doctor.is_some() => Err(BadReach::ProfileForeign),
        Role::Staff if account.clinics.is_empty() => Err(BadReach::ClinicMissing),
        Role::Patient | Role::Admin if !account.clinics.is_empty() => Err(BadReach::ClinicForeign),
        Role::Patient | Role::Doctor | Role::Staff | Role::Admin => Ok(()),
    }
}

impl ManageUsers {
    /// Accounts in the order they were made.
    ///
    /// # Errors
    /// See [`ManageUsersError`].
    pub async fn list(
        &self,
        caller: &Caller,
        wanted: &UserFilter,
        after: Option<(Timestamp, UserId)>,
        limit: u32,
    ) -> Result<Vec<Account>, ManageUsersError> {
        may(caller)?;
        Ok(self.ports.users.page(wanted, after, limit).await?)
    }

    /// One account.
    ///
    /// # Errors
    /// See [`ManageUsersError`].
    pub async fn show(&self, caller: &Caller, id: UserId) -> Result<Account, ManageUsersError> {
        may(caller)?;
        self.ports.users.find(id).await?.ok_or(ManageUsersError::NotFound)
    }

    /// Makes an account and mails its invitation. Nobody but the person ever knows the password.
    ///
    /// # Errors
    /// See [`ManageUsersError`].
    pub async fn invite(
        &self,
        caller: &Caller,
        wish: Invitation,
        request_id: Option<String>,
        once: Option<Once<Account>>,
    ) -> Result<Invited, ManageUsersError> {
        may(caller)?;
        let now = self.ports.clock.now();
        let mut clinics = wish.clinics;
        clinics.sort_unstable();
        clinics.dedup();
        let account = Account {
            id: UserId::mint(),
            role: wish.role,
            state: AccountState::Active,
            name: person::name(&wish.name)?,
            email: Email::parse(&wish.email)?,
            email_verified_at: None,
            language: person::language(wish.language.as_deref().unwrap_or("en"))?,
            doctor: wish.doctor,
            clinics,
            password_hash: None,
            totp: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        if account.role == Role::Patient {
            return Err(ManageUsersError::BadReach(BadReach::Patient));
        }
        reach(&account).map_err(ManageUsersError::BadReach)?;
        self.known(&account.clinics, account.doctor).await?;
        let (request, code) = (Uuid::now_v7(), self.ports.proofs.long_code());
        let url = set_password_url(&self.ports.public_url, request, &code);
        let new_code = NewCode {
            request,
            purpose: CodePurpose::Invitation,
            account: Some(account.id),
            email: account.email.clone(),
            details: CodeDetails::of(&account.email),
            digest: self.ports.proofs.digest(request, &code),
            expires_at: now.checked_add(INVITATION_LASTS).unwrap_or(Timestamp::MAX),
        };
        let notice = Notice::new("invitation", &account.email, &account.language)
            .with("name", account.name.as_str())
            .with("role", account.role.word())
            .with("code", code.as_str())
            .with("url", url.as_str())
            .with("hours", INVITATION_LASTS.as_hours().to_string());
        let event = AccountEvent::Invited { user_id: account.id, role: account.role };
        let new = NewUser {
            account: account.clone(),
            event: Recorded::new(event, caller.actor(), now).caused_by(request_id),
            consents: Vec::new(),
            invitation: Some((new_code, notice)),
            once,
        };
        self.ports.users.create(&new).await?;
        Ok(Invited { account, request, code: Secret::new(code), url: Secret::new(url) })
    }

    async fn known(&self, clinics: &[ClinicId], doctor: Option<DoctorId>) -> Result<(), ManageUsersError> {
        for clinic in clinics {
            if !self.ports.practices.has_clinic(*clinic).await? {
                return Err(ManageUsersError::UnknownClinic);
            }
        }
        match doctor {
            Some(doctor) if !self.ports.practices.has_doctor(doctor).await? => Err(ManageUsersError::UnknownDoctor),
            Some(_) | None => Ok(()),
        }
    }

    /// Changes what an account may do. Another role, a closed account or a second factor taken off end its sessions.
    ///
    /// # Errors
    /// See [`ManageUsersError`].
    pub async fn edit(
        &self,
        caller: &Caller,
        id: UserId,
        edit: ReachEdit,
        versions: Option<Vec<i32>>,
        request_id: Option<String>,
    ) -> Result<Account, ManageUsersError> {
        may(caller)?;
        self.known(edit.clinics.as_deref().unwrap_or_default(), edit.doctor.flatten()).await?;
        let (now, actor) = (self.ports.clock.now(), caller.actor());
        let decide: Decide = Arc::new(move |before: &Account| {
            if !before.is_one_of(versions.as_deref()) {
                return Err(Refusal::VersionChanged);
            }
            let after = edited(before, &edit, now);
            if (before.role == Role::Patient) != (after.role == Role::Patient) {
                return Err(Refusal::BadReach(BadReach::Patient));
            }
            reach(&after).map_err(Refusal::BadReach)?;
            let event = AccountEvent::ReachChanged { user_id: before.id, role: after.role, state: after.state.word() };
            let event = Recorded::new(event, actor, now).caused_by(request_id.clone());
            let why = if !after.is_active() {
                Some("disabled")
            } else if before.role != after.role {
                Some("role_changed")
            } else if edit.without_second_factor {
                Some("second_factor_taken_off")
            } else {
                None
            };
            Ok(Change {
                end_sessions: why.map(|why| (None, why)),
                recovery: if edit.without_second_factor {
                    RecoveryCodes::Replace(Vec::new())
                } else {
                    RecoveryCodes::Keep
                },
                ..Change::new(after, event)
            })
        });
        Ok(self.ports.users.change(id, decide).await?)
    }
}

fn edited(before: &Account, edit: &ReachEdit, now: Timestamp) -> Account {
    let mut after = before.changed(now);
    after.role = edit.role.unwrap_or(before.role);
    after.doctor = edit.doctor.unwrap_or(if after.role == Role::Doctor { before.doctor } else { None });
    if let Some(clinics) = &edit.clinics {
        after.clinics.clone_from(clinics);
        after.clinics.sort_unstable();
        after.clinics.dedup();
    } else if matches!(after.role, Role::Admin | Role::Patient) {
        after.clinics.clear();
    }
    after.state = match edit.closed {
        Some(true) => AccountState::Disabled,
        Some(false) => AccountState::Active,
        None => before.state,
    };
    if edit.without_second_factor {
        after.totp = None;
    }
    after
}

#[cfg(test)]
mod tests;
