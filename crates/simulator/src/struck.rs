//! [`Struck`]: a shop that is left alone while its store's server is struck.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::process::Stdio;
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::fault::Fault;
use crate::shop::Shop;

/// How long the store may be gone before the run gives up: a cluster chooses a new primary within a minute.
const GONE_MAX: Duration = Duration::from_secs(120);
/// How long to wait before asking again whether it is back.
const INTERVAL: Duration = Duration::from_millis(200);

/// How long the store was gone each time it was struck.
pub type Outages = Rc<RefCell<Vec<Duration>>>;

/// A shop whose every kill falls on its store instead, by a command; the shop itself goes on.
#[derive(Debug)]
pub struct Struck<S> {
    shop: S,
    command: String,
    serving: Option<SocketAddr>,
    struck_at: Option<Instant>,
    outages: Outages,
}

impl<S: Shop> Struck<S> {
    /// Strikes by giving `command` to the shell, and tells in `outages` how long the store was gone.
    pub const fn new(shop: S, command: String, outages: Outages) -> Self {
        Self { shop, command, serving: None, struck_at: None, outages }
    }
}

impl<S: Shop> Shop for Struck<S> {
    fn start(&mut self) -> Result<SocketAddr, Fault> {
        if let Some(address) = self.serving {
            return Ok(address);
        }
        let address = self.shop.start()?;
        self.serving = Some(address);
        Ok(address)
    }

    fn strike(&mut self) -> Option<Command> {
        self.struck_at = Some(Instant::now());
        let mut command = Command::new("sh");
        command.args(["-c", &self.command]).stdin(Stdio::null());
        Some(command)
    }

    /// The shop goes on; it ends with this.
    fn kill(&mut self) -> Result<(), Fault> {
        Ok(())
    }

    fn ended(&mut self) -> Option<String> {
        self.shop.ended()
    }

    fn check_books(&mut self) -> Result<(), Fault> {
        let start = Instant::now();
        loop {
            match self.shop.check_books() {
                Err(_) if start.elapsed() < GONE_MAX => std::thread::sleep(INTERVAL),
                checked => {
                    let outage = self.struck_at.take().map(|struck| struck.elapsed());
                    self.outages.borrow_mut().extend(outage);
                    return checked;
                }
            }
        }
    }

    fn patience(&self) -> Duration {
        GONE_MAX
    }
}
