//! [`Shop`]: what a run needs of the shop it drives, so that tests can put a small (and lying) one
//! in its place.

use ledger::LineId;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

pub use ardoise::bench::{Seed, Seeded};

use crate::fault::Fault;
use crate::http::Connection;
use crate::wire;

/// How long one answer about health may take before it is asked for again.
const HEALTH_MAX: Duration = Duration::from_secs(1);
/// How long to wait before asking again whether the shop is up.
const HEALTH_INTERVAL: Duration = Duration::from_millis(1);

/// A shop that can be started and killed on one data folder.
pub trait Shop {
    /// Starts serving and says where, without waiting until it answers.
    ///
    /// # Errors
    /// [`Fault::Shop`] or [`Fault::Io`] when it cannot be started.
    fn start(&mut self) -> Result<SocketAddr, Fault>;

    /// A command that strikes something the shop needs, while readers go on; nothing for most shops.
    fn strike(&mut self) -> Option<tokio::process::Command> {
        None
    }

    /// Ends it at once, as SIGKILL does, and returns when it is gone. Nothing happens when it is
    /// not running.
    ///
    /// # Errors
    /// [`Fault::Io`] when it cannot be ended.
    fn kill(&mut self) -> Result<(), Fault>;

    /// Bytes of memory that it holds, where that can be known.
    ///
    /// # Errors
    /// [`Fault::Shop`] when it does not run or the system does not say.
    fn memory_bytes(&self) -> Result<u64, Fault> {
        Err(Fault::Shop("there is no process of which the memory could be known".into()))
    }

    /// Why it ended by itself, if it did.
    fn ended(&mut self) -> Option<String>;

    /// Lets the shop recompute its own books while it is not serving (`ardoise check-books`).
    ///
    /// # Errors
    /// [`Fault::Violation`] when they do not balance.
    fn check_books(&mut self) -> Result<(), Fault>;

    /// How long it may take until it answers before the run gives up; the shop's own aim is 100 ms.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}

/// Counts how many of these lines the books hold.
pub type Recount<'a> = dyn Fn(&[LineId]) -> Result<usize, Fault> + 'a;

/// Waits until `GET /health` answers 200 and says how long that took.
///
/// # Errors
/// [`Fault::Shop`] when the shop ended by itself or does not answer in time.
pub async fn wait_until_healthy(
    shop: &mut dyn Shop,
    address: SocketAddr,
) -> Result<Duration, Fault> {
    let start = Instant::now();
    let request = wire::get("/health");
    loop {
        let healthy = async {
            let mut connection = Connection::open(address).await?;
            connection.exchange(&request).await.map(|answer| answer.status == 200)
        };
        if let Ok(Ok(true)) = tokio::time::timeout(HEALTH_MAX, healthy).await {
            return Ok(start.elapsed());
        }
        if let Some(why) = shop.ended() {
            return Err(Fault::Shop(format!("the shop ended while starting: {why}")));
        }
        if start.elapsed() > shop.patience() {
            return Err(Fault::Shop(format!(
                "the shop is not healthy after {:?}",
                start.elapsed()
            )));
        }
        tokio::time::sleep(HEALTH_INTERVAL).await;
    }
}
