use std::error::Error;

use kernel::{FailureKind, PortFailure};

use super::ObjectKey;

/// Longest text of a server that is passed on to the log.
const LONGEST: usize = 400;

/// What a storage has said, without the key: keys may hold the name of somebody's file.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Said(String);

/// A failure of the storage. All but faults of ours may be over at the next try: the server is away, or its operator
/// mends the rights.
pub(super) fn failed(doing: &'static str, key: &ObjectKey, error: object_store::Error) -> PortFailure {
    let kind = match &error {
        object_store::Error::InvalidPath { .. }
        | object_store::Error::NotSupported { .. }
        | object_store::Error::NotImplemented { .. } => FailureKind::Internal,
        _ => FailureKind::Unavailable,
    };
    metrics::counter!("storage_failures_total").increment(1);
    PortFailure::new(doing, Said(without_key(&chain(&error), key.as_str()))).of_kind(kind)
}

fn chain(error: &object_store::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

fn without_key(text: &str, key: &str) -> String {
    let text = text.replace(key, "…").replace(&key.replace('/', "%2F"), "…");
    text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_reaches_the_log_without_the_key() {
        let key: ObjectKey = "patients/1/lab/2027_anna-example.pdf".parse().unwrap();
        let error = object_store::Error::PermissionDenied {
            path: key.to_string(),
            source: "<Resource>/b/patients/1/lab/2027_anna-example.pdf</Resource>\n403".into(),
        };
        let failure = failed("read an object", &key, error);
        let said = failure.source().unwrap().to_string();
        assert!(!said.contains("anna") && said.contains("403"), "{said}");
        assert_eq!(failure.kind(), FailureKind::Unavailable);
    }
}
