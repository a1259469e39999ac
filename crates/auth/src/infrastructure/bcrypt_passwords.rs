//! Passwords by bcrypt, off the threads that serve requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use kernel::{FailureKind, PortFailure};
use tokio::sync::Semaphore;

use crate::application::Passwords;
use crate::domain::password::MOST_BYTES;

/// What one hash costs in production: 2¹² rounds, a quarter of a second.
pub const COST: u32 = 12;
/// So many may wait for a processor; the next one is told to come later.
const MOST_WAITING: usize = 64;

/// Hashes passwords on threads of their own, never more at a time than there are processors.
#[derive(Clone)]
pub struct BcryptPasswords {
    cost: u32,
    processors: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    /// Hash of nothing: comparing with it costs as much as with any other.
    nobody: Arc<str>,
}

impl BcryptPasswords {
    /// Works at this cost (4–31), [`COST`] in production; tests take less.
    #[must_use]
    pub fn new(cost: u32) -> Self {
        let processors = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let cost = cost.clamp(4, 31);
        Self {
            cost,
            processors: Arc::new(Semaphore::new(processors)),
            waiting: Arc::default(),
            nobody: format!("$2b${cost:02}$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz0123u").into(),
        }
    }

    async fn work<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, PortFailure> {
        let busy = |what: &'static str| PortFailure::new(doing, what).of_kind(FailureKind::Unavailable);
        let _place = Place::take(&self.waiting).ok_or_else(|| busy("too many wait"))?;
        let turn = Arc::clone(&self.processors).acquire_owned().await.map_err(|_| busy("closed"))?;
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(turn);
            done
        });
        done.await.map_err(|error| PortFailure::new(doing, error))?.map_err(|error| PortFailure::new(doing, error))
    }
}

/// A place in the queue, given back when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>) -> Option<Self> {
        let place = Self(Arc::clone(waiting));
        (waiting.fetch_add(1, Ordering::Relaxed) < MOST_WAITING).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Passwords for BcryptPasswords {
    async fn hash(&self, password: &str) -> Result<String, PortFailure> {
        // The library's own check counts the zero byte at the end as well, and would refuse the longest one allowed.
        if password.len() > MOST_BYTES {
            return Err(PortFailure::new("hash a password", "it is longer than what is hashed of it"));
        }
        let (password, cost) = (password.to_owned(), self.cost);
        self.work("hash a password", move || bcrypt::hash(password, cost)).await
    }

    async fn is(&self, password: &str, hash: Option<String>) -> Result<bool, PortFailure> {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        // Longer ones are never set. They are cut here, so that they cost as much as others, and refused all the same.
        let fits = password.len() <= MOST_BYTES;
        let password = password.to_owned();
        let same = self.work("compare a password", move || bcrypt::verify(password, &hash)).await?;
        Ok(same && known && fits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_fits_its_own_hash_alone_and_nobody_has_the_dummy() {
        let passwords = BcryptPasswords::new(4);
        let hash = passwords.hash("vexing quilt").await.unwrap();
        assert!(passwords.is("vexing quilt", Some(hash.clone())).await.unwrap());
        assert!(!passwords.is("vexing quilt ", Some(hash)).await.unwrap());
        assert!(!passwords.is("vexing quilt", None).await.unwrap());
    }

    #[tokio::test]
    async fn the_longest_password_counts_to_its_last_byte() {
        let passwords = BcryptPasswords::new(4);
        let longest = "x".repeat(MOST_BYTES);
        let hash = passwords.hash(&longest).await.unwrap();
        assert!(passwords.is(&longest, Some(hash.clone())).await.unwrap());
        assert!(!passwords.is(&format!("{longest}y"), Some(hash.clone())).await.unwrap());
        assert!(!passwords.is(&longest[1..], Some(hash)).await.unwrap());
        assert!(passwords.hash(&format!("{longest}y")).await.is_err());
    }

    #[test]
    fn the_dummy_is_a_hash_of_the_same_cost() {
        let nobody: bcrypt::HashParts = BcryptPasswords::new(12).nobody.parse().unwrap();
        assert_eq!(nobody.get_cost(), 12);
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_at_once() {
        let passwords = BcryptPasswords::new(4);
        passwords.waiting.store(MOST_WAITING, Ordering::Relaxed);
        let refused = passwords.hash("x").await.unwrap_err();
        assert_eq!(refused.kind(), FailureKind::Unavailable);
        passwords.waiting.store(0, Ordering::Relaxed);
        assert!(passwords.hash("x").await.is_ok());
        assert_eq!(passwords.waiting.load(Ordering::Relaxed), 0);
    }
}
