//! Objects in a folder and on an S3 server: the same promises.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use actix_web::web::Bytes;
use futures_util::stream::{StreamExt as _, TryStreamExt as _, iter};
use kernel::{FailureKind, PortFailure};
use platform::crypto::{CannotOpen, Keyring};
use platform::storage::{BodyFault, DataKey, ObjectKey, PutError, S3Settings, Storage, StorageSettings};
use secrecy::SecretString;
use testkit::ObjectServer;
use uuid::Uuid;

fn key(text: &str) -> ObjectKey {
    text.parse().unwrap()
}

fn in_folder(folder: &tempfile::TempDir) -> Storage {
    Storage::open(&StorageSettings::Folder(folder.path().join("objects"))).unwrap()
}

fn settings(url: String, secret: &str) -> StorageSettings {
    StorageSettings::S3(S3Settings {
        bucket: ObjectServer::BUCKET.to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(url),
        credentials: Some((ObjectServer::ACCESS_KEY.to_owned(), SecretString::from(secret.to_owned()))),
    })
}

fn on_server(server: &ObjectServer) -> Storage {
    Storage::open(&settings(server.url(), ObjectServer::SECRET_KEY)).unwrap()
}

/// Bytes that are the same nowhere near each other.
fn content(length: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..length).map(|_| next()).collect()
}

fn pieces(content: &[u8], size: usize) -> Vec<Result<Bytes, BodyFault>> {
    content.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect()
}

async fn all(storage: &Storage, of: &str) -> Option<Bytes> {
    Some(storage.get(&key(of), None).await.unwrap()?.bytes().await.unwrap())
}

async fn keeps_its_promises(storage: &Storage) {
    assert!(all(storage, "a/b.txt").await.is_none() && storage.head(&key("a/b.txt")).await.unwrap().is_none());
    let stored = storage.put_bytes(&key("a/b.txt"), "0123456789").await.unwrap();
    // echo -n 0123456789 | sha256sum
    let sum = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";
    let written: String = stored.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!((stored.size, written.as_str()), (10, sum));
    assert_eq!(all(storage, "a/b.txt").await.unwrap(), "0123456789");

    for (asked, range, text) in
        [(2..5, 2..5, "234"), (8..99, 8..10, "89"), (10..11, 10..10, ""), (50..60, 10..10, ""), (3..3, 3..3, "")]
    {
        let found = storage.get(&key("a/b.txt"), Some(asked)).await.unwrap().unwrap();
        assert_eq!((found.size, found.range.clone()), (10, range));
        assert_eq!(found.bytes().await.unwrap(), text);
    }
    assert!(storage.get(&key("a/none"), Some(0..1)).await.unwrap().is_none());

    storage.put_bytes(&key("a/b.txt"), "second").await.unwrap();
    assert_eq!(all(storage, "a/b.txt").await.unwrap(), "second");
    storage.put_bytes(&key("a/empty"), "").await.unwrap();
    assert_eq!(all(storage, "a/empty").await.unwrap(), "");
    storage.put_bytes(&key("a/c/d"), "d").await.unwrap();
    storage.put_bytes(&key("ab"), "beside").await.unwrap();
    let listed: Vec<_> = storage.list(&key("a")).try_collect().await.unwrap();
    let names: BTreeSet<_> = listed.iter().map(|head| (head.key.as_str(), head.size)).collect();
    assert_eq!(names, BTreeSet::from([("a/b.txt", 6), ("a/c/d", 1), ("a/empty", 0)]));
    assert!(storage.list(&key("nothing")).next().await.is_none());

    storage.delete(&key("a/b.txt")).await.unwrap();
    assert!(all(storage, "a/b.txt").await.is_none());
    storage.delete(&key("a/b.txt")).await.unwrap();
    assert_eq!(all(storage, "a/c/d").await.unwrap(), "d");
}

async fn takes_long_bodies_and_none_that_breaks_off(storage: &Storage) {
    let long = content(17 * 1024 * 1024 + 3);
    let stored = storage.put(&key("long"), iter(pieces(&long, 1_000_003))).await.unwrap();
    assert_eq!(stored.size, u64::try_from(long.len()).unwrap());
    assert!(all(storage, "long").await.unwrap() == long, "another content comes back");
    let middle = storage.get(&key("long"), Some(9_000_000..9_000_100)).await.unwrap().unwrap().bytes().await.unwrap();
    assert!(middle == long[9_000_000..9_000_100]);

    for whole in [5, 12] {
        let broken = pieces(&long, 1024 * 1024).into_iter().take(whole).chain([Err("gone".into())]);
        let refused = storage.put(&key("broken"), iter(broken)).await;
        assert!(matches!(refused, Err(PutError::Body(_))), "{refused:?}");
        assert!(all(storage, "broken").await.is_none());
    }
}

#[tokio::test]
async fn a_folder_keeps_its_promises() {
    let folder = tempfile::tempdir().unwrap();
    keeps_its_promises(&in_folder(&folder)).await;
    takes_long_bodies_and_none_that_breaks_off(&in_folder(&folder)).await;
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::metadata(folder.path().join("objects")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_server_keeps_its_promises() {
    let server = ObjectServer::start();
    keeps_its_promises(&on_server(&server)).await;
    takes_long_bodies_and_none_that_breaks_off(&on_server(&server)).await;
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_their_secret_is_not_told() {
    let server = ObjectServer::start();
    let stranger = Storage::open(&settings(server.url(), "another secret")).unwrap();
    on_server(&server).put_bytes(&key("a"), "mine").await.unwrap();
    let refusals = [
        stranger.put_bytes(&key("b"), "theirs").await.map(|_| ()),
        stranger.get(&key("a"), None).await.map(|_| ()),
        stranger.head(&key("a")).await.map(|_| ()),
        stranger.delete(&key("a")).await,
        stranger.list(&key("a")).next().await.unwrap().map(|_| ()),
    ];
    for refused in refusals {
        let failure: PortFailure = refused.unwrap_err();
        assert_eq!(failure.kind(), FailureKind::Unavailable);
        let said = std::error::Error::source(&failure).unwrap().to_string();
        assert!(!said.contains("another secret"), "{said}");
    }
    assert_eq!(all(&on_server(&server), "a").await.unwrap(), "mine");
    assert!(!server.bucket().join("b").exists());
    assert!(!format!("{:?}", settings(server.url(), "another secret")).contains("another secret"));
}

#[tokio::test]
async fn a_server_that_is_away_is_a_failure_that_passes() {
    let mut server = ObjectServer::start();
    let storage = on_server(&server);
    storage.put_bytes(&key("a"), "kept").await.unwrap();
    server.stop();
    let failure = storage.put_bytes(&key("a"), "lost").await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Unavailable);
    server.start_again();
    assert_eq!(all(&storage, "a").await.unwrap(), "kept");
    storage.put_bytes(&key("a"), "newer").await.unwrap();
    assert_eq!(all(&storage, "a").await.unwrap(), "newer");
}

#[tokio::test]
async fn a_server_is_asked_to_encrypt_what_it_writes() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let heard = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let (mut head, mut byte) = (Vec::new(), [0]);
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 0\r\n\r\n").unwrap();
        String::from_utf8(head).unwrap()
    });
    let storage = Storage::open(&settings(url, "a secret key")).unwrap();
    storage.put_bytes(&key("reports/one.pdf"), "x").await.unwrap();
    let head = heard.join().unwrap();
    assert!(head.starts_with("PUT /doktolib-tests/reports/one.pdf HTTP/1.1\r\n"), "{head}");
    assert!(head.contains("x-amz-server-side-encryption: AES256\r\n"), "{head}");
    assert!(head.contains("AWS4-HMAC-SHA256") && !head.contains("a secret key"), "{head}");
}

#[tokio::test]
async fn sealed_content_comes_back_from_any_place_and_is_nowhere_in_the_clear() {
    const BLOCK: usize = 64 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let storage = in_folder(&folder);
    for length in [0, 1, 33, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 * BLOCK + 777] {
        let (plain, data_key) = (content(length), DataKey::mint());
        let stored = storage.put_sealed(&key("sealed"), &data_key, iter(pieces(&plain, 10_007))).await.unwrap();
        assert_eq!(stored, storage.put_bytes(&key("clear"), plain.clone()).await.unwrap(), "{length}");
        let there = all(&storage, "sealed").await.unwrap();
        assert_eq!(there.len(), length + 16 * length.div_ceil(BLOCK).max(1), "{length}");
        assert!(length < 33 || !there.windows(33).any(|window| window == &plain[..33]), "{length} lies in the clear");
        let whole = storage.get_sealed(&key("sealed"), &data_key, None).await.unwrap().unwrap();
        assert_eq!(whole.size, stored.size);
        assert!(whole.bytes().await.unwrap() == plain, "{length}");
        for (from, to) in [(0, 1), (BLOCK - 3, BLOCK + 3), (BLOCK, 2 * BLOCK), (100, 3 * BLOCK), (5, 9_000_000)] {
            let asked = u64::try_from(from).unwrap()..u64::try_from(to).unwrap();
            let found = storage.get_sealed(&key("sealed"), &data_key, Some(asked)).await.unwrap().unwrap();
            let expected = &plain[from.min(length)..to.min(length)];
            assert!(found.bytes().await.unwrap() == expected, "{length}: {from}..{to}");
        }
    }
}

#[tokio::test]
async fn sealed_content_that_was_changed_swapped_or_cut_off_does_not_open() {
    const SEALED: usize = 64 * 1024 + 16;
    let folder = tempfile::tempdir().unwrap();
    let (storage, data_key) = (in_folder(&folder), DataKey::mint());
    let plain = content(150_000);
    storage.put_sealed(&key("a"), &data_key, iter(pieces(&plain, 4096))).await.unwrap();
    let sealed = all(&storage, "a").await.unwrap().to_vec();
    let swapped = [&sealed[SEALED..2 * SEALED], &sealed[..SEALED], &sealed[2 * SEALED..]].concat();
    let mut changed = sealed.clone();
    changed[70_000] ^= 1;
    for (what, bad) in [
        ("changed", changed),
        ("swapped", swapped),
        ("cut off at a block", sealed[..2 * SEALED].to_vec()),
        ("cut off", sealed[..2 * SEALED + 5].to_vec()),
        ("longer", [&sealed[..], &sealed[..SEALED]].concat()),
        ("emptied", Vec::new()),
    ] {
        storage.put_bytes(&key("a"), bad).await.unwrap();
        let opened = match storage.get_sealed(&key("a"), &data_key, None).await {
            Ok(found) => found.unwrap().bytes().await,
            Err(failure) => Err(failure),
        };
        assert!(opened.is_err(), "{what} opens");
    }
    storage.put_bytes(&key("a"), sealed).await.unwrap();
    let other = storage.get_sealed(&key("a"), &DataKey::mint(), None).await.unwrap().unwrap();
    assert!(other.bytes().await.is_err(), "another key opens it");

    let keys = Keyring::derived(&SecretString::from("a secret of the tests, longer than 32 characters".to_owned()));
    let (row, place) = (Uuid::now_v7(), "files.file.data_key");
    let wrapped = data_key.wrapped(&keys, place, row);
    let unwrapped = DataKey::unwrapped(&keys, place, row, &wrapped).unwrap();
    let found = storage.get_sealed(&key("a"), &unwrapped, None).await.unwrap().unwrap();
    assert!(found.bytes().await.unwrap() == plain);
    assert_eq!(DataKey::unwrapped(&keys, place, Uuid::now_v7(), &wrapped).unwrap_err(), CannotOpen::Forged);
}
