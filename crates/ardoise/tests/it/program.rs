//! [`Program`]: the real program in a folder of its own, [`Serving`]: one that serves, and [`Reader`]: somebody who
//! reads there, over real connections.

use crate::engine::PrivateDatabase;
use crate::forms::Form;
use ardoise::store::postgres::Server;
use ardoise::store::sqlite::FILE_NAME;
use ardoise::store::{Address, Db as _};
use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// The program, started in a folder of its own; the shop's data is in `data` there.
pub struct Program {
    pub folder: TempDir,
    database: Option<PrivateDatabase>,
}

/// What a command came to.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// What it printed; it must have gone well.
    pub fn well(self) -> String {
        assert_eq!(self.code, 0, "{self:#?}");
        self.out
    }

    /// Why it refused; it must have refused with this code.
    pub fn refused(self, code: i32) -> String {
        assert_eq!(self.code, code, "{self:#?}");
        self.err
    }
}

impl Program {
    pub fn new() -> Self {
        Self { database: PrivateDatabase::where_wanted(), ..Self::embedded() }
    }

    /// One whose books are in the data folder, whatever store the stories are told about.
    pub fn embedded() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), database: None }
    }

    /// Where its books are kept.
    pub fn store(&self) -> Address {
        self.database.as_ref().map_or(Address::Folder, |database| Address::Server(database.url()))
    }

    /// What its environment says.
    pub fn environment(&self) -> Vec<(String, String)> {
        let store = self.database.as_ref().map(|database| ("ARDOISE_STORE".into(), database.url()));
        store.into_iter().collect()
    }

    /// Changes the store behind the program's back.
    pub fn meddle(&self, sql: &'static str) {
        let changed = match self.store() {
            Address::Folder => {
                let store = Connection::open(self.path("data").join(FILE_NAME)).expect("a store");
                store.execute(sql, []).map_err(|error| error.to_string())
            }
            Address::Server(url) => {
                let server = Server::at(&url).expect("an address");
                let store = server.connect().expect("a server");
                store.execute(sql, &[]).map_err(|error| error.to_string())
            }
        };
        assert_eq!(changed, Ok(1), "{sql}");
    }

    /// A shop that was open once.
    pub fn with_shop() -> Self {
        let program = Self::new();
        drop(program.serve());
        program
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ardoise"));
        command
            .args(words)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, words: &[&str]) -> Ran {
        let output = self.command(words).output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        let code = output.status.code().expect("it ended by itself");
        Ran { code, out: text(output.stdout), err: text(output.stderr) }
    }

    /// Serves the shop on some free port, until it is dropped.
    pub fn serve(&self) -> Serving {
        Serving::start(self.command(&["serve", "--listen", "127.0.0.1:0"]))
    }
}

/// A shop that is open.
pub struct Serving {
    child: Child,
    pub url: String,
    /// What it said when it opened.
    pub greeting: String,
}

impl Serving {
    /// Starts a command that serves, and reads its greeting to the end.
    pub fn start(mut command: Command) -> Self {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut child = child.expect("the program starts");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut greeting = String::new();
        while !greeting.contains("To stop: Ctrl-C\n") {
            let read = out.read_line(&mut greeting).expect("UTF-8");
            assert!(read > 0, "it ended after {greeting:?}");
        }
        let url = greeting.split("http://").nth(1).expect("an address");
        let url = format!("http://{}", url.split([' ', '\n', '/']).next().expect("a host"));
        Self { child, url, greeting }
    }

    /// The one-time links in the greeting.
    pub fn links(&self) -> Vec<&str> {
        self.greeting.split_whitespace().filter(|word| word.contains("/sign-in/")).collect()
    }

    /// Uses a one-time link up; answers the cookie of the session.
    pub async fn enter(&self, link: &str) -> String {
        let entered = post(link, &[], "").await;
        assert_eq!(entered.status().as_u16(), 303, "{link}");
        cookie(&entered).expect("a session")
    }

    /// Lets no file of the program grow beyond so many bytes, or lets them grow again.
    pub fn allow_files_of(&self, bytes: Option<u64>) {
        let limit = Rlimit { current: bytes, maximum: None };
        let process = Pid::from_child(&self.child);
        prlimit(Some(process), Resource::Fsize, limit).expect("a limit");
    }

    /// Sends a form that has files; answers the status.
    pub async fn send(&self, form: Form, path: &str, cookie: &str) -> u16 {
        let (kind, body) = form.body();
        let request = client().post(format!("{}{path}", self.url)).body(body);
        let request = request
            .header("content-type", kind)
            .header("sec-fetch-site", "same-origin")
            .header("cookie", cookie);
        request.send().await.expect("an answer").status().as_u16()
    }

    /// Somebody who reads.
    pub async fn reader(&self) -> Reader<'_> {
        Reader { shop: self, cookie: String::new() }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

/// Posts a form as the shop's own pages do.
pub async fn post(url: &str, fields: &[(&str, &str)], cookie: &str) -> reqwest::Response {
    let encode = |text: &str| {
        percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    let request = client().post(url).body(pairs.collect::<Vec<_>>().join("&"));
    let request = request
        .header("content-type", "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin")
        .header("cookie", cookie);
    request.send().await.expect("an answer")
}

fn cookie(response: &reqwest::Response) -> Option<String> {
    let line = response.headers().get("set-cookie")?.to_str().ok()?;
    line.split(';').next().map(str::to_owned)
}

/// Somebody who reads, with their tab.
pub struct Reader<'a> {
    shop: &'a Serving,
    pub cookie: String,
}

impl Reader<'_> {
    pub async fn get(&self, path: &str) -> String {
        let url = format!("{}{path}", self.shop.url);
        let request =
            client().get(url).header("cookie", &self.cookie).header("accept", "text/html");
        request.send().await.expect("an answer").text().await.expect("a text")
    }

    /// Opens a work's page and taps its button; answers the status of the tap.
    pub async fn tap(&mut self, slug: &str) -> u16 {
        let page = self.get(&format!("/l/{slug}")).await;
        let purchase = hidden(&page, "purchase").unwrap_or_else(|| panic!("no button in {page}"));
        let price = hidden(&page, "price").expect("a price");
        let mut fields = vec![("purchase", purchase.as_str()), ("price", price.as_str())];
        let device = hidden(&page, "device");
        fields.extend(device.as_deref().map(|device| ("device", device)));
        let url = format!("{}/l/{slug}/buy", self.shop.url);
        let tapped = post(&url, &fields, &self.cookie).await;
        if let Some(cookie) = cookie(&tapped) {
            self.cookie = cookie;
        }
        tapped.status().as_u16()
    }

    /// The id of the tab.
    pub fn tab(&self) -> &str {
        self.cookie.split(['=', '.']).nth(1).expect("a tab")
    }
}

/// The value of a hidden field of a page.
pub fn hidden(page: &str, name: &str) -> Option<String> {
    let rest = page.split(&format!("name=\"{name}\" value=\"")).nth(1)?;
    rest.split('"').next().map(str::to_owned)
}
