//! `pgbench`, PostgreSQL's own load generator, with the transfer that it could do at its best: one call of a function, over
//! a socket and without HTTP.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use ardoise::store::Db;
use ardoise::store::postgres::Server;

use super::rows::Measured;
use crate::auditor::Violation;
use crate::fault::Fault;
use crate::place::Database;

const SCHEMA: &str = include_str!("schema.sql");
const TRANSFER: &str = include_str!("transfer.sql");
/// Clients at the same time.
pub const CLIENTS: usize = 8;
/// Threads of the load generator: one for each core of a small machine.
const THREADS: usize = 2;
/// Accounts that pay.
const BUYERS: usize = 10_000;
/// Accounts that are paid, where they are many.
const SELLERS: usize = 10_000;
/// What each buyer begins with: enough for more transfers than any run makes.
const BEGINS_WITH: i64 = 1_000_000_000_000;

/// Whom transfers go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sellers {
    /// Anybody.
    All,
    /// One and the same.
    One,
}

/// The program, and its own database.
#[derive(Debug)]
pub struct Pgbench {
    program: PathBuf,
    database: Database,
    processed: u64,
}

impl Pgbench {
    /// Fills `database`, which is empty.
    ///
    /// # Errors
    /// [`Fault::Shop`] when it cannot be filled.
    pub fn new(program: PathBuf, database: Database) -> Result<Self, Fault> {
        let script = format!(
            "{SCHEMA}
             insert into account select number, case when number > {BUYERS} then 0 else {BEGINS_WITH} end
                 from generate_series(1, {BUYERS} + {SELLERS}) as number;
             analyze;"
        );
        let filled = Server::at(&database.url()).and_then(|at| at.connect()?.run_script(&script));
        filled.map_err(|error| Fault::Shop(format!("filling pgbench's database: {error}")))?;
        Ok(Self { program, database, processed: 0 })
    }

    /// Transfers for about `length`, in whole seconds.
    ///
    /// # Errors
    /// [`Fault::Io`] when the program cannot be run, [`Fault::Run`] when it fails.
    pub fn measure(&mut self, sellers: Sellers, length: Duration) -> Result<Measured, Fault> {
        let said = self.run(sellers, length)?;
        let (per_second, processed) = read(&said)
            .ok_or_else(|| Fault::Run(format!("pgbench did not say how fast it was: {said}")))?;
        self.processed += processed;
        Ok(Measured { per_second, ..Measured::default() })
    }

    fn run(&self, sellers: Sellers, length: Duration) -> Result<String, Fault> {
        let sellers = if sellers == Sellers::All { SELLERS } else { 1 };
        let seconds = length.as_secs_f64().ceil().max(1.0) as u64;
        let failed = |doing: &str| Fault::io(format!("{doing} {}", self.program.display()));
        let mut child = Command::new(&self.program)
            .args(["--no-vacuum", "--protocol=prepared", "--file=-"])
            .args([format!("--client={CLIENTS}"), format!("--jobs={THREADS}")])
            .args([format!("--define=buyers={BUYERS}"), format!("--define=sellers={sellers}")])
            .args([format!("--time={seconds}"), self.database.url()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed("starting"))?;
        if let Some(mut script) = child.stdin.take() {
            script.write_all(TRANSFER.as_bytes()).map_err(failed("telling"))?;
        }
        let output = child.wait_with_output().map_err(failed("waiting for"))?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        let why = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(Fault::Run(format!("pgbench: {}\n{}", output.status, why.trim())))
    }

    /// Looks whether every transfer that was counted is there, and whether the accounts add up.
    ///
    /// # Errors
    /// [`Fault::Violation`] when not; [`Fault::Shop`] when nobody can look.
    pub fn recount(&self) -> Result<(), Fault> {
        let sums = Server::at(&self.database.url()).and_then(|server| {
            let connection = server.connect()?;
            let db: &dyn Db = &connection;
            let keys = db.number("select count(*) from transfer", &[])?;
            let off = "select cast(coalesce(sum(amount), 0) as bigint) from entry";
            Ok((keys, db.number(off, &[])?))
        });
        let (keys, off) =
            sums.map_err(|error| Fault::Shop(format!("pgbench's database: {error}")))?;
        if off != 0 {
            let what = format!("pgbench's entries come to {off}");
            return Err(Violation::BooksDoNotBalance(what).into());
        }
        let (acknowledged, found) = (self.processed, u64::try_from(keys).unwrap_or(0));
        if acknowledged == found {
            return Ok(());
        }
        Err(Fault::Run(format!("pgbench counted {acknowledged} transfers, {found} are there")))
    }
}

/// Transfers a second, and in all.
fn read(said: &str) -> Option<(f64, u64)> {
    let after = |name: &str| {
        let line = said.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()
    };
    let per_second = after("tps = ")?.parse().ok()?;
    Some((per_second, after("number of transactions actually processed: ")?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_pgbench_says_is_read() {
        let said = "transaction type: -\nnumber of transactions actually processed: 15526\n\
                    latency average = 1.030 ms\ntps = 7763.1 (without initial connection time)\n";
        assert_eq!(read(said), Some((7763.1, 15_526)));
        assert_eq!(read("number of transactions actually processed: 0\n"), None);
    }
}
