//! [`TestApp`]: the real shop in a folder of its own, and [`Browser`]: somebody who uses it.

use crate::engine::{OwnServer, PrivateDatabase, Relay};
use ardoise::app::{App, Running, Shared};
use ardoise::clock::Clock;
use ardoise::ids::Chance;
use ardoise::rails::port::Rail;
use ardoise::request::Claim;
use ardoise::routes;
use ardoise::settings::Values;
use ardoise::store::StoreError;
use ardoise::store::engine::Writer;
use ardoise::store::link::Link;
use ardoise::store::people::Role;
use ardoise::store::work::{Kind, State, Work};
use ardoise::store::{gains, link, work};
use ardoise::till::TillStore;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, Response, StatusCode, header};
use ledger::receipts::version_digest;
use ledger::{AuthorId, Money, Price, SessionId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use tempfile::TempDir;
use tower::ServiceExt as _;

/// 22 November 2026, noon.
const NOON: i64 = 1_795_348_800_000_000;

/// The real shop, on a private store, with a clock that is moved by hand. Dropping it asserts that the books balance and
/// that the outbox is empty.
pub struct TestApp {
    pub app: Shared,
    pub clock: Clock,
    router: Router,
    pub folder: Arc<TempDir>,
    // Dropped last: nobody uses it any more.
    database: Option<Arc<PrivateDatabase>>,
}

impl TestApp {
    pub fn open() -> Self {
        Self::with(&[])
    }

    /// A shop with some settings.
    pub fn with(settings: &[(&str, &str)]) -> Self {
        Self::in_database(PrivateDatabase::with_a_store(), settings, Writer::and_others)
    }

    /// A shop with some settings, and something between its till, which has one thread, and its store.
    pub fn on<S: TillStore>(settings: &[(&str, &str)], between: impl FnOnce(Writer) -> S) -> Self {
        Self::in_database(PrivateDatabase::with_a_store(), settings, |writer| {
            Ok(vec![between(writer)])
        })
    }

    /// A shop whose books are in its folder, whatever store the stories are told about.
    pub fn embedded() -> Self {
        Self::in_database(None, &[], Writer::and_others)
    }

    fn in_database<S: TillStore>(
        database: Option<PrivateDatabase>,
        settings: &[(&str, &str)],
        writers: impl FnOnce(Writer) -> Result<Vec<S>, StoreError>,
    ) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let clock = Clock::standing_at(Timestamp::from_micros(NOON));
        let place = (folder, database.map(Arc::new));
        Self::at(place, clock, Chance::seeded(7), settings, writers)
    }

    /// A shop with its server behind a relay; none where the stories are told of no server.
    pub fn behind_a_relay() -> Option<(Self, Relay)> {
        let database = PrivateDatabase::with_a_store()?;
        let relay = database.relay();
        let store = database.url_behind(&relay);
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let clock = Clock::standing_at(Timestamp::from_micros(NOON));
        let place = (folder, Some(Arc::new(database)));
        let shop =
            Self::at(place, clock, Chance::seeded(7), &[("store", &store)], Writer::and_others);
        Some((shop, relay))
    }

    /// A shop on a server of its own.
    pub fn on_own(server: &OwnServer) -> Self {
        Self::in_store(server.database())
    }

    /// A shop whose books are in this database, which holds an empty store.
    pub fn in_store(database: PrivateDatabase) -> Self {
        Self::in_database(Some(database), &[], Writer::and_others)
    }

    /// The same shop with one more rail.
    #[must_use]
    pub fn with_rail(mut self, rail: impl Rail + 'static) -> Self {
        // The router holds the shop as well, and is made anew.
        self.router = Router::new();
        let app = Arc::get_mut(&mut self.app).expect("nobody else has the shop yet");
        app.rails.add(Arc::new(rail));
        self.router = routes::router(self.app.clone());
        self
    }

    /// The database of the story.
    pub fn database(&self) -> &PrivateDatabase {
        self.database.as_deref().expect("the books are on a server")
    }

    /// Another process of the same shop: it has the same store and folder.
    pub fn beside(&self) -> Self {
        self.beside_with(&[])
    }

    /// The same with settings, which the first process should have, too.
    pub fn beside_with(&self, settings: &[(&str, &str)]) -> Self {
        let place = (Arc::clone(&self.folder), self.database.clone());
        Self::at(place, self.clock.clone(), Chance::seeded(8), settings, Writer::and_others)
    }

    /// Whether the books are on a server, where several processes write at the same time.
    pub const fn is_on_a_server(&self) -> bool {
        self.database.is_some()
    }

    fn at<S: TillStore>(
        (folder, database): (Arc<TempDir>, Option<Arc<PrivateDatabase>>),
        clock: Clock,
        chance: Chance,
        settings: &[(&str, &str)],
        writers: impl FnOnce(Writer) -> Result<Vec<S>, StoreError>,
    ) -> Self {
        let mut values = Values::default();
        if let Some(database) = &database {
            values.set("test", "store", database.url()).expect("a known setting");
        }
        for (key, value) in settings {
            values.set("test", key, (*value).to_owned()).expect("a known setting");
        }
        let settings = values.check().expect("sound settings");
        let opened = App::open_with(settings, folder.path(), clock.clone(), chance, writers);
        let Running { app, .. } = opened.expect("opens");
        let router = routes::router(app.clone());
        Self { app, clock, router, folder, database }
    }

    pub fn pass_seconds(&self, seconds: i64) {
        let micros = self.clock.now().micros() + seconds * ledger::time::MICROS_PER_SECOND;
        self.clock.set(Timestamp::from_micros(micros));
    }

    pub fn pass_minutes(&self, minutes: i64) {
        self.clock.set(self.clock.now().plus_minutes(minutes));
    }

    pub fn pass_days(&self, days: i64) {
        self.clock.set(self.clock.now().plus_days(days));
    }

    /// Somebody with no cookies who takes HTML in English.
    pub fn browser(&self) -> Browser<'_> {
        Browser { app: self, cookies: BTreeMap::new(), html: true, language: "en" }
    }

    /// A program with no cookies.
    pub fn program(&self) -> Browser<'_> {
        Browser { html: false, ..self.browser() }
    }

    /// Ada, who sells: her id, and her browser, signed in.
    pub async fn ada(&self) -> (AuthorId, Browser<'_>) {
        self.author("Ada").await
    }

    /// Somebody who sells: their id, and their browser, signed in.
    pub async fn author(&self, name: &str) -> (AuthorId, Browser<'_>) {
        let (author, link) =
            ardoise::people::invite_author(&self.app, name).await.expect("invited");
        (author, self.enter(&link, &[("name", name)]).await)
    }

    /// Olu, who operates: their browser, signed in.
    pub async fn olu(&self) -> Browser<'_> {
        let link = ardoise::people::invite(&self.app, Role::Operator).await.expect("invited");
        self.enter(&link, &[]).await
    }

    async fn enter(&self, link: &str, fields: &[(&str, &str)]) -> Browser<'_> {
        let mut browser = self.browser();
        let path = link.strip_prefix(&self.app.settings.url).expect("a link of the shop");
        let welcomed = browser.post(path, fields).await;
        assert_eq!(welcomed.status, StatusCode::SEE_OTHER);
        assert!(Claim::<SessionId>::read(&browser.cookies["ardoise_session"]).is_some());
        browser
    }

    /// A published article of `author` for so many cents; answers its slug.
    pub async fn article(&self, author: AuthorId, title: &str, cents: i64) -> String {
        let price = Money::from_cents(cents, self.app.currency()).expect("a price");
        let price = if cents == 0 { Price::Free } else { Price::Fixed(price) };
        self.article_for(author, title, price).await
    }

    /// A published article of `author` at some price; answers its slug.
    pub async fn article_for(&self, author: AuthorId, title: &str, price: Price) -> String {
        let now = self.app.now();
        let mint = &self.app.mint;
        let made = Work {
            id: mint.id(),
            author,
            author_name: "Ada".into(),
            kind: Kind::Article,
            state: State::Published,
            digest: version_digest(title, &[]),
            title: title.into(),
            description: String::new(),
            price,
            vat_class: "standard".into(),
            version: 1,
            cover_key: None,
            created_at: now,
            updated_at: now,
            published_at: Some(now),
        };
        let slug = mint.slug();
        let way = Link {
            id: mint.id(),
            work: made.id,
            slug: slug.clone(),
            label: String::new(),
            created_at: now,
        };
        let text = "word ".repeat(400);
        let written = self.app.store.write(move |db| {
            work::insert(db, &made)?;
            work::keep_version(db, &made, &[], now)?;
            work::write_article(db, made.id, &text)?;
            link::insert(db, &way)
        });
        written.await.expect("written");
        slug
    }
}

impl TestApp {
    /// Where a finished file stands, when files are kept in the folder.
    pub fn file_path(&self, key: &str) -> std::path::PathBuf {
        self.folder.path().join("files").join(ardoise::works::storage::place(key))
    }

    /// The shop's router, for those who bring connections of their own.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// Ends a story whose till has stopped: there is nobody left who could check the books.
    pub fn with_a_dead_till(self) {
        assert!(!self.app.store.till().is_open(), "the till is alive");
        let Self { folder, .. } = &self;
        std::fs::remove_dir_all(folder.path()).expect("removed");
        std::mem::forget(self);
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        // A story that failed has said why; what it left behind would only hide that.
        if std::thread::panicking() {
            return;
        }
        let app = self.app.clone();
        // The story's own runtime cannot wait for itself, so another thread brings one.
        let closed = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(leaves_nothing_behind(&app));
        });
        if let Err(panic) = closed.join() {
            std::panic::resume_unwind(panic);
        }
    }
}

/// Asserts that the books balance, row by row, and that everybody has read the outbox to its end.
async fn leaves_nothing_behind(app: &App) {
    let books = ardoise::desk::check_books(app).await.expect("the books can be read");
    assert!(books.balanced, "the books do not balance: {:#?}", books.findings);
    let waiting = app.store.read(gains::outbox_length).await.expect("the outbox can be read");
    assert_eq!(waiting, 0, "rows of the outbox that nobody has read");
}

/// Somebody who uses the shop, with their cookies.
#[derive(Clone)]
pub struct Browser<'a> {
    app: &'a TestApp,
    pub cookies: BTreeMap<String, String>,
    pub html: bool,
    pub language: &'static str,
}

/// The button of a work's page: pressed again, it is the same purchase.
pub struct Button {
    path: String,
    fields: Vec<(&'static str, String)>,
}

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub fn location(&self) -> String {
        self.headers[header::LOCATION].to_str().expect("a path").to_owned()
    }

    /// The value of a hidden field of the first form that has it.
    pub fn hidden(&self, name: &str) -> String {
        let text = self.text();
        let start = format!("name=\"{name}\" value=\"");
        let rest = text.split(&start).nth(1).unwrap_or_else(|| panic!("no field {name} in {text}"));
        rest.split('"').next().expect("a value").to_owned()
    }
}

impl Browser<'_> {
    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).expect("a request")).await
    }

    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let pairs =
            fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
        let body = pairs.collect::<Vec<_>>().join("&");
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("sec-fetch-site", "same-origin")
            .body(Body::from(body));
        self.send(request.expect("a request")).await
    }

    /// Sends a request with the cookies, and keeps those that come back.
    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let (parts, body) = self.begin(request).await.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a body").to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Like [`Browser::send`], for answers that may go on for ever.
    pub async fn begin(&mut self, mut request: Request<Body>) -> Response<Body> {
        let headers = request.headers_mut();
        let accept = if self.html { "text/html,*/*;q=0.8" } else { "application/json" };
        headers.entry(header::ACCEPT).or_insert(accept.parse().expect("a header"));
        headers.insert(header::ACCEPT_LANGUAGE, self.language.parse().expect("a header"));
        if !self.cookies.is_empty() {
            let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
            let line = pairs.collect::<Vec<_>>().join("; ");
            headers.insert(header::COOKIE, line.parse().expect("a header"));
        }
        let response = self.app.router.clone().oneshot(request).await.expect("infallible");
        for line in response.headers().get_all(header::SET_COOKIE) {
            let pair = line.to_str().expect("text").split(';').next().expect("a pair");
            let (name, value) = pair.split_once('=').expect("a pair");
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        response
    }

    /// Opens a work's page and taps its button; answers what the tap answered.
    pub async fn tap(&mut self, slug: &str) -> Answer {
        let button = self.button(slug).await;
        self.press(&button).await
    }

    /// Opens a work's page; answers its button.
    pub async fn button(&mut self, slug: &str) -> Button {
        let was = std::mem::replace(&mut self.html, true);
        let page = self.get(&format!("/l/{slug}")).await;
        self.html = was;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        let mut fields =
            vec![("purchase", page.hidden("purchase")), ("price", page.hidden("price"))];
        if !self.cookies.contains_key("ardoise_tab") {
            fields.push(("device", page.hidden("device")));
        }
        if page.text().contains("name=\"via\"") {
            fields.push(("via", page.hidden("via")));
        }
        Button { path: format!("/l/{slug}/buy"), fields }
    }

    /// Presses a button, perhaps not for the first time.
    pub async fn press(&mut self, button: &Button) -> Answer {
        let fields: Vec<(&str, &str)> =
            button.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post(&button.path, &fields).await
    }
}

/// Buys a work of 0.20 under this id.
pub async fn buy(ben: &mut Browser<'_>, slug: &str, purchase: &str) -> Answer {
    ben.post(&format!("/l/{slug}/buy"), &[("purchase", purchase), ("price", "0.20")]).await
}

/// Ben, whose tab has one line of 0.20, and the slug of what he has not bought.
pub async fn ben_and_a_work(shop: &TestApp) -> (Browser<'_>, String) {
    let (ada, _) = shop.ada().await;
    let mut ben = shop.program();
    let first = shop.article(ada, "Night bus", 20).await;
    assert_eq!(ben.tap(&first).await.json()["total"]["amount"], "0.200000");
    (ben, shop.article(ada, "Tides", 20).await)
}
