use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, Clock, PortFailure, Recorded, Role};
use uuid::Uuid;

use super::{
    CodeDetails, CodePurpose, NewCode, Notice, OpenedSession, Passwords, PatientRecords, Practices, Proofs,
    SessionOpener, Tries, UserStore, Visitor,
};
use crate::domain::{Account, AccountEvent, Email, SessionExtent, SessionKind};

/// How long a code of six digits is good.
pub const CODE_LASTS: SignedDuration = SignedDuration::from_mins(10);
/// How long the code of a link that sets a new password is good.
pub const RESET_LASTS: SignedDuration = SignedDuration::from_mins(30);
/// How long an invitation is good.
pub const INVITATION_LASTS: SignedDuration = SignedDuration::from_hours(72);

/// What the use cases of accounts need from outside. Cheap to clone.
#[derive(Clone)]
pub struct AccountPorts {
    /// Keeps accounts.
    pub users: Arc<dyn UserStore>,
    /// Counts tries.
    pub tries: Arc<dyn Tries>,
    /// Hashes passwords.
    pub passwords: Arc<dyn Passwords>,
    /// Makes and checks codes.
    pub proofs: Arc<dyn Proofs>,
    /// Opens sessions.
    pub sessions: Arc<dyn SessionOpener>,
    /// Hear of each sign-in of a patient.
    pub records: Vec<Arc<dyn PatientRecords>>,
    /// Knows clinics and profiles.
    pub practices: Arc<dyn Practices>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where people reach this installation, without a slash at the end; stands in mails.
    pub public_url: Arc<str>,
}

/// A code is on its way, or as far as anybody can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeSent {
    /// To be shown together with the code.
    pub request: Uuid,
    /// Seconds for which it is good.
    pub expires_in: u32,
}

/// Somebody is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entered {
    /// Who.
    pub account: Account,
    /// The session that was opened.
    pub opened: OpenedSession,
    /// How far it reaches.
    pub extent: SessionExtent,
}

/// A code that is about to be sent: who asked for what, and what becomes of it.
pub(super) struct Sending<'a> {
    pub purpose: CodePurpose,
    pub email: &'a Email,
    pub account: Option<&'a Account>,
    pub details: CodeDetails,
    /// Makes the mail of the code; no code when it is one that nobody can show.
    pub notice: &'a (dyn Fn(Uuid, &str) -> Notice + Sync),
    pub usable: bool,
    pub lasts: SignedDuration,
    pub actor: Actor,
}

impl AccountPorts {
    /// Makes a code, stores its digest and posts its mail: the same work, whether there is an account or not.
    pub(super) async fn send(
        &self,
        sending: Sending<'_>,
        request_id: Option<String>,
        now: Timestamp,
    ) -> Result<CodeSent, PortFailure> {
        let Sending { purpose, email, account, details, notice, usable, lasts, actor } = sending;
        let request = Uuid::now_v7();
        let code = match purpose {
            CodePurpose::PasswordReset | CodePurpose::Invitation => self.proofs.long_code(),
            CodePurpose::SignIn | CodePurpose::Register | CodePurpose::EmailChange => self.proofs.code(),
        };
        let real = self.proofs.digest(request, &code);
        let new = NewCode {
            request,
            purpose,
            account: account.map(|account| account.id),
            email: email.clone(),
            details,
            digest: if usable { real } else { self.proofs.no_digest() },
            expires_at: now.checked_add(lasts).unwrap_or(Timestamp::MAX),
        };
        let event = AccountEvent::CodeRequested { request_id: request, purpose: purpose.word() };
        let event = Recorded::new(event, actor, now).caused_by(request_id);
        self.users.issue(&new, &notice(request, &code), &event).await?;
        Ok(CodeSent { request, expires_in: u32::try_from(lasts.as_secs()).unwrap_or(0) })
    }

    /// Opens a session for somebody who has proved who he or she is.
    pub(super) async fn enter(
        &self,
        account: Account,
        kind: SessionKind,
        extent: SessionExtent,
        visitor: &Visitor,
        now: Timestamp,
    ) -> Result<Entered, PortFailure> {
        if account.role == Role::Patient {
            for records in &self.records {
                records.welcome(account.id).await?;
            }
        }
        let actor = account.caller().actor();
        let opened = self.sessions.open(account.id, kind, extent, visitor.client.clone(), actor, now).await?;
        Ok(Entered { account, opened, extent })
    }
}

/// Minutes, as mails tell them.
pub(super) fn minutes(lasts: SignedDuration) -> String {
    lasts.as_mins().to_string()
}
