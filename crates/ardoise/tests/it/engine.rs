//! The engine under the stories: a file in the shop's folder or, where `ARDOISE_TEST_STORE` names a PostgreSQL server, a
//! database of the story's own on it.

use ardoise::store::postgres::Server;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
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
        let server =
            std::env::var("ARDOISE_TEST_STORE").ok().filter(|server| !server.is_empty())?;
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("story_{}_{number}", std::process::id());
        let database = Self { server, name };
        database.on_the_server(&format!("create database {}", database.name));
        Some(database)
    }

    /// Its address.
    pub fn url(&self) -> String {
        let (base, _) = self.server.rsplit_once('/').expect("an address with a database");
        format!("{base}/{}", self.name)
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
        let server = Server::at(&self.server).expect("an address");
        server.connect().and_then(|db| db.run_script(script)).expect("the server obeys");
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

    /// Lets connections in again.
    pub fn mend(&self) {
        self.state.is_cut.store(false, Ordering::SeqCst);
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
