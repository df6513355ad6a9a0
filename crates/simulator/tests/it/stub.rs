//! A shop of a hundred lines: it keeps its books in memory across kills, and lies as it is told.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;

use ledger::LineId;
use serde_json::{Value, json};
use simulator::auditor::Violation;
use simulator::fault::Fault;
use simulator::http::position_of;
use simulator::shop::{Seed, Seeded, Shop};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;

/// What the shop does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    Nothing,
    /// A kill loses the oldest acknowledged line of every tab that has several.
    LosesAPurchase,
    /// A kill loses the newest line of every tab that has several, as when it answers before it
    /// writes.
    AnswersTooSoon,
    /// Asking again with the same id charges again.
    ChargesTwice,
    /// A kill brings undone lines back.
    ForgetsAnUndo,
    /// A kill loses one tab's line and charges another of its lines twice: the total stays right.
    SwapsLines,
    /// Its own recount finds fault.
    DoesNotBalance,
    /// It refuses every second purchase.
    RefusesEverySecond,
    /// It turns away every second purchase, and says when to come again.
    TurnsAwayEverySecond,
}

#[derive(Debug, Clone)]
struct Line {
    purchase: String,
    slug: String,
    undone: bool,
}

/// The books, which survive a kill.
#[derive(Debug)]
pub struct Books {
    lie: Lie,
    chunked: bool,
    tabs: BTreeMap<String, Vec<Line>>,
    /// Purchases that were asked for.
    purchases: u64,
    /// Lines written since the start.
    written: u64,
}

/// A shop in this process.
pub struct Stub {
    books: Arc<Mutex<Books>>,
    running: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

const PRICE_MICROS: i64 = 10_000;

impl Stub {
    pub fn new(lie: Lie) -> Self {
        let books = Books { lie, chunked: false, tabs: BTreeMap::new(), purchases: 0, written: 0 };
        Self { books: Arc::new(Mutex::new(books)), running: None }
    }

    pub fn chunked(self) -> Self {
        self.books().chunked = true;
        self
    }

    pub fn fill(&self, seed: &Seed) -> Seeded {
        let slugs = (0..seed.works).map(|work| format!("w{work}")).collect();
        let tab_tokens: Vec<_> = (0..seed.tabs).map(|tab| format!("seeded{tab}")).collect();
        let mut books = self.books();
        books.tabs.extend(tab_tokens.iter().map(|token| (token.clone(), Vec::new())));
        Seeded { slugs, tab_tokens }
    }

    pub fn counts(&self, acknowledged: &[LineId]) -> usize {
        let books = self.books();
        let lines = || books.tabs.values().flatten();
        let once = |id: &&LineId| {
            let id = id.to_string();
            lines().filter(|line| line.purchase == id).count() == 1
        };
        acknowledged.iter().filter(once).count()
    }

    pub fn lines(&self) -> usize {
        self.books().tabs.values().map(Vec::len).sum()
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().expect("no test panics while it holds the books")
    }
}

impl Shop for Stub {
    fn start(&mut self) -> Result<SocketAddr, Fault> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(Fault::io("binding"))?;
        listener.set_nonblocking(true).map_err(Fault::io("binding"))?;
        let address = listener.local_addr().map_err(Fault::io("binding"))?;
        let (stop, stopped) = oneshot::channel();
        let books = Arc::clone(&self.books);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime starts").block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener is adopted");
                tokio::select! { _ = stopped => {}, () = accept(listener, books) => {} }
            });
        });
        self.running = Some((stop, thread));
        Ok(address)
    }

    fn kill(&mut self) -> Result<(), Fault> {
        if let Some((stop, thread)) = self.running.take() {
            drop(stop);
            thread.join().expect("the shop's thread ends well");
            self.books().suffer_a_kill();
        }
        Ok(())
    }

    fn ended(&mut self) -> Option<String> {
        None
    }

    fn check_books(&mut self) -> Result<(), Fault> {
        if self.books().lie == Lie::DoesNotBalance {
            return Err(Violation::BooksDoNotBalance("off by one".into()).into());
        }
        Ok(())
    }
}

impl Books {
    fn suffer_a_kill(&mut self) {
        let lie = self.lie;
        for lines in self.tabs.values_mut() {
            match lie {
                Lie::LosesAPurchase if lines.len() > 2 => drop(lines.remove(0)),
                Lie::AnswersTooSoon if lines.len() > 2 => drop(lines.pop()),
                Lie::ForgetsAnUndo => lines.iter_mut().for_each(|line| line.undone = false),
                Lie::SwapsLines if lines.iter().filter(|line| !line.undone).count() > 3 => {
                    let open = lines.iter().position(|line| !line.undone).unwrap_or(0);
                    lines.remove(open);
                    let twin = lines.iter().rfind(|line| !line.undone).cloned();
                    lines.extend(twin);
                }
                _ => {}
            }
        }
    }

    fn buy(&mut self, slug: &str, tab: Option<&str>, body: &Value) -> (u16, String, Value) {
        let purchase = body["purchase"].as_str().unwrap_or_default().to_owned();
        self.purchases += 1;
        if self.lie == Lie::RefusesEverySecond && self.purchases.is_multiple_of(2) {
            return (402, String::new(), json!({"code": "tab.limit"}));
        }
        if self.lie == Lie::TurnsAwayEverySecond && self.purchases.is_multiple_of(2) {
            return (503, "retry-after: 1\r\n".into(), json!({"code": "store.busy"}));
        }
        let known = |tab: &&str| self.tabs.contains_key(*tab);
        let (token, cookie) = match tab.filter(known) {
            Some(tab) => (tab.to_owned(), String::new()),
            None => {
                let token = format!("opened{}", self.purchases);
                let cookie = format!("Set-Cookie: ardoise_tab={token}; HttpOnly; SameSite=Lax\r\n");
                (token, cookie)
            }
        };
        let twice = self.lie == Lie::ChargesTwice;
        let lines = self.tabs.entry(token).or_default();
        let known = lines.iter().any(|line| line.purchase == purchase);
        let owned = lines.iter().any(|line| line.slug == slug && !line.undone);
        if (known && twice) || !(known || owned) {
            lines.push(Line { purchase: purchase.clone(), slug: slug.into(), undone: false });
            self.written += 1;
        }
        let status = if known || !owned { "bought" } else { "owned" };
        (200, cookie, bought(&purchase, slug, status, total(lines)))
    }

    fn undo(&mut self, purchase: &str, tab: Option<&str>) -> (u16, String, Value) {
        let lines = tab.and_then(|tab| self.tabs.get_mut(tab));
        let Some(lines) = lines else { return (404, String::new(), Value::Null) };
        lines
            .iter_mut()
            .filter(|line| line.purchase == purchase)
            .for_each(|line| line.undone = true);
        (200, String::new(), json!({ "total": money(total(lines)) }))
    }

    fn answer(&mut self, request: &Request) -> (u16, String, Value) {
        let tab = request.tab.as_deref();
        let parts: Vec<&str> = request.path.split('/').skip(1).collect();
        match parts[..] {
            ["health"] => (200, String::new(), Value::Null),
            ["metrics"] => (200, String::new(), Value::Null),
            ["bench", "hello"] | ["l" | "w", _] => (200, String::new(), Value::Null),
            ["bench", "echo"] => (200, String::new(), request.body.clone()),
            ["l", slug, "buy"] => self.buy(slug, tab, &request.body),
            ["lines", line, "undo"] => self.undo(line, tab),
            _ => (404, String::new(), Value::Null),
        }
    }

    fn metrics(&self) -> String {
        let (purchases, commits) = (self.written, self.written / 4);
        format!(
            "ardoise_till_purchases_total {purchases}\nardoise_till_commits_total {commits}\n\
             ardoise_till_batch_commands_total {purchases}\n"
        )
    }
}

fn total(lines: &[Line]) -> i64 {
    lines.iter().filter(|line| !line.undone).map(|_| PRICE_MICROS).sum()
}

fn money(micros: i64) -> Value {
    let amount = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    json!({"amount": amount, "currency": "EUR"})
}

fn bought(purchase: &str, slug: &str, status: &str, total: i64) -> Value {
    json!({
        "line": purchase, "work": format!("wrk_{slug}"), "status": status,
        "price": money(PRICE_MICROS), "total": money(total),
    })
}

struct Request {
    path: String,
    tab: Option<String>,
    body: Value,
}

async fn accept(listener: TcpListener, books: Arc<Mutex<Books>>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&books)));
    }
}

async fn serve(mut stream: TcpStream, books: Arc<Mutex<Books>>) {
    let mut received = Vec::new();
    while let Some(request) = receive(&mut stream, &mut received).await {
        let (status, headers, body, chunked) = {
            let mut books = books.lock().expect("no test panics while it holds the books");
            let (status, headers, body) = books.answer(&request);
            let body = match request.path.as_str() {
                "/metrics" => books.metrics(),
                "/bench/hello" => "hello\n".to_owned(),
                _ => body.to_string(),
            };
            (status, headers, body, books.chunked)
        };
        // The books are written and the answer has not left: a kill here leaves a reader in doubt.
        tokio::task::yield_now().await;
        let framed = if chunked {
            let (one, other) = body.split_at(body.len() / 2);
            let chunks = [one, other].map(|part| format!("{:x}\r\n{part}\r\n", part.len()));
            format!("Transfer-Encoding: chunked\r\n\r\n{}{}0\r\n\r\n", chunks[0], chunks[1])
        } else {
            format!("content-length: {}\r\n\r\n{body}", body.len())
        };
        let answer = format!("HTTP/1.1 {status} X\r\n{headers}{framed}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn receive(stream: &mut TcpStream, received: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some(blank) = position_of(received, b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..blank]).into_owned();
            let value = |name: &str| {
                let line = head.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim().to_owned())
            };
            let length = value("Content-Length:").map_or(0, |text| text.parse().unwrap_or(0));
            let end = blank + 4 + length;
            if received.len() >= end {
                let body = serde_json::from_slice(&received[blank + 4..end]).unwrap_or_default();
                let path = head.split(' ').nth(1)?.to_owned();
                let tab = value("Cookie: ardoise_tab=");
                received.drain(..end);
                return Some(Request { path, tab, body });
            }
        }
        if stream.read_buf(received).await.ok()? == 0 {
            return None;
        }
    }
}
