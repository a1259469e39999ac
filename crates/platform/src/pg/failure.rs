use diesel::result::{DatabaseErrorKind, Error};
use kernel::{FailureKind, PortFailure};

/// Tells what a database error means for the caller: try later, rivals, or a defect.
///
/// Diesel hides the SQLSTATE of most errors, so their English text is looked at; [`super::migrate`] warns
/// when the server speaks another language.
#[must_use]
pub fn failure(doing: &'static str, error: Error) -> PortFailure {
    let kind = kind_of(&error);
    PortFailure::new(doing, error).of_kind(kind)
}

pub(super) fn kind_of(error: &Error) -> FailureKind {
    match error {
        Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => FailureKind::Contention,
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) | Error::BrokenTransactionManager => {
            FailureKind::Unavailable
        }
        Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, about) if lost_connection(about.message()) => {
            FailureKind::Unavailable
        }
        Error::DatabaseError(DatabaseErrorKind::Unknown, about) => kind_by_text(about.message()),
        Error::RollbackErrorOnCommit { commit_error, .. } => kind_of(commit_error),
        _ => FailureKind::Internal,
    }
}

/// Nothing will be heard on this connection any more.
pub(super) fn connection_is_gone(error: &Error) -> bool {
    match error {
        Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _) => true,
        Error::DatabaseError(_, about) => {
            lost_connection(about.message()) || about.message().starts_with("terminating connection")
        }
        _ => false,
    }
}

/// The client library's words for a connection that is gone, as opposed to a value it could not encode.
fn lost_connection(message: &str) -> bool {
    ["connection closed", "error communicating with the server", "unexpected message", "channel closed"]
        .iter()
        .any(|start| message.starts_with(start))
}

fn kind_by_text(message: &str) -> FailureKind {
    // 40P01
    if message.starts_with("deadlock detected") {
        return FailureKind::Contention;
    }
    let away = [
        "canceling statement due to", // 57014 statement timeout, 55P03 lock timeout, an operator's cancel
        "terminating connection",     // 57P01, 57P02, 25P03, 57P05
        "the database system is",     // 57P03: starting up, shutting down, in recovery
        "sorry, too many clients",    // 53300
        "remaining connection slots", // 53300
        "too many connections for",   // 53300: role or database
        "cannot execute",             // 25006: a standby after a failover
        "out of shared memory",       // 53200
        "could not extend file",      // 53100
        "could not obtain lock",      // 55P03 with NOWAIT
    ];
    if away.iter().any(|start| message.starts_with(start)) { FailureKind::Unavailable } else { FailureKind::Internal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(kind: DatabaseErrorKind, message: &str) -> Error {
        Error::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn what_may_pass_by_itself_is_told_from_defects() {
        use DatabaseErrorKind::{ExclusionViolation, SerializationFailure, UnableToSendCommand, Unknown};
        for (kind, message, expected) in [
            (SerializationFailure, "could not serialize access", FailureKind::Contention),
            (Unknown, "deadlock detected", FailureKind::Contention),
            (Unknown, "canceling statement due to statement timeout", FailureKind::Unavailable),
            (Unknown, "canceling statement due to lock timeout", FailureKind::Unavailable),
            (Unknown, "terminating connection due to administrator command", FailureKind::Unavailable),
            (Unknown, "the database system is starting up", FailureKind::Unavailable),
            (Unknown, "sorry, too many clients already", FailureKind::Unavailable),
            (UnableToSendCommand, "connection closed", FailureKind::Unavailable),
            (UnableToSendCommand, "error communicating with the server: Broken pipe", FailureKind::Unavailable),
            (UnableToSendCommand, "error serializing parameter 0", FailureKind::Internal),
            (Unknown, "relation \"x\" does not exist", FailureKind::Internal),
            (ExclusionViolation, "conflicting key value", FailureKind::Internal),
        ] {
            assert_eq!(failure("test", database(kind, message)).kind(), expected, "{message}");
        }
        assert_eq!(kind_of(&Error::BrokenTransactionManager), FailureKind::Unavailable);
        assert_eq!(kind_of(&Error::NotFound), FailureKind::Internal);
    }
}
