//! Whatever comes: no panic, and nothing that is no file is taken.

use std::sync::LazyLock;

use files::infrastructure::inspection::{look_through, words_of};
use proptest::prelude::*;

use crate::made::{doc, docx, gif, jpeg, packed_pdf, pdf, png, sample};

/// How the kinds begin, so that chance comes further than to the first byte.
const BEGINNINGS: [&[u8]; 9] = [
    b"",
    b"%PDF-1.7\n",
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x08\0\0\0\x08\x08\x02\0\0\0",
    b"GIF89a\x08\0\x08\0\x80\0\0",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"PK\x03\x04\x14\0\0\0\x08\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
];

static GOOD: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let samples = ["reportlab.pdf", "qpdf-object-streams.pdf", "gps.jpg", "moving.gif", "palette.png"].map(sample);
    [pdf(|_, _| ()), packed_pdf(|_, _| ()), png(), jpeg(), gif(), docx(&[]), doc(0, &[])]
        .into_iter()
        .chain(samples)
        .collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_are_refused(bytes in prop::collection::vec(any::<u8>(), 512..4096), begins in 0..BEGINNINGS.len()) {
        let content = [BEGINNINGS[begins], &bytes].concat();
        prop_assert!(look_through(&content).is_err());
        let _ = words_of(&content);
    }

    /// What was good before some bytes of it were changed is taken or refused, and what is kept of it is good.
    #[test]
    fn a_file_with_changed_bytes_makes_no_panic(
        which in 0..12_usize,
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
    ) {
        let mut content = GOOD[which].clone();
        for (at, byte) in changes {
            let at = at.index(content.len());
            content[at] = byte;
        }
        if let Ok(looked) = look_through(&content) {
            let _ = words_of(&content);
            if let Some(kept) = looked.rewritten {
                prop_assert_eq!(look_through(&kept).map(|looked| looked.kind), Ok(looked.kind));
            }
        }
    }
}
