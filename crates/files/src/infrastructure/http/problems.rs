use actix_web::http::header::{self, HeaderValue};
use platform::http::{FieldError, Kind, Problem, kinds};

use crate::application::{AddVersionError, ChangeError, ReadError, Unfit, UploadError};

static UNFIT: Kind = Kind {
    code: "unfit-file",
    status: 422,
    title: "A file is not taken",
    help: "Only PDF, JPEG, PNG, GIF, DOC, DOCX and plain text are taken, recognised by their content and not by their name, and only without a password and without anything in them that runs or unpacks. The list `errors` names every file that is refused and why; none of the files was kept.",
};
static INFECTED: Kind = Kind {
    code: "infected",
    status: 422,
    title: "A virus was found",
    help: "The virus scanner has found something in the files that the list `errors` names. None of the files was kept.",
};
static NOT_SCANNED: Kind = Kind {
    code: "file-quarantined",
    status: 409,
    title: "The file waits for the virus scanner",
    help: "It is kept, and nobody can read it before the virus scanner has looked at it. This is tried every few minutes; the file's `state` says when it is over.",
};
static FOUND_LATER: Kind = Kind {
    code: "file-infected",
    status: 409,
    title: "A virus was found in the file",
    help: "The virus scanner was away when it came, and has found something since. Its content is deleted; upload it anew from a clean copy.",
};
static TOO_MANY_VERSIONS: Kind = Kind {
    code: "too-many-versions",
    status: 409,
    title: "The file has as many versions as it may",
    help: "A file has 100 versions at most. Upload it as a file of its own.",
};
static RANGE: Kind = Kind {
    code: "range-not-satisfiable",
    status: 416,
    title: "The file has no such stretch",
    help: "Range names nothing that is in the file. Content-Range tells how long it is.",
};
static LINK_EXPIRED: Kind = Kind {
    code: "link-expired",
    status: 410,
    title: "The link's time is over",
    help: "Links to files are good for a minute, or as long as was asked for, an hour at most. Ask for a new one.",
};

/// Problems that only this slice answers.
pub static PROBLEMS: &[&Kind] =
    &[&UNFIT, &INFECTED, &NOT_SCANNED, &FOUND_LATER, &TOO_MANY_VERSIONS, &RANGE, &LINK_EXPIRED];

pub(super) fn link_expired() -> Problem {
    Problem::of(&LINK_EXPIRED)
}

pub(super) fn not_satisfiable(size: u64) -> Problem {
    let problem = Problem::of(&RANGE);
    match HeaderValue::try_from(format!("bytes */{size}")) {
        Ok(value) => problem.header(header::CONTENT_RANGE, value),
        Err(_) => problem,
    }
}

fn reason(unfit: Unfit) -> (&'static str, &'static str) {
    match unfit {
        Unfit::Empty => ("empty", "has no content"),
        Unfit::UnknownKind => ("kind", "is no PDF, JPEG, PNG, GIF, DOC, DOCX or plain text"),
        Unfit::Malformed => ("malformed", "is broken, or more than one thing at once"),
        Unfit::Protected => ("protected", "asks for a password"),
        Unfit::Active => ("active", "holds something that runs, or other files"),
        Unfit::TooLarge => ("opens-too-large", "is too large once it is opened"),
    }
}

fn field(place: usize) -> String {
    format!("file[{place}]")
}

fn unfit(files: Vec<(usize, Unfit)>) -> Problem {
    files.into_iter().fold(Problem::of(&UNFIT), |problem, (place, why)| {
        let (code, message) = reason(why);
        problem.field(FieldError::new(field(place), code, message))
    })
}

fn infected(files: Vec<usize>) -> Problem {
    let found = |place| FieldError::new(field(place), "infected", "holds a virus");
    files.into_iter().fold(Problem::of(&INFECTED), |problem, place| problem.field(found(place)))
}

impl From<UploadError> for Problem {
    fn from(error: UploadError) -> Self {
        match error {
            UploadError::PatientNeeded => Self::invalid(vec![FieldError::new("patient_id", "required", "is required")]),
            UploadError::NoSuchPatient => {
                Self::invalid(vec![FieldError::new("patient_id", "unknown", "is no patient of yours")])
            }
            UploadError::Unfit(files) => unfit(files),
            UploadError::Infected(files) => infected(files),
            // Answered before this is reached; were it not, the client would at least be told to come again.
            UploadError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            UploadError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<AddVersionError> for Problem {
    fn from(error: AddVersionError) -> Self {
        match error {
            AddVersionError::NotFound => Self::of(&kinds::NOT_FOUND),
            AddVersionError::TooMany(_) => Self::of(&TOO_MANY_VERSIONS),
            AddVersionError::Unfit(why) => unfit(vec![(0, why)]),
            AddVersionError::Infected => infected(vec![0]),
            AddVersionError::ChangedMeanwhile => Self::of(&kinds::CHANGED_MEANWHILE),
            AddVersionError::Once(_) => Self::of(&kinds::KEY_IN_PROGRESS),
            AddVersionError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<ReadError> for Problem {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::NotFound => Self::of(&kinds::NOT_FOUND),
            ReadError::PatientNeeded => Self::invalid(vec![FieldError::new("patient_id", "required", "is required")]),
            ReadError::Quarantined => Self::of(&NOT_SCANNED),
            ReadError::Infected => Self::of(&FOUND_LATER),
            ReadError::Failed(failure) => Self::internal(&failure),
        }
    }
}

impl From<ChangeError> for Problem {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::NotFound => Self::of(&kinds::NOT_FOUND),
            ChangeError::RevisionChanged => Self::of(&kinds::PRECONDITION_FAILED),
            ChangeError::ChangedMeanwhile => Self::of(&kinds::CHANGED_MEANWHILE),
            ChangeError::Failed(failure) => Self::internal(&failure),
        }
    }
}
