//! The shop as it runs: everything that a request may need, in one place.

use crate::clock::Clock;
use crate::ids::{Chance, Mint};
use crate::links::visits::Visits;
use crate::pages::desk::BooksState;
use crate::people::network::NewTabs;
use crate::settings::Settings;
use crate::store::{Readers, Store, StoreError, postgres, shop, sqlite};
use crate::tabs::receipts::ReceiptKey;
use crate::till::{Durable, Till, TillStore};
use crate::works::storage::{FileStore, StorageError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use ledger::Currency;
use tokio::sync::watch;

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
    /// Where everything is kept.
    pub store: Store,
    /// Where files are kept.
    pub files: FileStore,
    /// Signs receipts.
    pub receipt_key: ReceiptKey,
    /// Counts visits until they are written.
    pub visits: Visits,
    /// Counts new tabs by network.
    pub new_tabs: NewTabs,
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

/// A shop that runs, and its till's thread.
pub struct Running {
    /// The shop.
    pub app: Shared,
    /// Ends when the last handle on the store is gone.
    pub till: JoinHandle<()>,
}

/// Founds the shop where it is not yet; refuses books in another currency.
fn found(
    writer: &mut impl TillStore,
    currency: Currency,
    now: ledger::Timestamp,
) -> Result<(), OpenError> {
    let mut founded = None;
    writer.write(Durable::AtOnce, &mut |db| {
        shop::found(db, currency, now)?;
        founded = shop::currency(db)?;
        Ok(())
    })?;
    match founded.filter(|books| *books != currency) {
        Some(books) => Err(OpenError::Currency { books, settings: currency }),
        None => Ok(()),
    }
}

impl App {
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
        let failed = |error| OpenError::Folder { path: data.to_owned(), error };
        std::fs::create_dir_all(data).map_err(failed)?;
        let server = match settings.store.as_str() {
            "" => None,
            address => Some(postgres::Server::at(address)?),
        };
        match server {
            None => {
                let writer = sqlite::batch::Writer::new(sqlite::open_writer(data, clock.now())?);
                let readers = || Ok(Readers::Sqlite(sqlite::Readers::open(data)?));
                Self::open_on(writer, readers, settings, data, clock, chance)
            }
            Some(server) => {
                server.migrate(clock.now())?;
                let writer = postgres::batch::Writer::open(server.clone())?;
                let readers = || Ok(Readers::Postgres(postgres::Readers::open(server)?));
                Self::open_on(writer, readers, settings, data, clock, chance)
            }
        }
    }

    fn open_on(
        mut writer: impl TillStore,
        readers: impl FnOnce() -> Result<Readers, StoreError>,
        settings: Settings,
        data: &Path,
        clock: Clock,
        chance: Chance,
    ) -> Result<Running, OpenError> {
        let failed = |error| OpenError::Folder { path: data.to_owned(), error };
        found(&mut writer, settings.tariff.currency, clock.now())?;
        let receipt_key = ReceiptKey::in_folder(data, &chance).map_err(OpenError::ReceiptKey)?;
        let files = FileStore::open(data.join("files"))?;
        let readers = readers()?;
        let (till, thread) =
            Till::start(writer, settings.tariff.clone(), clock.clone()).map_err(failed)?;
        let app = Self {
            mint: Mint::new(clock.clone(), chance),
            store: Store::new(readers, till),
            files,
            receipt_key,
            visits: Visits::default(),
            new_tabs: NewTabs::new(settings.new_tabs_per_hour),
            books: Mutex::default(),
            closing: watch::Sender::new(false),
            data: data.to_owned(),
            settings,
            clock,
        };
        Ok(Running { app: Arc::new(app), till: thread })
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
