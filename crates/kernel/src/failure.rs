use std::error::Error;
use std::fmt;

/// Why a port could not do its work; decides between 503 (try again) and 500 (a bug).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The component behind the port is away or overloaded; trying again later may help.
    Unavailable,
    /// Rivals kept aborting the work, all internal tries are used up; trying again may help.
    Contention,
    /// Anything else. It is a defect, ours or the component's.
    Internal,
}

/// A port's technical failure: never a refusal that a rule has decided.
///
/// `Display` names only what was being done. The cause is reached by [`Error::source`] and belongs in
/// the log, never in an answer.
#[derive(Debug)]
pub struct PortFailure {
    doing: &'static str,
    kind: FailureKind,
    source: Box<dyn Error + Send + Sync>,
}

impl PortFailure {
    /// A failure of [`FailureKind::Internal`] while `doing`, e.g. `"insert an appointment"`.
    #[must_use]
    pub fn new(doing: &'static str, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { doing, kind: FailureKind::Internal, source: source.into() }
    }

    /// The same failure with another kind.
    #[must_use]
    pub const fn of_kind(mut self, kind: FailureKind) -> Self {
        self.kind = kind;
        self
    }

    /// What sort of failure it is.
    #[must_use]
    pub const fn kind(&self) -> FailureKind {
        self.kind
    }
}

impl fmt::Display for PortFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not {}", self.doing)
    }
}

impl Error for PortFailure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(self.source.as_ref())
    }
}
