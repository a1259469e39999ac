//! Accounts by the operator's hand.

use std::process::ExitCode;

use auth::application::{Invitation, ManageUsers, ReachEdit, UserStore as _};
use auth::domain::{Account, Email};
use clap::Subcommand;
use kernel::{Caller, ClinicId, DoctorId, Role};

use crate::application::Application;
use crate::server::Failure;

/// What is asked for.
#[derive(Debug, Subcommand)]
pub enum Users {
    /// Make an account for a doctor, a front desk or an administrator; prints the link that sets its password, once
    Create {
        /// Where the invitation goes
        #[arg(long)]
        email: String,
        /// As the person writes it
        #[arg(long)]
        name: String,
        /// doctor, staff or admin
        #[arg(long)]
        role: Role,
        /// Id of a clinic; may be given several times
        #[arg(long)]
        clinic: Vec<ClinicId>,
        /// Id of the doctor's profile
        #[arg(long)]
        doctor: Option<DoctorId>,
    },
    /// Close an account and end its sessions
    Disable {
        /// Id or e-mail address
        #[arg(long)]
        user: String,
    },
    /// Give an account another role, and end its sessions
    Role {
        /// Id or e-mail address
        #[arg(long)]
        user: String,
        /// doctor, staff or admin
        #[arg(long)]
        role: Role,
        /// Id of a clinic; may be given several times
        #[arg(long)]
        clinic: Vec<ClinicId>,
        /// Id of the doctor's profile
        #[arg(long)]
        doctor: Option<DoctorId>,
    },
}

impl Users {
    /// Does it. The audit trail names Doktolib itself as who did it.
    ///
    /// # Errors
    /// When there is no such account, a rule refuses it, or the store fails.
    pub async fn run(self, application: &Application) -> Result<ExitCode, Failure> {
        let users = ManageUsers { ports: application.accounts.clone() };
        let system = Caller::system();
        match self {
            Self::Create { email, name, role, clinic, doctor } => {
                let wish = Invitation { email, name, language: None, role, clinics: clinic, doctor };
                let invited = users.invite(&system, wish, None, None).await?;
                println!("made {} ({role}); an invitation is on its way", invited.account.id);
                println!("it sets its password here, within 72 hours; this is shown once:");
                println!("  link        {}", invited.url.expose());
                println!("  request_id  {}", invited.request);
                println!("  code        {}", invited.code.expose());
            }
            Self::Disable { user } => {
                let account = find(application, &user).await?;
                let edit = ReachEdit { closed: Some(true), ..ReachEdit::default() };
                users.edit(&system, account.id, edit, None, None).await?;
                println!("closed {}; its sessions have ended", account.id);
            }
            Self::Role { user, role, clinic, doctor } => {
                let account = find(application, &user).await?;
                let edit = ReachEdit {
                    role: Some(role),
                    clinics: (!clinic.is_empty()).then_some(clinic),
                    doctor: doctor.map(Some),
                    ..ReachEdit::default()
                };
                users.edit(&system, account.id, edit, None, None).await?;
                println!("{} is {role} now", account.id);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn find(application: &Application, user: &str) -> Result<Account, Failure> {
    let users = &application.users;
    let found = match (user.parse(), Email::parse(user)) {
        (Ok(id), _) => users.find(id).await?,
        (Err(_), Ok(email)) => users.by_email(&email).await?,
        (Err(_), Err(_)) => return Err("--user wants the id or the e-mail address of an account".into()),
    };
    Ok(found.ok_or("there is no such account")?)
}
