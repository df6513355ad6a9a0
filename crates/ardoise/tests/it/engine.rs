//! The engine under the stories: a file in the shop's folder or, where `ARDOISE_TEST_STORE` names a PostgreSQL server, a
//! database of the story's own on it.

use ardoise::store::postgres::Server;
use std::sync::atomic::{AtomicU32, Ordering};

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
