//! What is known of the request that the present task answers.

use std::future::Future;

tokio::task_local! {
    static CONTEXT: RequestContext;
}

/// A request's own names.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// `X-Request-Id`: the caller's, when it is a sane one, or a new UUIDv7.
    pub request_id: String,
    /// Trace id of `traceparent` (W3C Trace Context), where the caller sent one.
    pub trace_id: Option<String>,
}

/// Runs `future` as part of the request.
pub async fn within<F: Future>(context: RequestContext, future: F) -> F::Output {
    CONTEXT.scope(context, future).await
}

/// The id of the request being answered, or `None` outside of one.
#[must_use]
pub fn request_id() -> Option<String> {
    CONTEXT.try_with(|context| context.request_id.clone()).ok()
}

/// Takes over a caller's request id: 1–128 letters, digits, `-`, `_`, `.`; anything else is not sane.
#[must_use]
pub fn sane_request_id(offered: &str) -> Option<&str> {
    let sane = (1..=128).contains(&offered.len())
        && offered.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    sane.then_some(offered)
}

/// The trace id in a `traceparent` header field (W3C Trace Context, section 3.2).
#[must_use]
pub fn trace_id(traceparent: &str) -> Option<&str> {
    let mut parts = traceparent.split('-');
    let (version, trace, parent) = (parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let real =
        hex(version, 2) && version != "ff" && hex(trace, 32) && hex(parent, 16) && trace.bytes().any(|b| b != b'0');
    real.then_some(trace)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_that_could_break_a_log_line_is_not_taken_over() {
        assert_eq!(sane_request_id("abc-123_x.y"), Some("abc-123_x.y"));
        for bad in ["", "a b", "a\nb", "ä", &"x".repeat(129), "{}"] {
            assert_eq!(sane_request_id(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn only_a_well_formed_traceparent_gives_a_trace_id() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_id(&format!("00-{id}-00f067aa0ba902b7-01")), Some(id));
        for bad in ["", "00", "00-xyz-00f067aa0ba902b7-01", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"] {
            assert_eq!(trace_id(bad), None, "{bad:?}");
        }
    }
}
