//! [`MailServer`]: a server that takes mail, by somebody else (`aiosmtpd`), started from `tests/mail`.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// How long it may take to say something.
const PATIENCE: Duration = Duration::from_secs(20);

/// A message that the server has.
#[derive(Debug, Clone)]
pub struct Mail(Value);

impl Mail {
    pub fn to(&self) -> Vec<String> {
        let to = self.0["to"].as_array().expect("recipients");
        to.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect()
    }

    /// The value of a header that is there once.
    pub fn header(&self, name: &str) -> String {
        let found = self.headers(name);
        assert_eq!(found.len(), 1, "{name} in {}", self.0);
        found[0].clone()
    }

    pub fn headers(&self, name: &str) -> Vec<String> {
        let all = self.0["headers"].as_array().expect("headers").iter();
        let named =
            all.filter(|pair| pair[0].as_str().is_some_and(|is| is.eq_ignore_ascii_case(name)));
        named.filter_map(|pair| pair[1].as_str().map(str::to_owned)).collect()
    }

    /// What it says in plain text, or in HTML.
    pub fn part(&self, kind: &str) -> String {
        let mut parts = self.0["parts"].as_array().expect("parts").iter();
        let part =
            parts.find(|part| part[0] == kind).unwrap_or_else(|| panic!("no {kind}: {}", self.0));
        part[1].as_str().expect("text").to_owned()
    }

    /// The link to `/mail/{purpose}/…` in the plain text, without the shop's address.
    pub fn link(&self, purpose: &str) -> String {
        let (text, start) = (self.part("text/plain"), format!("/mail/{purpose}/"));
        let rest = text.split(&start).nth(1).unwrap_or_else(|| panic!("no {start} in {text}"));
        start + rest.split_whitespace().next().expect("a token")
    }

    pub fn says(&self, name: &str) -> &Value {
        &self.0[name]
    }
}

/// The server; it ends when its standard input is closed.
pub struct MailServer {
    pub port: u16,
    told: Option<ChildStdin>,
    heard: Receiver<Value>,
    server: Child,
    folder: TempDir,
}

impl MailServer {
    /// One that asks nothing of whoever sends.
    pub fn open() -> Self {
        Self::start(0, "plain")
    }

    /// The same, on a port at which nobody was before.
    pub fn open_at(port: u16) -> Self {
        Self::start(port, "plain")
    }

    /// One to which everybody signs in as `shop` with `hush`, over TLS: `starttls` or `tls`.
    pub fn secure(way: &str) -> Self {
        Self::start(0, way)
    }

    fn start(port: u16, way: &str) -> Self {
        let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mail");
        let is_there = place.join("packages/aiosmtpd").exists();
        assert!(is_there, "aiosmtpd is missing: `./test stories` installs it");
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new("python3");
        command.arg(place.join("serve.py")).arg(port.to_string()).arg(way);
        if way != "plain" {
            certify(folder.path());
            command.arg(folder.path().join("cert.pem")).arg(folder.path().join("key.pem"));
        }
        let mut server = command
            .env("PYTHONPATH", place.join("packages"))
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PYTHONWARNINGS", "ignore")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python");
        let told = server.stdin.take();
        let mut said = BufReader::new(server.stdout.take().expect("a pipe"));
        let mut line = String::new();
        said.read_line(&mut line).expect("it says its port");
        let port = line.trim().parse().expect("a port");
        let (send, heard) = channel();
        std::thread::spawn(move || {
            for line in said.lines().map_while(Result::ok) {
                let Ok(()) = send.send(serde_json::from_str(&line).expect("JSON")) else { return };
            }
        });
        Self { port, told, heard, server, folder }
    }

    /// Where its certificate is.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    /// From now on it does so; answers the messages that it had before.
    pub fn will(&mut self, mood: &str) -> Vec<Mail> {
        let told = self.told.as_mut().expect("it has not ended");
        writeln!(told, "{mood}").expect("it listens");
        let mut before = Vec::new();
        loop {
            let said = self.heard.recv_timeout(PATIENCE).expect("it says something");
            if said["mood"] == mood {
                return before;
            }
            before.push(Mail(said));
        }
    }

    /// The messages that it had since it was last asked.
    pub fn messages(&mut self) -> Vec<Mail> {
        self.will("take")
    }

    /// The one message that it had since it was last asked.
    pub fn message(&mut self) -> Mail {
        let mut messages = self.messages();
        assert_eq!(messages.len(), 1, "{messages:#?}");
        messages.remove(0)
    }
}

impl Drop for MailServer {
    /// Nothing is left running.
    fn drop(&mut self) {
        self.told = None;
        let _ = self.server.wait();
    }
}

/// A certificate for `localhost`, and its key.
fn certify(folder: &Path) {
    let made = Command::new("openssl")
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-days",
            "2",
        ])
        .args(["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"])
        .args([
            "-addext",
            "basicConstraints=critical,CA:FALSE",
            "-addext",
            "extendedKeyUsage=serverAuth",
        ])
        .arg("-keyout")
        .arg(folder.join("key.pem"))
        .arg("-out")
        .arg(folder.join("cert.pem"))
        .output();
    let made = made.expect("openssl is missing: apt install openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
