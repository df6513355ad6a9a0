//! [`Auditor`]: books of our own, kept from nothing but the shop's acknowledgements, as naively as
//! possible: a list of lines per tab, added up anew each time. It judges every answer and every
//! total the shop gives.
//!
//! It knows the four promises that a crash must not break: an acknowledged purchase stays, it is
//! charged once, an acknowledged undo stays, and asking again gives the same answer.

use ledger::LineId;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::purchase_id::PurchaseId;
use crate::wire::BuyAnswer;

/// A promise about money that the shop broke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// A tab owes another sum than its open lines: which tab, the sum of its lines, what the shop
    /// says (micro-units).
    WrongTotal(TabId, i64, i64),
    /// Asking again for an acknowledged purchase gave another answer.
    OtherAnswer(PurchaseId, String),
    /// A work that the reader has was charged again.
    ChargedTwice(TabId, PurchaseId),
    /// A purchase was said to be owned already, but no acknowledged line gives that work.
    NeverBought(TabId, PurchaseId),
    /// A line costs another amount than the price the page showed (micro-units).
    WrongPrice(PurchaseId, i64),
    /// A tab's cookie no longer opens that tab: the shop opened another one.
    TabForgotten(TabId),
    /// The shop opened a tab and did not say which.
    TabUnnamed(PurchaseId),
    /// An acknowledged purchase is refused when asked for again, or its undo is.
    Gone(PurchaseId, String),
    /// The shop answered with a status that no purchase or undo should meet.
    Unexpected(PurchaseId, String),
    /// The shop's own recount failed.
    BooksDoNotBalance(String),
    /// The books hold fewer of the acknowledged purchases than there are.
    Missing {
        /// Purchases the shop acknowledged.
        acknowledged: usize,
        /// Those found in the books.
        found: usize,
    },
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongTotal(tab, lines, said) => {
                write!(f, "{tab} has open lines of {lines} micro-units but the shop says {said}")
            }
            Self::OtherAnswer(id, what) => {
                write!(f, "purchase {id} asked for again has another answer: {what}")
            }
            Self::ChargedTwice(tab, id) => {
                write!(f, "{tab} was charged by {id} for a work it has already")
            }
            Self::NeverBought(tab, id) => {
                write!(f, "{tab} is said to own the work of {id}, which no line gives")
            }
            Self::WrongPrice(id, micros) => {
                write!(f, "purchase {id} costs {micros} micro-units, not the price shown")
            }
            Self::TabForgotten(tab) => write!(f, "the cookie of {tab} opened another tab"),
            Self::TabUnnamed(id) => write!(f, "purchase {id} opened a tab without a cookie"),
            Self::Gone(id, answer) => {
                write!(f, "purchase {id} was acknowledged and is now refused: {answer}")
            }
            Self::Unexpected(id, answer) => write!(f, "purchase {id} met {answer}"),
            Self::BooksDoNotBalance(what) => write!(f, "check-books failed: {what}"),
            Self::Missing { acknowledged, found } => {
                write!(f, "{found} of {acknowledged} acknowledged purchases are in the books")
            }
        }
    }
}

impl std::error::Error for Violation {}

/// A tab, by the order in which the auditor met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TabId(usize);

impl fmt::Display for TabId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tab {}", self.0)
    }
}

/// A line as it was acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The id the page minted.
    pub purchase: PurchaseId,
    /// The place of the work's link in the seeded list.
    pub slug: usize,
    /// The shop's name for the line.
    pub line: LineId,
    /// The shop's name for the work.
    pub work: String,
    /// What it costs, in micro-units.
    pub price_micros: i64,
    /// Whether its undo was acknowledged.
    pub undone: bool,
}

#[derive(Debug)]
struct Tab {
    token: String,
    lines: Vec<Line>,
}

/// Whether a request was sent for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// For the first time: "bought" means charged now.
    First,
    /// Again, because the answer to the first was lost or to compare it: the shop may say "bought"
    /// or "owned", and its total may be that of the first time.
    Again,
}

/// Books kept from acknowledgements alone.
#[derive(Debug)]
pub struct Auditor {
    price_micros: i64,
    tabs: Vec<Tab>,
    works: BTreeMap<usize, String>,
    /// Every line that was acknowledged: no two are named alike.
    named: BTreeSet<LineId>,
}

impl Auditor {
    /// Empty books of a shop where every work costs `price_micros`.
    pub const fn new(price_micros: i64) -> Self {
        Self { price_micros, tabs: Vec::new(), works: BTreeMap::new(), named: BTreeSet::new() }
    }

    /// A tab nobody has bought on yet.
    pub fn meet_tab(&mut self, token: &str) -> TabId {
        self.tabs.push(Tab { token: token.to_owned(), lines: Vec::new() });
        TabId(self.tabs.len() - 1)
    }

    /// Every tab met.
    pub fn tabs(&self) -> impl Iterator<Item = TabId> + use<> {
        (0..self.tabs.len()).map(TabId)
    }

    /// The cookie value of a tab.
    pub fn token(&self, tab: TabId) -> &str {
        &self.tabs[tab.0].token
    }

    /// Everything acknowledged on a tab, undone or not, in order.
    pub fn lines(&self, tab: TabId) -> &[Line] {
        &self.tabs[tab.0].lines
    }

    /// The lines of a tab that are to be paid.
    pub fn open_lines(&self, tab: TabId) -> impl Iterator<Item = &Line> {
        self.lines(tab).iter().filter(|line| !line.undone)
    }

    /// The open line that gives a work, if there is one.
    pub fn owned(&self, tab: TabId, slug: usize) -> Option<&Line> {
        self.open_lines(tab).find(|line| line.slug == slug)
    }

    /// What a tab must owe, in micro-units.
    pub fn total_micros(&self, tab: TabId) -> i64 {
        self.open_lines(tab).map(|line| line.price_micros).sum()
    }

    /// The line of every acknowledged purchase, undone or not.
    pub fn acknowledged(&self) -> impl Iterator<Item = LineId> {
        self.named.iter().copied()
    }

    /// Judges an answer to a purchase and enters what it acknowledged.
    ///
    /// # Errors
    /// The promise that the answer breaks.
    pub fn bought(
        &mut self,
        tab: TabId,
        purchase: PurchaseId,
        slug: usize,
        answer: &BuyAnswer,
        asked: Asked,
    ) -> Result<(), Violation> {
        self.same_tab(tab, answer)?;
        self.same_work(purchase, slug, answer)?;
        if let Some(known) = self.lines(tab).iter().find(|line| line.purchase == purchase) {
            return same_answer(known, answer);
        }
        let owned = self.owned(tab, slug).is_some();
        match (answer.bought, owned) {
            (true, true) => return Err(Violation::ChargedTwice(tab, purchase)),
            (false, false) if asked == Asked::First => {
                return Err(Violation::NeverBought(tab, purchase));
            }
            (false, true) => {}
            (true | false, false) => self.enter(tab, purchase, slug, answer)?,
        }
        if asked == Asked::First { self.total_is(tab, answer.total_micros) } else { Ok(()) }
    }

    /// Enters an acknowledged undo.
    pub fn undone(&mut self, tab: TabId, purchase: PurchaseId) {
        let lines = &mut self.tabs[tab.0].lines;
        lines
            .iter_mut()
            .filter(|line| line.purchase == purchase)
            .for_each(|line| line.undone = true);
    }

    /// Judges a total that the shop gave just now.
    ///
    /// # Errors
    /// [`Violation::WrongTotal`].
    pub fn total_is(&self, tab: TabId, said_micros: i64) -> Result<(), Violation> {
        let lines = self.total_micros(tab);
        if lines == said_micros {
            Ok(())
        } else {
            Err(Violation::WrongTotal(tab, lines, said_micros))
        }
    }

    fn same_tab(&self, tab: TabId, answer: &BuyAnswer) -> Result<(), Violation> {
        match &answer.new_tab {
            Some(token) if token != self.token(tab) => Err(Violation::TabForgotten(tab)),
            _ => Ok(()),
        }
    }

    fn same_work(
        &mut self,
        purchase: PurchaseId,
        slug: usize,
        answer: &BuyAnswer,
    ) -> Result<(), Violation> {
        let work = self.works.entry(slug).or_insert_with(|| answer.work.clone());
        if *work == answer.work {
            return Ok(());
        }
        Err(Violation::OtherAnswer(purchase, format!("{} instead of {work}", answer.work)))
    }

    fn enter(
        &mut self,
        tab: TabId,
        purchase: PurchaseId,
        slug: usize,
        answer: &BuyAnswer,
    ) -> Result<(), Violation> {
        if answer.price_micros != self.price_micros {
            return Err(Violation::WrongPrice(purchase, answer.price_micros));
        }
        if !self.named.insert(answer.line) {
            return Err(Violation::OtherAnswer(purchase, format!("line {} again", answer.line)));
        }
        self.tabs[tab.0].lines.push(Line {
            purchase,
            slug,
            line: answer.line,
            work: answer.work.clone(),
            price_micros: answer.price_micros,
            undone: false,
        });
        Ok(())
    }
}

fn same_answer(known: &Line, answer: &BuyAnswer) -> Result<(), Violation> {
    let same = known.line == answer.line
        && known.work == answer.work
        && known.price_micros == answer.price_micros;
    if same { Ok(()) } else { Err(Violation::OtherAnswer(known.purchase, format!("{answer:?}"))) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    const PRICE: i64 = 10_000;

    fn answer(purchase: PurchaseId, bought: bool, total_micros: i64) -> BuyAnswer {
        BuyAnswer {
            line: LineId::from_bytes(purchase.bits().to_be_bytes()),
            work: "wrk_1".into(),
            bought,
            price_micros: PRICE,
            total_micros,
            new_tab: None,
        }
    }

    fn books() -> (Auditor, TabId, PurchaseId, PurchaseId) {
        let mut auditor = Auditor::new(PRICE);
        let tab = auditor.meet_tab("t");
        let mut chance = Chance::new(3);
        (auditor, tab, PurchaseId::mint(&mut chance), PurchaseId::mint(&mut chance))
    }

    #[test]
    fn an_honest_shop_is_not_accused() {
        let (mut auditor, tab, first, second) = books();
        let entered = [
            auditor.bought(tab, first, 1, &answer(first, true, PRICE), Asked::First),
            auditor.bought(tab, first, 1, &answer(first, true, PRICE), Asked::Again),
            auditor.bought(tab, first, 1, &answer(first, false, PRICE), Asked::Again),
            auditor.bought(tab, second, 1, &answer(second, false, PRICE), Asked::First),
        ];
        assert_eq!(entered, [Ok(()), Ok(()), Ok(()), Ok(())]);
        auditor.undone(tab, first);
        assert_eq!(auditor.total_is(tab, 0), Ok(()));
        let third = PurchaseId::from_bits(first.bits() ^ 1);
        let bought = auditor.bought(tab, third, 1, &answer(third, true, PRICE), Asked::First);
        assert_eq!(bought, Ok(()));
        assert_eq!(auditor.acknowledged().count(), 2);
    }

    #[test]
    fn a_lost_purchase_shows_in_the_total() {
        let (mut auditor, tab, first, _) = books();
        auditor.bought(tab, first, 1, &answer(first, true, PRICE), Asked::First).unwrap();
        assert_eq!(auditor.total_is(tab, 0), Err(Violation::WrongTotal(tab, PRICE, 0)));
    }

    #[test]
    fn a_work_the_reader_has_is_not_charged_again() {
        let (mut auditor, tab, first, second) = books();
        auditor.bought(tab, first, 1, &answer(first, true, PRICE), Asked::First).unwrap();
        let again = auditor.bought(tab, second, 1, &answer(second, true, 2 * PRICE), Asked::First);
        assert_eq!(again, Err(Violation::ChargedTwice(tab, second)));
    }

    #[test]
    fn a_work_nobody_bought_is_not_owned() {
        let (mut auditor, tab, first, _) = books();
        let owned = auditor.bought(tab, first, 1, &answer(first, false, 0), Asked::First);
        assert_eq!(owned, Err(Violation::NeverBought(tab, first)));
    }

    #[test]
    fn asking_again_gives_the_same_line_work_and_price() {
        let (mut auditor, tab, first, second) = books();
        auditor.bought(tab, first, 1, &answer(first, true, PRICE), Asked::First).unwrap();
        let others = [
            BuyAnswer { line: answer(second, false, PRICE).line, ..answer(first, false, PRICE) },
            BuyAnswer { work: "wrk_2".into(), ..answer(first, false, PRICE) },
            BuyAnswer { price_micros: 1, ..answer(first, false, PRICE) },
        ];
        for other in others {
            let again = auditor.bought(tab, first, 1, &other, Asked::Again);
            assert!(matches!(again, Err(Violation::OtherAnswer(..))), "{again:?}");
        }
    }

    #[test]
    fn two_purchases_are_never_one_line() {
        let (mut auditor, tab, first, second) = books();
        auditor.bought(tab, first, 1, &answer(first, true, PRICE), Asked::First).unwrap();
        let elsewhere = auditor.meet_tab("u");
        let other = answer(first, true, PRICE);
        let again = auditor.bought(elsewhere, second, 1, &other, Asked::First);
        assert!(matches!(again, Err(Violation::OtherAnswer(..))), "{again:?}");
    }

    #[test]
    fn a_cookie_keeps_opening_the_same_tab() {
        let (mut auditor, tab, first, _) = books();
        let other = BuyAnswer { new_tab: Some("u".into()), ..answer(first, true, PRICE) };
        let bought = auditor.bought(tab, first, 1, &other, Asked::First);
        assert_eq!(bought, Err(Violation::TabForgotten(tab)));
    }
}
