//! [`Reader`]: somebody with a phone and a bad connection, who taps, taps again, undoes, changes
//! tabs, and asks again whenever an answer was lost.
//!
//! Each tab is used by one reader at a time, so the total in every answer can be foretold to the
//! micro-unit.

use ledger::LineId;
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::mem;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::auditor::{Asked, Auditor, Line, TabId, Violation};
use crate::chance::Chance;
use crate::fault::Fault;
use crate::http::{Answer, Connection};
use crate::purchase_id::PurchaseId;
use crate::shop::Seeded;
use crate::wire::{self, BuyAnswer, BuyRequest};

/// A shop that is alive and silent for this long has failed.
const ANSWER_MAX: Duration = Duration::from_secs(10);
/// How often a reader repeats a request that the shop was too busy for.
const TRIES_MAX: usize = 1_000;

/// What has been done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Kills while readers were buying.
    pub kills: u32,
    /// Kills before the shop had finished starting.
    pub kills_while_starting: u32,
    /// Purchases the shop acknowledged and charged.
    pub acknowledged: u64,
    /// Undos the shop acknowledged.
    pub undone: u64,
    /// Answers lost in a kill, then known by asking again.
    pub resolved: u64,
    /// First purchases whose answer, and with it the new tab's cookie, was lost: nobody can ask for
    /// them.
    pub orphaned: u64,
    /// Acknowledged purchases asked for again and found to be the same.
    pub asked_again: u64,
    /// Requests the shop refused by its rules (the tab's limit, a race lost), which charge nothing.
    pub refused: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} kills under load and {} while starting; {} purchases and {} undos acknowledged, \
             {} lost answers resolved, {} first purchases orphaned, {} asked again, {} refused",
            self.kills,
            self.kills_while_starting,
            self.acknowledged,
            self.undone,
            self.resolved,
            self.orphaned,
            self.asked_again,
            self.refused,
        )
    }
}

/// What all readers of a run share; they run on one thread.
#[derive(Debug)]
pub struct World {
    /// Our own books.
    pub auditor: RefCell<Auditor>,
    /// What has been done so far.
    pub tally: Cell<Tally>,
    /// Whether the shop has been killed and not started since: only then may a connection break.
    pub killed: Cell<bool>,
    /// Woken by [`World::acknowledgements_left`] reaching zero, and by a reader that cannot go on.
    pub moment: Notify,
    /// Acknowledgements until the kill.
    pub acknowledgements_left: Cell<u64>,
    /// The links of the shop.
    pub slugs: Vec<String>,
    /// Tabs nobody has used yet.
    pub unused_tabs: RefCell<Vec<String>>,
    /// The price of every work, as the pages show it.
    pub price: String,
    /// A reader takes another tab once this many lines are on it.
    pub lines_per_tab: usize,
}

impl World {
    /// A world in which nothing has happened.
    ///
    /// # Errors
    /// [`Fault::Run`] when the price is below zero.
    pub fn new(seeded: &Seeded, price_micros: i64, lines_per_tab: usize) -> Result<Self, Fault> {
        Ok(Self {
            auditor: RefCell::new(Auditor::new(price_micros)),
            tally: Cell::default(),
            killed: Cell::new(false),
            moment: Notify::new(),
            acknowledgements_left: Cell::new(0),
            slugs: seeded.slugs.clone(),
            unused_tabs: RefCell::new(seeded.tab_tokens.clone()),
            price: wire::decimal(price_micros)?,
            lines_per_tab,
        })
    }

    /// Changes the tally.
    pub fn count(&self, change: impl FnOnce(&mut Tally)) {
        let mut tally = self.tally.get();
        change(&mut tally);
        self.tally.set(tally);
    }

    fn acknowledged(&self) {
        let left = self.acknowledgements_left.get();
        self.acknowledgements_left.set(left.saturating_sub(1));
        if left == 1 {
            self.moment.notify_one();
        }
    }
}

/// A request whose answer has not come (yet).
#[derive(Debug, Clone)]
enum Doubt {
    Buy { tab: Option<TabId>, purchase: PurchaseId, slug: usize, device: Option<String> },
    Undo { tab: TabId, purchase: PurchaseId, line: LineId },
}

/// What the shop said, as far as a reader cares.
#[derive(Debug)]
enum Reply {
    Bought(BuyAnswer),
    /// With the tab's new total in micro-units, if the shop said it.
    Undone(Option<i64>),
    /// Nothing is known to have happened; ask again later.
    Busy,
    /// Nothing happened and nothing will.
    Refused(String),
    Unexpected(String),
}

impl Reply {
    fn read(answer: &Answer<'_>, doubt: &Doubt) -> Result<Self, Fault> {
        Ok(match (answer.status, doubt) {
            (200, Doubt::Buy { .. }) => Self::Bought(BuyAnswer::read(answer)?),
            (200, Doubt::Undo { .. }) => {
                let json: serde_json::Value =
                    serde_json::from_slice(answer.body).unwrap_or_default();
                Self::Undone(wire::micros(&json["total"]))
            }
            (503, _) => Self::Busy,
            (402 | 403 | 409 | 410 | 422 | 429, _) => Self::Refused(answer.excerpt()),
            _ => Self::Unexpected(answer.excerpt()),
        })
    }
}

/// One reader.
#[derive(Debug)]
pub struct Reader {
    world: Rc<World>,
    chance: Chance,
    connections: Option<[Connection; 2]>,
    tab: Option<TabId>,
    doubt: Option<Doubt>,
    touched: BTreeSet<TabId>,
    request: Vec<u8>,
}

impl Reader {
    /// A reader who has no tab yet.
    pub fn new(world: Rc<World>, chance: Chance) -> Self {
        Self {
            world,
            chance,
            connections: None,
            tab: None,
            doubt: None,
            touched: BTreeSet::new(),
            request: Vec::new(),
        }
    }

    /// Connects to the shop, twice: a double tap needs two.
    ///
    /// # Errors
    /// [`Fault::Lost`] when nobody listens.
    pub async fn connect(&mut self, address: SocketAddr) -> Result<(), Fault> {
        let pair = [Connection::open(address).await?, Connection::open(address).await?];
        self.connections = Some(pair);
        Ok(())
    }

    /// The tabs used since this was last asked.
    pub fn take_touched(&mut self) -> BTreeSet<TabId> {
        mem::take(&mut self.touched)
    }

    /// Buys, undoes and asks again until the shop is killed.
    ///
    /// # Errors
    /// Any fault that a kill does not explain.
    pub async fn trade(&mut self) -> Result<(), Fault> {
        while !self.world.killed.get() {
            match self.act().await {
                Err(Fault::Lost(_)) if self.world.killed.get() => return Ok(()),
                Err(fault) => {
                    self.world.moment.notify_one();
                    return Err(fault);
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    async fn act(&mut self) -> Result<(), Fault> {
        if self.doubt.is_some() {
            return self.ask_in_doubt(Asked::Again).await;
        }
        self.change_tab_now_and_then()?;
        let (Some(tab), action) = (self.tab, self.chance.below(100)) else {
            let slug = self.any_slug();
            return self.tap(slug).await;
        };
        let open = self.any_open_line(tab);
        match (action, open) {
            (0..50, _) | (_, None) => self.tap_something_new(tab).await,
            (50..65, Some(line)) => self.compare(tab, &line).await,
            (65..75, Some(line)) => self.tap(line.slug).await,
            (75..85, _) => self.tap_twice_at_once(tab).await,
            (_, Some(line)) => self.undo(tab, &line).await,
        }
    }

    /// Most tabs were seeded; some are opened by the first purchase, as for a new reader.
    fn change_tab_now_and_then(&mut self) -> Result<(), Fault> {
        let full = |tab| self.world.auditor.borrow().lines(tab).len() >= self.world.lines_per_tab;
        let stays = self.tab.is_some_and(|tab| !full(tab)) && !self.chance.percent(1);
        if stays {
            return Ok(());
        }
        self.tab = None;
        if self.chance.percent(80) { self.take_unused_tab() } else { Ok(()) }
    }

    fn take_unused_tab(&mut self) -> Result<(), Fault> {
        let token = self.world.unused_tabs.borrow_mut().pop();
        let token = token.ok_or_else(|| Fault::Run("the seeded tabs are used up".into()))?;
        self.tab = Some(self.world.auditor.borrow_mut().meet_tab(&token));
        Ok(())
    }

    fn any_slug(&mut self) -> usize {
        self.chance.index(self.world.slugs.len())
    }

    fn any_open_line(&mut self, tab: TabId) -> Option<Line> {
        let auditor = self.world.auditor.borrow();
        let open: Vec<&Line> = auditor.open_lines(tab).collect();
        open.get(self.chance.index(open.len())).map(|&line| line.clone())
    }

    /// A work the tab does not hold; the last resort is to tap one it holds, which is free.
    fn something_new(&mut self, tab: TabId) -> usize {
        let world = Rc::clone(&self.world);
        let auditor = world.auditor.borrow();
        let tries: [usize; 8] = std::array::from_fn(|_| self.any_slug());
        let new = tries.into_iter().find(|&slug| auditor.owned(tab, slug).is_none());
        new.unwrap_or(tries[0])
    }

    async fn tap_something_new(&mut self, tab: TabId) -> Result<(), Fault> {
        let slug = self.something_new(tab);
        self.tap(slug).await
    }

    /// A tap with a fresh purchase id, on the reader's tab or, without one, opening a tab.
    async fn tap(&mut self, slug: usize) -> Result<(), Fault> {
        let purchase = PurchaseId::mint(&mut self.chance);
        let device = if self.tab.is_none() { self.device(slug).await? } else { None };
        self.doubt = Some(Doubt::Buy { tab: self.tab, purchase, slug, device });
        self.ask_in_doubt(Asked::First).await
    }

    /// The tab that the work's page offers to a device without one: with it, a first purchase whose
    /// answer was lost can be asked for again.
    async fn device(&mut self, slug: usize) -> Result<Option<String>, Fault> {
        wire::write_page(&mut self.request, &self.world.slugs[slug]);
        let [connection, _] = self.connections.as_mut().ok_or_else(not_connected)?;
        let page = exchange(connection, &self.request).await?;
        Ok(wire::device(&page))
    }

    /// The same purchase twice at the same time; the totals are judged later, because either may be
    /// the first.
    async fn tap_twice_at_once(&mut self, tab: TabId) -> Result<(), Fault> {
        let purchase = PurchaseId::mint(&mut self.chance);
        let slug = self.something_new(tab);
        let doubt = Doubt::Buy { tab: Some(tab), purchase, slug, device: None };
        self.doubt = Some(doubt.clone());
        self.write(&doubt);
        let [one, other] = self.connections.as_mut().ok_or_else(not_connected)?;
        let (one, other) =
            tokio::join!(ask(one, &self.request, &doubt), ask(other, &self.request, &doubt));
        // An answer counts even when the kill swallowed the other one.
        let (answered, lost): (Vec<_>, Vec<_>) = [one, other].into_iter().partition(Result::is_ok);
        for reply in answered.into_iter().chain(lost) {
            self.take(&doubt, reply?, Asked::Again)?;
        }
        Ok(())
    }

    async fn undo(&mut self, tab: TabId, line: &Line) -> Result<(), Fault> {
        let Line { purchase, line, .. } = line.clone();
        self.doubt = Some(Doubt::Undo { tab, purchase, line });
        self.ask_in_doubt(Asked::First).await
    }

    /// Asks again for an acknowledged purchase, which must still be there and the same.
    async fn compare(&mut self, tab: TabId, line: &Line) -> Result<(), Fault> {
        let &Line { purchase, slug, .. } = line;
        let question = Doubt::Buy { tab: Some(tab), purchase, slug, device: None };
        let reply = self.ask(&question).await?;
        match &reply {
            Reply::Refused(answer) => return Err(Violation::Gone(purchase, answer.clone()).into()),
            Reply::Bought(_) => self.world.count(|tally| tally.asked_again += 1),
            Reply::Undone(_) | Reply::Busy | Reply::Unexpected(_) => {}
        }
        self.take(&question, reply, Asked::Again)
    }

    /// Sends what is in doubt. When no answer comes it stays in doubt.
    async fn ask_in_doubt(&mut self, asked: Asked) -> Result<(), Fault> {
        let Some(doubt) = self.doubt.clone() else { return Ok(()) };
        let reply = self.ask(&doubt).await?;
        if asked == Asked::Again && !matches!(reply, Reply::Busy) {
            self.world.count(|tally| tally.resolved += 1);
        }
        self.take(&doubt, reply, asked)
    }

    async fn ask(&mut self, doubt: &Doubt) -> Result<Reply, Fault> {
        self.write(doubt);
        let [connection, _] = self.connections.as_mut().ok_or_else(not_connected)?;
        ask(connection, &self.request, doubt).await
    }

    fn write(&mut self, doubt: &Doubt) {
        let auditor = self.world.auditor.borrow();
        match doubt {
            Doubt::Buy { tab, purchase, slug, device } => {
                let (tab, price) = (tab.map(|tab| auditor.token(tab)), &self.world.price);
                let (slug, device) = (&self.world.slugs[*slug], device.as_deref());
                let request = BuyRequest { slug, tab, purchase: *purchase, price, device };
                request.write(&mut self.request);
            }
            Doubt::Undo { tab, line, .. } => {
                wire::write_undo(&mut self.request, auditor.token(*tab), &line.to_string());
            }
        }
    }

    /// Judges a reply, enters what it acknowledges and ends the doubt.
    fn take(&mut self, doubt: &Doubt, reply: Reply, asked: Asked) -> Result<(), Fault> {
        let (Doubt::Buy { purchase, .. } | Doubt::Undo { purchase, .. }) = *doubt;
        match (reply, doubt) {
            (Reply::Busy, _) => return Ok(()),
            (Reply::Bought(answer), &Doubt::Buy { tab, slug, .. }) => {
                self.take_bought(tab, purchase, slug, &answer, asked)?;
            }
            (Reply::Undone(total_micros), &Doubt::Undo { tab, .. }) => {
                self.take_undone(tab, purchase, total_micros)?;
            }
            (Reply::Refused(_), doubt) => self.take_refusal(doubt, asked)?,
            (Reply::Unexpected(answer), _) => {
                return Err(Violation::Unexpected(purchase, answer).into());
            }
            (reply, doubt) => unreachable!("{reply:?} is never read for {doubt:?}"),
        }
        self.doubt = None;
        Ok(())
    }

    fn take_bought(
        &mut self,
        tab: Option<TabId>,
        purchase: PurchaseId,
        slug: usize,
        answer: &BuyAnswer,
        asked: Asked,
    ) -> Result<(), Fault> {
        let mut auditor = self.world.auditor.borrow_mut();
        let tab = match (tab, &answer.new_tab) {
            (Some(tab), _) => tab,
            (None, Some(token)) => auditor.meet_tab(token),
            (None, None) => return Err(Violation::TabUnnamed(purchase).into()),
        };
        let before = auditor.lines(tab).len();
        auditor.bought(tab, purchase, slug, answer, asked)?;
        if auditor.lines(tab).len() > before {
            self.world.count(|tally| tally.acknowledged += 1);
        }
        self.world.acknowledged();
        self.touched.insert(tab);
        self.tab = Some(tab);
        Ok(())
    }

    fn take_undone(
        &mut self,
        tab: TabId,
        purchase: PurchaseId,
        total_micros: Option<i64>,
    ) -> Result<(), Fault> {
        let mut auditor = self.world.auditor.borrow_mut();
        auditor.undone(tab, purchase);
        total_micros.map_or(Ok(()), |total| auditor.total_is(tab, total))?;
        self.touched.insert(tab);
        self.world.count(|tally| tally.undone += 1);
        self.world.acknowledged();
        Ok(())
    }

    /// Nothing was charged; the reader goes on with another tab.
    fn take_refusal(&mut self, doubt: &Doubt, asked: Asked) -> Result<(), Fault> {
        match (doubt, asked) {
            (Doubt::Buy { tab: None, .. }, Asked::Again) => {
                self.world.count(|tally| tally.orphaned += 1);
            }
            _ => self.world.count(|tally| tally.refused += 1),
        }
        self.tab = None;
        if matches!(doubt, Doubt::Buy { tab: None, .. }) { self.take_unused_tab() } else { Ok(()) }
    }

    /// Asks again for what is in doubt until it is known.
    ///
    /// # Errors
    /// [`Fault::Shop`] when the shop stays too busy to say, and any violation found on the way.
    pub async fn resolve(&mut self) -> Result<(), Fault> {
        for _ in 0..TRIES_MAX {
            if self.doubt.is_none() {
                return Ok(());
            }
            self.ask_in_doubt(Asked::Again).await?;
        }
        Err(too_busy())
    }

    /// Compares tabs with our own books, line by line. Their totals are judged first, because
    /// asking again for a lost purchase buys it anew, and once more afterwards, because that would
    /// show.
    ///
    /// # Errors
    /// Any violation found.
    pub async fn verify(&mut self, tabs: &[TabId]) -> Result<(), Fault> {
        let own = self.tab;
        for &tab in tabs {
            self.judge_total(tab).await?;
            let lines = self.world.auditor.borrow().lines(tab).to_vec();
            for line in &lines {
                if line.undone {
                    self.undo_again(tab, line).await?;
                } else {
                    self.compare(tab, line).await?;
                }
            }
            self.judge_total(tab).await?;
        }
        self.tab = own;
        self.touched.clear();
        Ok(())
    }

    /// Learns the tab's total by tapping a work it holds, which charges nothing; on an empty tab,
    /// by buying one.
    async fn judge_total(&mut self, tab: TabId) -> Result<(), Fault> {
        let slug = match self.any_open_line(tab) {
            Some(line) => line.slug,
            None => self.something_new(tab),
        };
        let purchase = PurchaseId::mint(&mut self.chance);
        let question = Doubt::Buy { tab: Some(tab), purchase, slug, device: None };
        for _ in 0..TRIES_MAX {
            match self.ask(&question).await? {
                Reply::Busy => {}
                Reply::Refused(answer) => return Err(Violation::Gone(purchase, answer).into()),
                reply => return self.take(&question, reply, Asked::First),
            }
        }
        Err(too_busy())
    }

    /// The second undo of a line must be harmless, whether the shop repeats its answer or says that
    /// it is undone.
    async fn undo_again(&mut self, tab: TabId, line: &Line) -> Result<(), Fault> {
        let purchase = line.purchase;
        let question = Doubt::Undo { tab, purchase, line: line.line };
        match self.ask(&question).await? {
            Reply::Undone(_) | Reply::Refused(_) | Reply::Busy => Ok(()),
            Reply::Unexpected(answer) => Err(Violation::Gone(purchase, answer).into()),
            Reply::Bought(answer) => {
                unreachable!("{answer:?} is never read for an undo")
            }
        }
    }
}

async fn ask(connection: &mut Connection, request: &[u8], doubt: &Doubt) -> Result<Reply, Fault> {
    Reply::read(&exchange(connection, request).await?, doubt)
}

async fn exchange<'a>(connection: &'a mut Connection, request: &[u8]) -> Result<Answer<'a>, Fault> {
    let exchange = tokio::time::timeout(ANSWER_MAX, connection.exchange(request)).await;
    let silent = |_| Fault::Shop(format!("the shop did not answer within {ANSWER_MAX:?}"));
    exchange.map_err(silent)?
}

fn too_busy() -> Fault {
    Fault::Shop("the shop stays too busy to answer".into())
}

fn not_connected() -> Fault {
    Fault::Run("a reader acts before it is connected".into())
}
