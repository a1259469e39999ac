//! Objects whose content only this installation can read.
//!
//! Each has a key of its own, which lies sealed by the [`Keyring`] in the row that tells of the object: rotation of
//! the installation's keys seals that column anew and leaves the objects alone, and an object whose row is gone is
//! gone, whatever is left of it on a server. Content is sealed in blocks by AES-256-GCM; a block's nonce is its number
//! and whether it is the last, so that blocks can be read from anywhere, but neither swapped nor cut off (the STREAM
//! construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015).

use std::ops::Range;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::web::{Bytes, BytesMut};
use aes_gcm::aead::Aead as _;
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use futures_util::stream::{BoxStream, Stream, StreamExt as _, try_unfold};
use kernel::PortFailure;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{BodyFault, Found, ObjectKey, PutError, Storage, Stored};
use crate::crypto::{CannotOpen, Keyring};

/// Content of a block.
const BLOCK: usize = 64 * 1024;
const TAG: usize = 16;
const SEALED_BLOCK: u64 = (BLOCK + TAG) as u64;

/// The key of one object: made anew each time one is put.
#[derive(Clone)]
pub struct DataKey([u8; 32]);

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey")
    }
}

impl DataKey {
    /// A new one. Never put two contents with the same.
    #[must_use]
    pub fn mint() -> Self {
        Self(rand::random())
    }

    /// As it may lie in the column `place` of the row `row`.
    #[must_use]
    pub fn wrapped(&self, keys: &Keyring, place: &str, row: Uuid) -> Vec<u8> {
        keys.seal(place, row, &self.0)
    }

    /// Takes it out of that column again.
    ///
    /// # Errors
    /// See [`CannotOpen`].
    pub fn unwrapped(keys: &Keyring, place: &str, row: Uuid, wrapped: &[u8]) -> Result<Self, CannotOpen> {
        let bytes = keys.open(place, row, wrapped)?;
        bytes.try_into().map(Self).map_err(|_| CannotOpen::Malformed)
    }

    fn cipher(&self) -> Aes256Gcm {
        Aes256Gcm::new(&self.0.into())
    }
}

fn nonce(number: u64, last: bool) -> [u8; 12] {
    let mut bytes = [0_u8; 12];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes[11] = u8::from(last);
    bytes
}

fn length(bytes: usize) -> u64 {
    u64::try_from(bytes).unwrap_or(u64::MAX)
}

/// What the content was, for who has passed it on sealed.
struct Seen {
    hash: Sha256,
    size: u64,
}

struct Sealing<'a, S> {
    inner: Pin<&'a mut S>,
    cipher: Aes256Gcm,
    waiting: BytesMut,
    number: u64,
    ended: bool,
    done: bool,
    seen: Arc<Mutex<Seen>>,
}

impl<S> Sealing<'_, S>
where
    S: Stream<Item = Result<Bytes, BodyFault>>,
{
    /// The next sealed block; the last one may be empty, and is always there.
    async fn next(&mut self) -> Result<Option<Bytes>, BodyFault> {
        loop {
            if self.done {
                return Ok(None);
            }
            if self.waiting.len() > BLOCK || self.ended {
                let last = self.waiting.len() <= BLOCK;
                let block = self.waiting.split_to(self.waiting.len().min(BLOCK));
                let sealed = self.cipher.encrypt(&Nonce::from(nonce(self.number, last)), block.as_ref());
                self.number += 1;
                self.done = last;
                return Ok(Some(sealed.map_err(|_| "a block cannot be sealed")?.into()));
            }
            match self.inner.next().await {
                Some(piece) => {
                    let piece = piece?;
                    let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                    seen.hash.update(&piece);
                    seen.size += length(piece.len());
                    self.waiting.extend_from_slice(&piece);
                }
                None => self.ended = true,
            }
        }
    }
}

struct Opening {
    inner: BoxStream<'static, Result<Bytes, PortFailure>>,
    cipher: Aes256Gcm,
    waiting: BytesMut,
    /// Of the next block.
    number: u64,
    /// Of the object's last block.
    last: u64,
    /// Of the last block that is wanted.
    until: u64,
    /// Bytes of the next block that are not wanted.
    skip: usize,
    /// Bytes that are still wanted.
    wanted: u64,
}

impl Opening {
    async fn next(&mut self) -> Result<Option<Bytes>, PortFailure> {
        let forged = || PortFailure::new("open a sealed object", CannotOpen::Forged);
        if self.number > self.until {
            return Ok(None);
        }
        let mut ended = false;
        while self.waiting.len() < BLOCK + TAG && !ended {
            match self.inner.next().await {
                Some(piece) => self.waiting.extend_from_slice(&piece?),
                None => ended = true,
            }
        }
        let sealed = self.waiting.split_to(self.waiting.len().min(BLOCK + TAG));
        let is_last = self.number == self.last;
        let opened =
            self.cipher.decrypt(&Nonce::from(nonce(self.number, is_last)), sealed.as_ref()).map_err(|_| forged())?;
        self.number += 1;
        let opened = Bytes::from(opened);
        let block = opened.slice(std::mem::take(&mut self.skip).min(opened.len())..);
        let kept = usize::try_from(self.wanted).unwrap_or(usize::MAX).min(block.len());
        self.wanted -= length(kept);
        Ok(Some(block.slice(..kept)))
    }
}

impl Storage {
    /// [`Storage::put`] of content that is sealed on its way, with a key that nothing was put with before.
    ///
    /// # Errors
    /// See [`PutError`].
    pub async fn put_sealed<S>(&self, key: &ObjectKey, data_key: &DataKey, body: S) -> Result<Stored, PutError>
    where
        S: Stream<Item = Result<Bytes, BodyFault>>,
    {
        let seen = Arc::new(Mutex::new(Seen { hash: Sha256::new(), size: 0 }));
        let body = pin!(body);
        let sealing = Sealing {
            inner: body,
            cipher: data_key.cipher(),
            waiting: BytesMut::new(),
            number: 0,
            ended: false,
            done: false,
            seen: Arc::clone(&seen),
        };
        let blocks = try_unfold(sealing, async |mut sealing| Ok(sealing.next().await?.map(|block| (block, sealing))));
        self.put(key, blocks).await?;
        let seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Stored { size: seen.size, sha256: seen.hash.clone().finalize().into() })
    }

    /// [`Storage::get`] of content that was put sealed; sizes and ranges are those of the content.
    ///
    /// # Errors
    /// When the storage fails. What was changed, swapped or cut off shows in the body, as a failure to open it.
    pub async fn get_sealed(
        &self,
        key: &ObjectKey,
        data_key: &DataKey,
        range: Option<Range<u64>>,
    ) -> Result<Option<Found>, PortFailure> {
        let Some(head) = self.head(key).await? else { return Ok(None) };
        let blocks = head.size.div_ceil(SEALED_BLOCK).max(1);
        let last = head.size - (blocks - 1) * SEALED_BLOCK;
        // None that was written whole ends so; read to its computed end, it would not be missed.
        if last < length(TAG) || (last == length(TAG) && blocks > 1) {
            return Err(PortFailure::new("open a sealed object", CannotOpen::Forged));
        }
        let size = head.size - blocks * length(TAG);
        let asked = range.unwrap_or(0..size);
        let range = asked.start.min(size)..asked.end.min(size);
        if range.is_empty() && size > 0 {
            let body = futures_util::stream::empty().boxed();
            return Ok(Some(Found { size, range: range.start..range.start, body }));
        }
        let (first, until) = (range.start / length(BLOCK), range.end.saturating_sub(1) / length(BLOCK));
        let stretch = first * SEALED_BLOCK..(until + 1) * SEALED_BLOCK;
        let Some(found) = self.get(key, Some(stretch)).await? else { return Ok(None) };
        let opening = Opening {
            inner: found.body,
            cipher: data_key.cipher(),
            waiting: BytesMut::new(),
            number: first,
            last: blocks - 1,
            until,
            skip: usize::try_from(range.start % length(BLOCK)).unwrap_or(0),
            wanted: range.end - range.start,
        };
        let body = try_unfold(opening, async |mut opening| Ok(opening.next().await?.map(|block| (block, opening))));
        Ok(Some(Found { size, range, body: body.boxed() }))
    }
}
