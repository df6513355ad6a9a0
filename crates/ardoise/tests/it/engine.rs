//! The engine under the stories: a file in the shop's folder or, where `ARDOISE_TEST_STORE` names a PostgreSQL server, a
//! database of the story's own on it.

use ardoise::store::postgres::Server;
use ardoise::store::{Db, Value, migrations};
use ledger::Timestamp;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use tempfile::TempDir;
use tokio_postgres::config::Host;

/// A database that goes away with its story.
pub struct PrivateDatabase {
    server: String,
    name: String,
}

static MADE: AtomicU32 = AtomicU32::new(0);

impl PrivateDatabase {
    /// A database on the server that the stories are told about, if they are.
    pub fn where_wanted() -> Option<Self> {
        Some(Self::on(the_server()?))
    }

    /// The same with an empty store in it. It is a copy of one that is made once on each server: most of a short story's
    /// time went into making its tables.
    pub fn with_a_store() -> Option<Self> {
        let server = the_server()?;
        if let Ok(prepare) = std::env::var("ARDOISE_TEST_PREPARE") {
            return Some(Self::prepared(server, &prepare));
        }
        let store = empty_store(&server);
        Some(Self::made(server, &format!(" template {store}")))
    }

    /// With an empty store with which a shell command does something: `$DATABASE` is its name. Stories are told so by hand, about
    /// a store that is spread over machines.
    fn prepared(server: String, prepare: &str) -> Self {
        let database = Self::on(server);
        let server = Server::at(&database.url()).expect("an address");
        server.migrate(Timestamp::from_micros(0)).expect("a store");
        let mut command = Command::new("sh");
        let done = command.args(["-c", prepare]).env("DATABASE", &database.name).output();
        let done = done.expect("a shell");
        assert!(done.status.success(), "{prepare}: {}", String::from_utf8_lossy(&done.stderr));
        database
    }

    fn on(server: String) -> Self {
        Self::made(server, "")
    }

    fn made(server: String, how: &str) -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("story_{}_{number}", std::process::id());
        let database = Self { server, name };
        database.on_the_server(&format!("create database {}{how}", database.name));
        database
    }

    /// A connection to it, beside those of the shop.
    pub fn connect(&self) -> Connection {
        let server = Server::at(&self.url()).expect("an address");
        Connection { db: server.connect().expect("a connection"), _server: server }
    }

    /// Its address.
    pub fn url(&self) -> String {
        url_of(&self.server, &self.name)
    }

    /// Its address through a relay.
    pub fn url_behind(&self, relay: &Relay) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{}", relay.port, self.name)
    }

    /// A relay to the server that it is on.
    pub fn relay(&self) -> Relay {
        Relay::to(&self.server)
    }

    fn on_the_server(&self, script: &str) {
        obey(&self.server, script);
    }
}

/// The server that the stories are told about, if they are.
fn the_server() -> Option<String> {
    std::env::var("ARDOISE_TEST_STORE").ok().filter(|server| !server.is_empty())
}

/// The address of a database on a server.
fn url_of(server: &str, database: &str) -> String {
    let (base, _) = server.rsplit_once('/').expect("an address with a database");
    format!("{base}/{database}")
}

/// The database on `server` that has an empty store of today's; whoever comes first makes it, and the others wait.
fn empty_store(server: &str) -> String {
    let mut schema = DefaultHasher::new();
    for step in migrations::ALL {
        (step.version, step.common, step.postgres).hash(&mut schema);
    }
    let name = format!("empty_store_{:016x}", schema.finish());
    let at = Server::at(server).expect("an address");
    let db = at.connect().expect("a connection");
    // It is let go with the connection.
    db.run_script("select pg_advisory_lock(1)").expect("the lock");
    let there = "select count(*) from pg_database where datname::text = ?1";
    let db: &dyn Db = &db;
    if db.number(there, &[Value::Text(&name)]).expect("the databases") == 0 {
        let new = format!("{name}_in_the_making");
        obey(server, &format!("drop database if exists {new}"));
        obey(server, &format!("create database {new}"));
        let store = Server::at(&url_of(server, &new)).expect("an address");
        store.migrate(Timestamp::from_micros(0)).expect("a store");
        drop(store);
        obey(server, &format!("alter database {new} rename to {name}"));
    }
    name
}

fn obey(server: &str, script: &str) {
    let server = Server::at(server).expect("an address");
    server.connect().and_then(|db| db.run_script(script)).expect("the server obeys");
}

/// A connection of somebody else's.
pub struct Connection {
    pub db: ardoise::store::postgres::Connection,
    // The connection lives in the server's runtime.
    _server: Server,
}

/// A server of the story's own, for what would disturb the others. It ends with it.
pub struct OwnServer {
    folder: TempDir,
}

impl OwnServer {
    /// A server, where the stories are told about one.
    pub fn where_wanted() -> Option<Self> {
        the_server()?;
        let own = Self { folder: tempfile::tempdir().expect("a folder") };
        own.script("start");
        Some(own)
    }

    /// A database on it.
    pub fn database(&self) -> PrivateDatabase {
        PrivateDatabase::on(self.script("address").trim().to_owned())
    }

    /// Runs a statement that is no part of a transaction.
    pub fn obey(&self, script: &str) {
        obey(self.script("address").trim(), script);
    }

    /// Lets it listen on a port, too, with TLS; answers its address there, with this host, and where its certificate is.
    pub fn secure(&self, host: &str) -> (String, PathBuf) {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr());
        let port = free.expect("a port").port();
        self.run("secure", &[&port.to_string()]);
        let url = format!("postgres://postgres@{host}:{port}/postgres");
        (url, self.folder.path().join("server.crt"))
    }

    /// Stops it, as a machine does that loses power.
    pub fn halt(&self) {
        self.script("halt");
    }

    /// Starts it again.
    pub fn resume(&self) {
        self.script("resume");
    }

    fn script(&self, verb: &str) -> String {
        self.run(verb, &[])
    }

    fn run(&self, verb: &str, more: &[&str]) -> String {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut command = Command::new(root.join("tests/postgres/server.sh"));
        let done = command
            .arg(verb)
            .arg(self.folder.path())
            .args(more)
            .output()
            .expect("the script starts");
        assert!(done.status.success(), "{verb}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).expect("UTF-8")
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.script("stop");
    }
}

impl Drop for PrivateDatabase {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.on_the_server(&format!("drop database {} with (force)", self.name));
        }
    }
}

/// Something between the shop and its server that can be cut.
pub struct Relay {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    is_cut: AtomicBool,
    /// Bytes that may still pass in one direction before one connection is lost; below zero for any number.
    left: [AtomicI64; 2],
    links: Mutex<Vec<TcpStream>>,
    /// Whether bytes wait here, by direction.
    is_held: Mutex<[bool; 2]>,
    let_on: Condvar,
}

impl State {
    /// Waits for as long as bytes wait in this direction.
    fn wait(&self, way: Way) {
        let held = self.is_held.lock().expect("nobody panics with it");
        drop(self.let_on.wait_while(held, |held| held[way as usize]));
    }
}

/// The directions in which bytes pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Asking = 0,
    Answering = 1,
}

impl Relay {
    fn to(server: &str) -> Self {
        let config: tokio_postgres::Config = server.parse().expect("an address");
        let host = config.get_hosts().first().expect("a host").clone();
        let port = config.get_ports().first().copied().unwrap_or(5432);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let own = listener.local_addr().expect("an address").port();
        let state =
            Arc::new(State { left: [AtomicI64::new(-1), AtomicI64::new(-1)], ..State::default() });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if !shared.is_cut.load(Ordering::SeqCst) {
                    link(near, &host, port, &shared);
                }
            }
        });
        Self { port: own, state }
    }

    /// Loses every connection, and lets none in.
    pub fn cut(&self) {
        self.state.is_cut.store(true, Ordering::SeqCst);
        for link in self.state.links.lock().expect("nobody panics with it").drain(..) {
            let _ = link.shutdown(Shutdown::Both);
        }
    }

    /// Lets connections in again, and bytes pass.
    pub fn mend(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
        *self.state.is_held.lock().expect("nobody panics with it") = [false; 2];
        self.state.let_on.notify_all();
    }

    /// Keeps every connection open and lets nothing pass in one direction: whoever waits hears nothing.
    pub fn hold(&self, way: Way) {
        self.state.is_held.lock().expect("nobody panics with it")[way as usize] = true;
    }

    /// Loses one connection once so many bytes more have passed.
    pub fn lose_one_after(&self, bytes: i64, way: Way) {
        self.state.left[way as usize].store(bytes, Ordering::SeqCst);
    }

    /// Loses nothing from here on; answers whether one was lost.
    pub fn lose_no_more(&self, way: Way) -> bool {
        self.state.left[way as usize].swap(-1, Ordering::SeqCst) < 0
    }
}

fn link(near: TcpStream, host: &Host, port: u16, state: &Arc<State>) {
    state.links.lock().expect("nobody panics with it").push(near.try_clone().expect("a copy"));
    let back = near.try_clone().expect("a copy");
    match host {
        Host::Tcp(name) => {
            let far = TcpStream::connect((name.as_str(), port)).expect("the server");
            pass(near, far.try_clone().expect("a copy"), Way::Asking, state);
            pass(far, back, Way::Answering, state);
        }
        Host::Unix(folder) => {
            let far =
                UnixStream::connect(folder.join(format!(".s.PGSQL.{port}"))).expect("the server");
            pass(near, far.try_clone().expect("a copy"), Way::Asking, state);
            pass(far, back, Way::Answering, state);
        }
    }
}

/// A connection, of whichever kind.
trait Pipe: Read + Write + Send + 'static {
    fn lose(&self);
}

impl Pipe for TcpStream {
    fn lose(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Pipe for UnixStream {
    fn lose(&self) {
        let _ = self.shutdown(Shutdown::Both);
    }
}

fn pass(mut from: impl Pipe, mut to: impl Pipe, way: Way, state: &Arc<State>) {
    let state = Arc::clone(state);
    std::thread::spawn(move || {
        let mut bytes = [0; 4_096];
        while let Ok(read) = from.read(&mut bytes) {
            state.wait(way);
            let left = &state.left[way as usize];
            let may = left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                (left >= 0).then_some(left - read as i64)
            });
            let is_last = may.is_ok_and(|left| left < read as i64);
            let passed =
                if is_last { usize::try_from(may.unwrap_or(0)).unwrap_or(0) } else { read };
            if read == 0 || to.write_all(&bytes[..passed]).is_err() || is_last {
                break;
            }
        }
        from.lose();
        to.lose();
    });
}
