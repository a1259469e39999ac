use super::*;

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

const PLACE: &str = "appointments.patient.name";

#[test]
fn what_is_sealed_opens_at_its_place_and_nowhere_else() {
    let (ring, row) = (Keyring::derived(&secret("a")), Uuid::now_v7());
    let sealed = ring.seal_text(PLACE, row, "Ada");
    assert_eq!(ring.open_text(PLACE, row, &sealed).as_deref(), Ok("Ada"));
    assert_ne!(ring.seal_text(PLACE, row, "Ada"), sealed);
    assert_eq!(ring.open(PLACE, Uuid::now_v7(), &sealed), Err(CannotOpen::Forged));
    assert_eq!(ring.open("appointments.patient.email", row, &sealed), Err(CannotOpen::Forged));
    assert_eq!(Keyring::derived(&secret("b")).open(PLACE, row, &sealed), Err(CannotOpen::Forged));
}

#[test]
fn a_changed_or_cut_value_does_not_open() {
    let (ring, row) = (Keyring::derived(&secret("a")), Uuid::now_v7());
    let sealed = ring.seal_text(PLACE, row, "Ada");
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert!(ring.open(PLACE, row, &changed).is_err(), "byte {at}");
        assert!(ring.open(PLACE, row, &sealed[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn a_new_key_seals_and_the_old_ones_still_open_also_in_other_processes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let ours = Keyring::new(&secret("a"), Some(file.clone())).unwrap();
    let theirs = Keyring::new(&secret("a"), Some(file.clone())).unwrap();
    let row = Uuid::now_v7();
    let first = ours.seal(PLACE, row, b"one");
    assert_eq!((ours.add().unwrap(), ours.add().unwrap(), ours.current()), (1, 2, 2));
    let second = ours.seal(PLACE, row, b"two");
    assert_eq!((key_of(&first), key_of(&second)), (Ok(0), Ok(2)));
    for ring in [&ours, &theirs, &Keyring::new(&secret("a"), Some(file)).unwrap()] {
        assert_eq!(ring.open(PLACE, row, &first).unwrap(), b"one");
        assert_eq!(ring.open(PLACE, row, &second).unwrap(), b"two");
    }
    assert_eq!(Keyring::derived(&secret("a")).open(PLACE, row, &second), Err(CannotOpen::UnknownKey(2)));
}

#[test]
fn another_process_seals_with_a_new_key_once_it_has_looked_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let ring = || Keyring::new(&secret("a"), Some(file.clone())).unwrap();
    let (ours, theirs) = (ring(), ring());
    assert!(!theirs.refresh().unwrap());
    ours.add().unwrap();
    assert_eq!(theirs.current(), 0);
    assert!(theirs.refresh().unwrap());
    assert_eq!((theirs.current(), theirs.refresh().unwrap()), (1, false));
    ours.add().unwrap();
    fs::write(&file, "nonsense").unwrap();
    assert!(theirs.refresh().is_err());
    assert_eq!(theirs.current(), 1, "what cannot be read changes nothing");
}

#[test]
fn a_key_that_seals_or_is_derived_is_not_forgotten_and_another_is_for_good() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    let ring = Keyring::new(&secret("a"), Some(file.clone())).unwrap();
    ring.add().unwrap();
    let row = Uuid::now_v7();
    let sealed = ring.seal(PLACE, row, b"one");
    assert!(ring.forget(1).is_err());
    ring.add().unwrap();
    assert!(ring.forget(0).is_err() && ring.forget(7).is_err());
    ring.forget(1).unwrap();
    assert_eq!(ring.open(PLACE, row, &sealed), Err(CannotOpen::UnknownKey(1)));
    assert_eq!((ring.numbers(), ring.add().unwrap()), (vec![0, 2], 3));
    assert_eq!(Keyring::new(&secret("a"), Some(file)).unwrap().numbers(), [0, 2, 3]);
}

#[test]
fn a_broken_key_file_is_refused_by_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys");
    fs::write(&file, "# fine\n1 nonsense\n").unwrap();
    let error = Keyring::new(&secret("a"), Some(file)).unwrap_err();
    assert!(error.to_string().contains("line 2") && !error.to_string().contains("nonsense"), "{error}");
}

#[test]
fn the_blind_index_knows_purpose_and_installation() {
    let ring = Keyring::derived(&secret("a"));
    assert_eq!(ring.blind("email", "ada@example.org"), ring.blind("email", "ada@example.org"));
    assert_ne!(ring.blind("email", "ada@example.org"), ring.blind("phone", "ada@example.org"));
    assert_ne!(ring.blind("email", "x"), Keyring::derived(&secret("b")).blind("email", "x"));
}
