//! Files of patients.

use std::sync::Arc;

use ::files::application::{
    AddVersion, ChangeFile, FileInspector, ForgetPatient, JudgeQuarantined, PurgeFiles, ReadFiles, ReadVersionText,
    TakeIn, TextReader, UploadFiles, VirusScanner,
};
use ::files::infrastructure::http::{FileLinks, FilesApi};
use ::files::infrastructure::jobs::{PurgeTask, ReadTextTask, RescanTask, SweepTask};
use ::files::infrastructure::{
    Erasures, FileCopies, InspectedInTurns, PgFiles, ScannedInTurns, Spool, StoredContents, Sweep,
};
use platform::idempotency::Answers;
use platform::jobs::Task;
use platform::outbox::Subscriber;
use platform::storage::Storage;

use super::Base;
use super::appointments::Appointments;
use crate::neighbours::{AppointmentsForFiles, FilesForAuth};

/// How files that are handed in are looked through and kept.
#[derive(Clone)]
pub struct Handling {
    /// Where they lie meanwhile.
    pub spool: Spool,
    /// Tells what they are.
    pub inspector: Arc<dyn FileInspector>,
    /// Looks for viruses; nobody does where that is switched off.
    pub scanner: Option<Arc<dyn VirusScanner>>,
    /// Reads their text.
    pub reader: Arc<dyn TextReader>,
    /// Years for which deleted ones are kept.
    pub retention_years: i16,
}

/// The API of files, and what is done with them in the background.
pub(super) struct Files {
    pub(super) api: FilesApi,
    pub(super) tasks: Vec<Arc<dyn Task>>,
    /// Hears of patients who were erased.
    pub(super) listener: Arc<dyn Subscriber>,
    /// For a copy of what is stored about people.
    pub(super) copies: Arc<FilesForAuth>,
}

pub(super) fn files(base: &Base, appointments: &Appointments, storage: &Storage, handling: Handling) -> Files {
    let Base { pool, journal, keys, clock, secret, public_url, .. } = base;
    let Handling { spool, inspector, scanner, reader, retention_years } = handling;
    let rows = PgFiles::new(pool.clone(), journal.clone(), keys.clone());
    let store = Arc::new(rows.clone());
    let contents = StoredContents::new(storage.clone(), keys.clone(), spool);
    let kept = Arc::new(contents.clone());
    let patients = Arc::new(AppointmentsForFiles {
        policy: appointments.policy.clone(),
        watch: appointments.watch.clone(),
        patients: appointments.patients.clone(),
    });
    let take_in = TakeIn {
        inspector: Arc::new(InspectedInTurns::new(inspector)),
        scanner: scanner.map(|scanner| Arc::new(ScannedInTurns::new(scanner)) as Arc<dyn VirusScanner>),
        contents: kept.clone(),
        clock: clock.clone(),
    };
    let read_text = ReadVersionText {
        store: store.clone(),
        upkeep: store.clone(),
        contents: kept.clone(),
        reader,
        clock: clock.clone(),
    };
    let judge = JudgeQuarantined { upkeep: store.clone(), take_in: take_in.clone() };
    let sweep = Sweep { pool: pool.clone(), storage: storage.clone() };
    let purge = PurgeFiles { upkeep: store.clone(), contents: kept, clock: clock.clone(), retention_years };
    let tasks: Vec<Arc<dyn Task>> = vec![
        Arc::new(ReadTextTask { read: read_text }),
        Arc::new(RescanTask { judge }),
        Arc::new(SweepTask { sweep, clock: clock.clone() }),
        Arc::new(PurgeTask { purge }),
    ];
    let forget = ForgetPatient { upkeep: store.clone(), clock: clock.clone() };
    let copies = FileCopies { files: rows, contents: contents.clone() };
    let copies = Arc::new(FilesForAuth { copies, patients: appointments.records.clone() });
    let api = FilesApi {
        upload: UploadFiles { patients: patients.clone(), take_in: take_in.clone(), store: store.clone() },
        add_version: AddVersion { patients: patients.clone(), take_in, store: store.clone() },
        read: ReadFiles { patients: patients.clone(), store: store.clone(), clock: clock.clone() },
        change: ChangeFile { patients, store, clock: clock.clone() },
        contents,
        links: FileLinks::new(secret, public_url),
        answers: Answers::new(pool.clone(), keys.clone()),
        clock: clock.clone(),
    };
    Files { api, tasks, listener: Arc::new(Erasures { forget }), copies }
}
