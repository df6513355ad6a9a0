//! The shop as it runs: everything that a request may need, in one place.

use crate::clock::Clock;
use crate::ids::{Chance, LineNames, Mint};
use crate::keys::used::Uses;
use crate::links::last_seen::{LastSeen, Moment};
use crate::links::visits::Visits;
use crate::pages::desk::BooksState;
use crate::people::network::{Answers, NewTabs};
use crate::problem::sparing::Sparing;
use crate::rails::Rails;
use crate::receipts::key::{self, ReceiptKey};
use crate::settings::Settings;
use crate::store::engine::{self, Writer};
use crate::store::{Store, StoreError, file, shop};
use crate::till::{Durable, Threads, Till, TillStore};
use crate::works::storage::{FileStore, Location, StorageError};
use ledger::Currency;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};

/// Newest files that are looked for before a shop is served.
pub const LOOKED_FOR: i64 = 5;

/// What every handler is given.
pub type Shared = Arc<App>;

/// The shop as it runs.
pub struct App {
    /// The settings.
    pub settings: Settings,
    /// What time it is.
    pub clock: Clock,
    /// Makes ids and secrets.
    pub mint: Mint,
    /// Names the lines that purchases become.
    pub line_names: LineNames,
    /// Where everything is kept.
    pub store: Store,
    /// Where files are kept.
    pub files: FileStore,
    /// The ways to settle that are turned on.
    pub rails: Rails,
    /// Wakes whoever asks about charges.
    pub to_ask: Notify,
    /// Wakes whoever sends letters.
    pub to_mail: Notify,
    /// Signs receipts.
    pub receipt_key: ReceiptKey,
    /// Counts visits until they are written.
    pub visits: Visits,
    /// What pages show to everybody, as it was last read.
    pub last_seen: LastSeen,
    /// Notes when keys are used until it is written.
    pub key_uses: Uses,
    /// Counts those who were turned away for want of time, for the log.
    pub turned_away: Sparing,
    /// Counts messages to rails that are not genuine, for the log.
    pub forged: Sparing,
    /// Counts new tabs by network.
    pub new_tabs: NewTabs,
    /// Counts answers to rails by network.
    pub answers: Answers,
    /// The last check of the books, since the shop opened.
    pub books: Mutex<Option<BooksState>>,
    /// Says when the shop closes, to answers that would go on for ever.
    closing: watch::Sender<bool>,
    /// The data folder.
    pub data: PathBuf,
}

/// Why a shop cannot open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder or something in it.
    #[error("{path}: {error}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file store.
    #[error("the file store: {0}")]
    Files(#[from] StorageError),
    /// None of the newest files that the books name is where the settings say.
    #[error(
        "none of the newest files of this shop is in {0}; is the setting `files` right? When a shop moves, its files go first: \
         docs/operating.md shows how. A shop that takes its files for lost would give every buyer their line back"
    )]
    FilesElsewhere(Location),
    /// The currency of the settings is not the one of the books.
    #[error(
        "the books are in {books}, and setting `shop.currency` says {settings}; the currency of a shop cannot change"
    )]
    Currency {
        /// Of the books.
        books: ledger::Currency,
        /// Of the settings.
        settings: ledger::Currency,
    },
    /// The key that signs receipts.
    #[error("the key that signs receipts cannot be read: {0}")]
    ReceiptKey(String),
}

/// A shop that runs, and its till's threads.
pub struct Running {
    /// The shop.
    pub app: Shared,
    /// They end when the last handle on the store is gone.
    pub till: Threads,
}

/// A shop that is founded.
struct Founded {
    was_there: bool,
    line_names: LineNames,
}

/// Founds the shop where it is not yet. Refuses books in another currency.
fn found(
    writer: &mut impl TillStore,
    currency: Currency,
    chance: &Chance,
    now: ledger::Timestamp,
) -> Result<Founded, OpenError> {
    let (mut before, mut books, mut key) = (None, None, chance.bytes());
    writer.write(Durable::AtOnce, &mut |db| {
        before = shop::currency(db)?;
        shop::found(db, currency, &key, now)?;
        books = shop::currency(db)?;
        key = shop::line_key(db)?;
        Ok(())
    })?;
    match books.filter(|books| *books != currency) {
        Some(books) => Err(OpenError::Currency { books, settings: currency }),
        None => Ok(Founded { was_there: before.is_some(), line_names: LineNames::new(&key) }),
    }
}

impl App {
    /// Makes a data folder, for its owner alone; one that is there is left as it is.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub fn make_folder(data: &Path) -> std::io::Result<()> {
        use std::os::unix::fs::DirBuilderExt as _;
        if data.is_dir() {
            return Ok(());
        }
        if let Some(parent) = data.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::DirBuilder::new().mode(0o700).create(data)
    }

    /// Opens the shop in the folder `data`; makes it when there is none.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(
        settings: Settings,
        data: &Path,
        clock: Clock,
        chance: Chance,
    ) -> Result<Running, OpenError> {
        Self::open_with(settings, data, clock, chance, Writer::and_others)
    }

    /// Like [`App::open`], with a till whose threads write to what `writers` makes of the store: tests put stores there that
    /// fail.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_with<S: TillStore>(
        settings: Settings,
        data: &Path,
        clock: Clock,
        chance: Chance,
        writers: impl FnOnce(Writer) -> Result<Vec<S>, StoreError>,
    ) -> Result<Running, OpenError> {
        let failed = |error| OpenError::Folder { path: data.to_owned(), error };
        Self::make_folder(data).map_err(failed)?;
        let (mut writer, readers) = engine::open(&settings.store, data, clock.now())?;
        let currency = settings.tariff.currency;
        let founded = found(&mut writer, currency, &chance, clock.now())?;
        if founded.was_there && !data.join(key::FILE_NAME).exists() {
            let lost = "the key that signs receipts is gone, and a new one is made; earlier receipts hold only under \
                the one that was published before: bring it back from a backup";
            tracing::warn!(lost);
        }
        let receipt_key = ReceiptKey::in_folder(data, &chance).map_err(OpenError::ReceiptKey)?;
        let files = FileStore::open(data.join("files"), &settings.files)?;
        let (till, threads) =
            Till::start(writers(writer)?, &settings.tariff, &clock).map_err(failed)?;
        readers.listen(till.herald());
        let store = Store::new(readers, till);
        let app = Self {
            mint: Mint::new(clock.clone(), chance),
            line_names: founded.line_names,
            files,
            rails: Rails::of(&settings, &clock, &receipt_key.secret_for("rails"))
                .and_own(&settings, &store, &clock),
            store,
            to_ask: Notify::new(),
            to_mail: Notify::new(),
            receipt_key,
            visits: Visits::default(),
            last_seen: LastSeen::default(),
            key_uses: Uses::default(),
            turned_away: Sparing::default(),
            forged: Sparing::default(),
            new_tabs: NewTabs::new(settings.new_tabs_per_hour),
            answers: Answers::default(),
            books: Mutex::default(),
            closing: watch::Sender::new(false),
            data: data.to_owned(),
            settings,
            clock,
        };
        Ok(Running { app: Arc::new(app), till: threads })
    }

    /// Refuses a bucket in which none of the newest files is. One that does not answer is no reason to stay closed.
    ///
    /// # Errors
    /// [`OpenError::FilesElsewhere`], or whatever the store says.
    pub async fn look_for_files(&self) -> Result<(), OpenError> {
        let newest = self.store.read(|db| file::newest_keys(db, LOOKED_FOR)).await?;
        match self.files.has_any(&newest).await {
            Ok(true) => Ok(()),
            Ok(false) if self.settings.files == Location::Folder => {
                tracing::warn!(
                    "none of the newest files is in the data folder; their buyers get their lines back"
                );
                Ok(())
            }
            Ok(false) => Err(OpenError::FilesElsewhere(self.settings.files.clone())),
            Err(error) => {
                tracing::warn!(%error, "the files cannot be reached now");
                Ok(())
            }
        }
    }

    /// Ends the answers that would go on for ever, so that the shop can close.
    pub fn close(&self) {
        self.closing.send_replace(true);
    }

    /// Becomes true when the shop closes.
    pub fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// What time it is.
    pub fn now(&self) -> ledger::Timestamp {
        self.clock.now()
    }

    /// The moment at which something is read from the store: to be asked for before.
    pub fn moment(&self) -> Moment {
        Moment { at: self.now(), generation: self.store.till().generation() }
    }

    /// The currency of the books.
    pub const fn currency(&self) -> ledger::Currency {
        self.settings.tariff.currency
    }

    /// Nothing, in the currency of the books.
    pub const fn nothing(&self) -> ledger::Money {
        ledger::Money::zero(self.currency())
    }

    /// Whether readers reach the shop over TLS, so that cookies are kept to it.
    pub fn is_secure(&self) -> bool {
        self.settings.url.starts_with("https://")
    }
}
