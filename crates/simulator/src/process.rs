//! [`ShopProcess`]: the real shop as a child process, killed as a power cut would kill it.

use std::fs::{self, File, OpenOptions};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use crate::auditor::Violation;
use crate::chance::Chance;
use crate::fault::Fault;
use crate::shop::Shop;

/// Ports below the range from which systems take the ports of outgoing connections, so that the
/// shop's port is still free when it comes back.
const PORTS: std::ops::Range<u64> = 20_000..32_000;
/// Bytes of the shop's log shown when it fails.
const LOG_TAIL_BYTES: usize = 2_000;

/// A shop that runs as a program on one data folder, on one port for the whole run.
#[derive(Debug)]
pub struct ShopProcess {
    program: PathBuf,
    serve: Vec<String>,
    checker: PathBuf,
    data: PathBuf,
    log: PathBuf,
    environment: Vec<(String, String)>,
    address: SocketAddr,
    child: Option<Child>,
}

impl ShopProcess {
    /// `PROGRAM SERVE… --data DIR --listen ADDR` serves, `CHECKER check-books --data DIR` recounts;
    /// what they print goes to `log`.
    ///
    /// # Errors
    /// [`Fault::Shop`] when no port is free.
    pub fn new(
        [program, checker]: [PathBuf; 2],
        serve: &[&str],
        [data, log]: [PathBuf; 2],
        chance: &mut Chance,
    ) -> Result<Self, Fault> {
        let serve = serve.iter().map(|&argument| argument.to_owned()).collect();
        let address = free_address(chance)?;
        let environment = Vec::new();
        Ok(Self { program, serve, checker, data, log, environment, address, child: None })
    }

    /// Gives the shop a setting as an environment variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    fn log_file(&self) -> Result<File, Fault> {
        let file = OpenOptions::new().create(true).append(true).open(&self.log);
        file.map_err(Fault::io(format!("opening {}", self.log.display())))
    }

    fn log_tail(&self) -> String {
        let log = fs::read(&self.log).unwrap_or_default();
        let start = log.len().saturating_sub(LOG_TAIL_BYTES);
        String::from_utf8_lossy(&log[start..]).into_owned()
    }
}

impl Shop for ShopProcess {
    fn start(&mut self) -> Result<SocketAddr, Fault> {
        self.kill()?;
        let (out, err) = (self.log_file()?, self.log_file()?);
        let child = Command::new(&self.program)
            .args(&self.serve)
            .arg("--data")
            .arg(&self.data)
            .args(["--listen", &self.address.to_string()])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .spawn();
        let starting = format!("starting {}", self.program.display());
        self.child = Some(child.map_err(Fault::io(starting))?);
        Ok(self.address)
    }

    fn kill(&mut self) -> Result<(), Fault> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        child.kill().map_err(Fault::io("killing the shop"))?;
        child.wait().map_err(Fault::io("waiting for the shop to be gone"))?;
        Ok(())
    }

    fn memory_bytes(&self) -> Result<u64, Fault> {
        let not_known =
            || Fault::Shop("the memory of a shop that does not run is not known".into());
        let child = self.child.as_ref().ok_or_else(not_known)?;
        let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
        let status = status.map_err(Fault::io("reading what the system says of the shop"))?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes =
            resident.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kilobytes.map(|kilobytes| kilobytes * 1_024).ok_or_else(not_known)
    }

    fn ended(&mut self) -> Option<String> {
        let status = self.child.as_mut()?.try_wait().ok().flatten()?;
        Some(format!("{status}\n{}", self.log_tail()))
    }

    fn check_books(&mut self) -> Result<(), Fault> {
        let output = Command::new(&self.checker)
            .args(["check-books", "--data"])
            .arg(&self.data)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .map_err(Fault::io(format!("running {} check-books", self.checker.display())))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        let what = format!("{}: {}", output.status, said.trim());
        Err(Violation::BooksDoNotBalance(what).into())
    }
}

impl Drop for ShopProcess {
    fn drop(&mut self) {
        // A run that stops early leaves no shop behind; there is nobody left to tell of a failure.
        let _gone_or_not = self.kill();
    }
}

fn free_address(chance: &mut Chance) -> Result<SocketAddr, Fault> {
    (0..100)
        .filter_map(|_| u16::try_from(PORTS.start + chance.below(PORTS.end - PORTS.start)).ok())
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|&address| TcpListener::bind(address).is_ok())
        .ok_or_else(|| Fault::Shop("no port is free for the shop".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop(program: &str, serve: &[&str], checker: &str) -> (tempfile::TempDir, ShopProcess) {
        let folder = tempfile::tempdir().unwrap();
        let paths = [folder.path().join("data"), folder.path().join("log")];
        let programs = [program.into(), checker.into()];
        let shop = ShopProcess::new(programs, serve, paths, &mut Chance::new(1)).unwrap();
        (folder, shop)
    }

    #[test]
    fn a_killed_shop_is_gone_and_its_port_is_free_again() {
        let (_folder, mut shop) = shop("/bin/sh", &["-c", "read line <&1"], "/bin/true");
        let address = shop.start().unwrap();
        shop.kill().unwrap();
        assert!(shop.child.is_none());
        assert_eq!(shop.start().unwrap(), address);
    }

    #[test]
    fn why_a_shop_ended_is_in_its_log() {
        let (_folder, mut shop) = shop("/bin/sh", &["-c", "echo no such folder; exit 3"], "true");
        shop.start().unwrap();
        let why = loop {
            if let Some(why) = shop.ended() {
                break why;
            }
        };
        assert!(why.contains('3') && why.contains("no such folder"), "{why}");
    }

    #[test]
    fn a_failed_recount_is_a_violation() {
        assert!(shop("true", &[], "/bin/true").1.check_books().is_ok());
        let (_folder, mut unbalanced) = shop("true", &[], "/bin/false");
        let found = unbalanced.check_books();
        assert!(matches!(found, Err(Fault::Violation(Violation::BooksDoNotBalance(_)))));
    }
}
