//! [`Place`]: where the shop of a run keeps what it has.

use std::path::{Path, PathBuf};
use std::process::Command;

use ardoise::clock::Clock;
use ardoise::store::Address;
use ardoise::store::postgres::Server;

use crate::chance::Chance;
use crate::fault::Fault;

/// A data folder, and the books: in it, or in a database of the run's own on a PostgreSQL server.
#[derive(Debug)]
pub struct Place {
    data: PathBuf,
    database: Option<Database>,
}

impl Place {
    /// In the folder `data`; the books on `server` (`postgres://…/DATABASE`, where databases may be made) if one is named,
    /// in a new [`Database`] `name`.
    ///
    /// # Errors
    /// [`Fault::Shop`] when the server makes no database.
    pub fn new(data: PathBuf, server: Option<&str>, name: &str) -> Result<Self, Fault> {
        let database = server.map(|server| Database::make(server, name)).transpose()?;
        Ok(Self { data, database })
    }

    /// Makes an empty store in the database and lets the shell command `prepare` do with it what it does, before anything is put
    /// into it: `$DATABASE` is its name there.
    ///
    /// # Errors
    /// [`Fault::Shop`] when the books are in a folder, or no store can be made; [`Fault::Run`] when the command fails.
    pub fn prepare(&self, prepare: &str) -> Result<(), Fault> {
        let Some(database) = &self.database else {
            return Err(Fault::Shop("only a store on a server can be prepared".into()));
        };
        let made = Server::at(&database.url()).and_then(|at| at.migrate(Clock::System.now()));
        made.map_err(|error| Fault::Shop(format!("making the store: {error}")))?;
        let mut command = Command::new("sh");
        let done = command.args(["-c", prepare]).env("DATABASE", &database.name).status();
        let done = done.map_err(Fault::io("preparing the store"))?;
        if done.success() { Ok(()) } else { Err(Fault::Run(format!("{prepare}: {done}"))) }
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Where the books are.
    pub fn store(&self) -> Address {
        self.database.as_ref().map_or(Address::Folder, |made| Address::Server(made.url()))
    }

    /// The value of the setting that says so; empty for the folder.
    pub fn setting(&self) -> String {
        self.database.as_ref().map(Database::url).unwrap_or_default()
    }

    /// Leaves everything where it is, for whoever looks into a failure.
    pub fn keep(&mut self) {
        if let Some(database) = &mut self.database {
            database.is_kept = true;
        }
    }
}

/// A name for a database that no other run has.
pub fn any_name(chance: &mut Chance) -> String {
    format!("simulator_{:016x}", chance.bits() ^ u64::from(std::process::id()))
}

/// A database that goes away with its run.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
    is_kept: bool,
}

impl Database {
    /// A new database `name` on `server` (`postgres://…/DATABASE`); what an earlier run left under that name goes away.
    ///
    /// # Errors
    /// [`Fault::Shop`] when the server makes none.
    pub fn make(server: &str, name: &str) -> Result<Self, Fault> {
        let made = Self { server: server.to_owned(), name: name.to_owned(), is_kept: false };
        made.obey(&format!("drop database if exists {name} with (force)"))?;
        made.obey(&format!("create database {name}"))?;
        Ok(made)
    }

    fn obey(&self, script: &str) -> Result<(), Fault> {
        // A connection lives as long as the server that it is of.
        let done = Server::at(&self.server).and_then(|server| server.connect()?.run_script(script));
        done.map_err(|error| Fault::Shop(format!("{script}: {error}")))
    }

    /// The server's address with this database in it; what follows a question mark stays.
    pub fn url(&self) -> String {
        let (address, options) = self.server.split_once('?').unwrap_or((&self.server, ""));
        let base = address.rsplit_once('/').map_or(address, |(base, _)| base);
        let mark = if options.is_empty() { "" } else { "?" };
        format!("{base}/{}{mark}{options}", self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if !self.is_kept {
            // A server that is gone keeps it; there is nobody left to tell.
            let _gone_or_not = self.obey(&format!("drop database {} with (force)", self.name));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_database_of_a_run_stands_in_the_servers_address() {
        let url = |server: &str| {
            let name = "simulator_1".to_owned();
            Database { server: server.to_owned(), name, is_kept: true }.url()
        };
        assert_eq!(url("postgres://ben@%2Ftmp/postgres"), "postgres://ben@%2Ftmp/simulator_1");
        let hosts = "postgres://a:1,b:2/postgres?target_session_attrs=read-write";
        assert_eq!(url(hosts), "postgres://a:1,b:2/simulator_1?target_session_attrs=read-write");
    }
}
