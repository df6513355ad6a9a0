//! Readers who were made up: they follow a link, take what they like, change their minds, and settle now and then.

use crate::app::App;
use crate::ids::Chance;
use crate::problem::{Problem, TAB_DUE, TAB_OVER_LIMIT};
use crate::rails::{self, manual};
use crate::request::{Ask, Claim, TAB_COOKIE};
use crate::store::gains::HOUR_MICROS;
use crate::store::visit::Visited;
use crate::tabs::{Received, Taken, Tap, buy, settle, undo};
use crate::till::command::Purchase;
use http::header;
use ledger::{AuthorId, Currency, LineId, LinkId, Money, Price, TabId, WorkId};

/// Of a hundred visits, how many take a free work, a cheap one, and one that is dear or has no fixed price.
const TAKERS: [u32; 3] = [42, 19, 12];
/// What a work costs that is dear, in cents.
const DEAR_FROM_CENTS: i64 = 50;
/// Of a hundred lines, how many are taken back.
const UNDOERS: u32 = 4;
/// Of a hundred readers who owe more than [`SETTLED_FROM_CENTS`], how many settle after a purchase.
const SETTLERS: u32 = 34;
/// What a tab owes before its reader thinks of settling, in cents.
const SETTLED_FROM_CENTS: i64 = 55;
/// Of a hundred settlements, how many come by bank transfer; the others are fake money.
const TRANSFERS: u32 = 15;
/// Of a hundred readers who take something, how many never took anything before.
const NEWCOMERS: u32 = 24;
/// Of a hundred readers, how many take works in both languages.
const BILINGUAL: u32 = 15;
/// Readers who are thought of before somebody new comes instead.
const THOUGHT_OF: usize = 12;
/// Where links are shared, and how many visits of a hundred come from there.
const CHANNELS: [(&str, u32); 6] = [
    ("mastodon", 30),
    ("newsletter", 18),
    ("bluesky", 14),
    ("affiche", 8),
    ("whatsapp", 8),
    ("", 22),
];
/// What readers give who may choose, in cents.
const CHOSEN_CENTS: [i64; 6] = [20, 30, 50, 50, 60, 100];

/// A work that is on sale.
#[derive(Debug, Clone)]
pub struct OnSale {
    /// How many readers come for it, compared with the others.
    pub appeal: u32,
    /// Whether its readers speak French.
    pub is_french: bool,
    /// Its author.
    pub author: AuthorId,
    /// The work.
    pub work: WorkId,
    /// Its link.
    pub link: LinkId,
    /// The link's slug.
    pub slug: String,
    /// Its price.
    pub price: Price,
}

struct Reader {
    is_french: bool,
    tab: Option<Claim<TabId>>,
    has: Vec<WorkId>,
}

/// Everybody who ever came.
pub struct Crowd {
    chance: Chance,
    readers: Vec<Reader>,
    /// Lines whose readers are about to change their minds.
    regretted: Vec<(usize, LineId)>,
}

impl Crowd {
    /// Nobody yet; who comes and what they do follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { chance: Chance::seeded(seed), readers: Vec::new(), regretted: Vec::new() }
    }

    /// A number below `bound`.
    pub fn below(&self, bound: u32) -> u32 {
        u32::from_le_bytes(self.chance.bytes()) % bound.max(1)
    }

    /// Somebody follows the link of some work, and perhaps takes it. Of `works`, the one at `talked_of` draws many more.
    ///
    /// # Errors
    /// Whatever the shop says, but for a tab that is full: that one is settled.
    pub async fn visit(
        &mut self,
        app: &App,
        works: &[OnSale],
        talked_of: Option<usize>,
    ) -> Result<(), Problem> {
        let Some((index, work)) = self.choose(works, talked_of) else { return Ok(()) };
        let channel = if talked_of == Some(index) { "mastodon" } else { self.channel() };
        app.visits.count(Visited {
            author: work.author,
            hour: app.now().micros().div_euclid(HOUR_MICROS),
            work: work.work,
            link: work.link,
            channel: channel.to_owned(),
        });
        let dear = cents(DEAR_FROM_CENTS, app.currency());
        let takers = match work.price {
            Price::Free => TAKERS[0],
            Price::Fixed(amount) if amount < dear => TAKERS[1],
            Price::Fixed(_) | Price::Chosen { .. } => TAKERS[2],
        };
        if self.below(100) >= takers {
            return Ok(());
        }
        let reader = self.reader(work);
        self.take(app, reader, work, channel).await
    }

    fn choose<'a>(
        &self,
        works: &'a [OnSale],
        talked_of: Option<usize>,
    ) -> Option<(usize, &'a OnSale)> {
        let appeal = |(index, work): (usize, &OnSale)| {
            work.appeal * if talked_of == Some(index) { 8 } else { 1 }
        };
        let total: u32 = works.iter().enumerate().map(appeal).sum();
        let mut left = self.below(total);
        works.iter().enumerate().find(|(index, work)| {
            let appeal = appeal((*index, work));
            let found = left < appeal;
            left = left.saturating_sub(appeal);
            found
        })
    }

    fn channel(&self) -> &'static str {
        let mut left = self.below(100);
        let found = CHANNELS.iter().find(|(_, share)| {
            let found = left < *share;
            left = left.saturating_sub(*share);
            found
        });
        found.map_or("", |(channel, _)| channel)
    }

    /// Somebody who takes `work`: one who was here before and does not have it, or somebody new.
    fn reader(&mut self, work: &OnSale) -> usize {
        let is_french = work.is_french;
        if self.below(100) >= NEWCOMERS {
            for _ in 0..THOUGHT_OF {
                let index = self.below(self.readers.len() as u32) as usize;
                let Some(reader) = self.readers.get(index) else { break };
                let reads = reader.is_french == is_french || self.below(100) < BILINGUAL;
                if reads && !reader.has.contains(&work.work) {
                    return index;
                }
            }
        }
        self.readers.push(Reader { is_french, tab: None, has: Vec::new() });
        self.readers.len() - 1
    }

    /// What the shop sees of a reader: each comes from a network of their own.
    fn ask(&self, index: usize) -> Ask {
        let reader = &self.readers[index];
        let [.., high, low] = (index as u32).to_be_bytes();
        let mut request = http::Request::builder()
            .uri("/")
            .header(header::ACCEPT_LANGUAGE, if reader.is_french { "fr" } else { "en" })
            .header("x-forwarded-for", format!("10.{high}.{low}.1"));
        if let Some(tab) = &reader.tab {
            request = request.header(header::COOKIE, format!("{TAB_COOKIE}={}", tab.reveal()));
        }
        let (parts, ()) = request.body(()).expect("plain headers").into_parts();
        Ask::of(&parts, true)
    }

    async fn take(
        &mut self,
        app: &App,
        index: usize,
        work: &OnSale,
        channel: &str,
    ) -> Result<(), Problem> {
        let tap = Tap {
            purchase: app.mint.purchase(),
            amount: self.amount(app, work.price),
            typed: matches!(work.price, Price::Chosen { .. }),
            slug: work.slug.clone(),
            channel: channel.to_owned(),
            device: None,
        };
        match buy(app, &self.ask(index), tap.clone()).await {
            Ok(taken) => self.took(app, index, work, taken).await,
            Err(problem) if [TAB_OVER_LIMIT.code, TAB_DUE.code].contains(&problem.kind.code) => {
                self.settle(app, index).await?;
                let taken = buy(app, &self.ask(index), tap).await?;
                self.took(app, index, work, taken).await
            }
            Err(problem) => Err(problem),
        }
    }

    fn amount(&self, app: &App, price: Price) -> Money {
        let (least, chosen) = match price {
            Price::Free => return app.nothing(),
            Price::Fixed(amount) => return amount,
            Price::Chosen { minimum, .. } => {
                (minimum, CHOSEN_CENTS[self.below(CHOSEN_CENTS.len() as u32) as usize])
            }
        };
        cents(chosen, app.currency()).max(least)
    }

    async fn took(
        &mut self,
        app: &App,
        index: usize,
        work: &OnSale,
        taken: Taken,
    ) -> Result<(), Problem> {
        let reader = &mut self.readers[index];
        reader.tab = reader.tab.or(taken.opened);
        reader.has.push(work.work);
        if taken.purchase == Purchase::Bought && self.below(100) < UNDOERS {
            self.regretted.push((index, taken.line));
        } else if taken.now.owed > cents(SETTLED_FROM_CENTS, app.currency())
            && self.below(100) < SETTLERS
        {
            self.settle(app, index).await?;
        }
        Ok(())
    }

    /// Whoever changed their mind takes their line back.
    ///
    /// # Errors
    /// Whatever the shop says.
    pub async fn undo(&mut self, app: &App) -> Result<(), Problem> {
        for (index, line) in std::mem::take(&mut self.regretted) {
            undo(app, &self.ask(index), line).await?;
        }
        Ok(())
    }

    async fn settle(&self, app: &App, index: usize) -> Result<(), Problem> {
        let Some(tab) = self.ask(index).own_tab(app).await? else { return Ok(()) };
        let owed = tab.owed().map_err(ledger::LedgerRefusal::from)?;
        if owed.is_zero() {
            return Ok(());
        }
        let (rail, reference) = if self.below(100) < TRANSFERS {
            (rails::MANUAL, manual::Way::Transfer.reference(&tab.id.to_string()))
        } else {
            (rails::SANDBOX, String::new())
        };
        let received = Received {
            id: app.mint.settlement(),
            rail: rail.number,
            amount: owed,
            rail_fee: app.nothing(),
            reference,
            excess: ledger::Excess::Refused,
        };
        settle(app, tab.id, received).await.map(drop)
    }
}

fn cents(cents: i64, currency: Currency) -> Money {
    Money::from_cents(cents, currency).unwrap_or(Money::zero(currency))
}
