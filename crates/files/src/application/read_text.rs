use std::sync::Arc;

use kernel::{Actor, Clock, PortFailure, Recorded};

use super::inspection_ports::TextReader;
use super::ports::{Contents, FileStore, FileUpkeep};
use crate::domain::{FileEvent, VersionId, VersionState};

/// So many octets of a text are kept: more than a hundred pages.
const MOST_TEXT: usize = 256 * 1024;

/// Reads what stands in a version, so that it is found by it.
///
/// Done twice, it finds the same.
pub struct ReadVersionText {
    /// Where files are found.
    pub store: Arc<dyn FileStore>,
    /// Where what was read goes.
    pub upkeep: Arc<dyn FileUpkeep>,
    /// Where contents are.
    pub contents: Arc<dyn Contents>,
    /// Reads.
    pub reader: Arc<dyn TextReader>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReadVersionText {
    /// Reads the version; `false` when there is nothing to read, or nobody here can.
    ///
    /// # Errors
    /// When a port fails; it can be tried again.
    pub async fn run(&self, id: VersionId) -> Result<bool, PortFailure> {
        let Some(file) = self.store.find_by_version(id).await? else { return Ok(false) };
        if file.newest.state != VersionState::Available {
            return Ok(false);
        }
        let Some(spooled) = self.contents.fetch(&file.newest).await? else { return Ok(false) };
        let Some(read) = self.reader.read(spooled.path(), file.newest.kind).await? else { return Ok(false) };
        drop(spooled);
        let event =
            FileEvent::Read { file_id: file.id, version_id: id, patient_id: file.patient, clinic_id: file.clinic };
        let recorded = Recorded::new(event, Actor::System, self.clock.now());
        let mut text = read.text;
        text.truncate(text.floor_char_boundary(MOST_TEXT));
        text.shrink_to_fit();
        let category = file.category_by(&text);
        self.upkeep.keep_text(&file, text, &read.dates, category, &recorded).await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use kernel::StoppedClock;

    use super::super::inspection_ports::{MockTextReader, ReadText};
    use super::super::ports::{MockContents, MockFileStore, MockFileUpkeep, Spooled};
    use super::*;
    use crate::domain::test_data::{file, version};
    use crate::domain::{Category, File, FileName, Version};

    struct There;

    impl Spooled for There {
        fn path(&self) -> &Path {
            Path::new("/spool/0")
        }
    }

    fn use_case(state: VersionState, text: Option<&str>, upkeep: MockFileUpkeep) -> ReadVersionText {
        let mut store = MockFileStore::new();
        let name = FileName::kept("scan.pdf".to_owned());
        let found = File { category: Category::Other, newest: Version { state, name, ..version() }, ..file() };
        store.expect_find_by_version().returning(move |_| Ok(Some(found.clone())));
        let mut contents = MockContents::new();
        contents.expect_fetch().returning(|_| Ok(Some(Box::new(There))));
        let (mut reader, text) = (MockTextReader::new(), text.map(str::to_owned));
        reader.expect_read().returning(move |_, _| Ok(text.clone().map(|text| ReadText { text, dates: Vec::new() })));
        ReadVersionText {
            store: Arc::new(store),
            upkeep: Arc::new(upkeep),
            contents: Arc::new(contents),
            reader: Arc::new(reader),
            clock: Arc::new(StoppedClock::at("2027-03-01T12:00:00Z".parse().unwrap())),
        }
    }

    #[tokio::test]
    async fn what_a_text_tells_of_the_category_is_kept_with_it() {
        let mut upkeep = MockFileUpkeep::new();
        upkeep
            .expect_keep_text()
            .once()
            .withf(|_, text, _, category, _| text.starts_with("glucose") && *category == Category::LabResults)
            .returning(|_, _, _, _, _| Ok(true));
        let read = use_case(VersionState::Available, Some("glucose and cholesterol"), upkeep);
        assert!(read.run(VersionId::mint()).await.unwrap());
    }

    #[tokio::test]
    async fn a_long_text_is_cut_between_letters() {
        let mut upkeep = MockFileUpkeep::new();
        upkeep
            .expect_keep_text()
            .once()
            .withf(|_, text, _, _, _| text.len() == MOST_TEXT - 1 && text.ends_with('\u{20ac}'))
            .returning(|_, _, _, _, _| Ok(true));
        let read = use_case(VersionState::Available, Some(&"\u{20ac}".repeat(MOST_TEXT)), upkeep);
        assert!(read.run(VersionId::mint()).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_quarantined_or_cannot_be_read_here_keeps_no_text() {
        for (state, text) in [(VersionState::Quarantined, Some("words")), (VersionState::Available, None)] {
            let mut upkeep = MockFileUpkeep::new();
            upkeep.expect_keep_text().never();
            assert!(!use_case(state, text, upkeep).run(VersionId::mint()).await.unwrap());
        }
    }
}
