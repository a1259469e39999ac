use std::fmt;
use std::sync::Arc;

/// The answer that is kept under an idempotency key, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// HTTP status code.
    pub status: u16,
    /// The `Location` header field, where the answer has one.
    pub location: Option<String>,
    /// The `ETag` header field, where the answer has one.
    pub etag: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// A client's wish that a change happens once, however often it is asked for.
///
/// The adapter that stores the change writes the key and [`Once::answer`] of the outcome in the same
/// transaction. `T` is the outcome the answer is made of.
pub struct Once<T: ?Sized> {
    /// Caller and operation; the same key under another scope is another key.
    pub scope: String,
    /// The client's key, 1–255 visible ASCII characters.
    pub key: String,
    /// SHA-256 of the request, to tell a retry from another request.
    pub fingerprint: [u8; 32],
    /// How the outcome is answered.
    pub answer: Arc<dyn Fn(&T) -> KeptAnswer + Send + Sync>,
}

impl<T: ?Sized> Clone for Once<T> {
    fn clone(&self) -> Self {
        Self {
            scope: self.scope.clone(),
            key: self.key.clone(),
            fingerprint: self.fingerprint,
            answer: Arc::clone(&self.answer),
        }
    }
}

impl<T: ?Sized> fmt::Debug for Once<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Once").field("scope", &self.scope).finish_non_exhaustive()
    }
}

/// What stood in the way of doing something once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OnceError {
    /// It was done before; this is the answer that was given then.
    #[error("this request was answered before")]
    Replay(KeptAnswer),
    /// The first request with this key still runs.
    #[error("a request with this idempotency key is still running")]
    InProgress,
    /// The key was used for another request.
    #[error("this idempotency key belongs to another request")]
    Reused,
}
