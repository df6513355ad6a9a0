//! [`Crowd`]: everybody who asks the shop for something: readers, the operator, rails; and the network between them, which
//! loses, repeats and delays.

mod money_back;

use super::naive::Naive;
use super::scene::{LINE_KEY, Scene, Temper, pick};
use crate::chance::Chance;
use ardoise::ids::LineNames;
use ardoise::till::command::{
    Answer, BuyAsk, Command, Outcome, PayOutAsk, SecretHash, SettleAsk, TabClaim, UndoAsk,
};
use ledger::receipts::consent_number;
use ledger::{
    Account, AuthorId, Buy, Currency, Excess, LineId, Money, PayOut, PayoutId, Price, PurchaseId,
    RailNumber, Settle, SettlementId, ShopId as _, TabId, UndoneBy, Verdict,
};
use money_back::Returns;
use std::collections::VecDeque;

/// Requests that are remembered, to be asked again much later.
const REMEMBERED: usize = 200;
/// Lines that are remembered, to be undone.
const LINES: usize = 120;
/// Batches that a late request waits at most.
const LATE: u64 = 30;
/// Batches that a slow rail waits at most.
const SLOW: u64 = 300;
/// In a thousand taps, so many are made by a reader who has just cleared the browser: a new tab.
const NEW_READERS: u64 = 8;

/// A device that has a tab.
#[derive(Debug, Clone, Copy)]
struct Reader {
    tab: TabId,
    secret: SecretHash,
}

/// Everybody who asks.
pub struct Crowd {
    chance: Chance,
    line_names: LineNames,
    temper: Temper,
    readers: Vec<Reader>,
    authors: Vec<AuthorId>,
    next_tab: i64,
    next_payout: i64,
    /// The number of the batch that is coming together.
    batch: u64,
    /// Requests on their way, each with the batch before which it does not arrive.
    on_the_way: VecDeque<(u64, Command)>,
    remembered: VecDeque<Command>,
    lines: VecDeque<(LineId, Reader)>,
    /// Whose line was taken back last.
    regretful: Option<TabId>,
    /// The line for which the clock was set: whoever has it may take it back at this very moment.
    looked_at: Option<(LineId, Reader)>,
    returns: Returns,
    currency: Currency,
}

impl Crowd {
    /// The crowd of a shop.
    pub fn new(chance: Chance, scene: &Scene) -> Self {
        let mut crowd = Self {
            chance,
            line_names: LineNames::new(&LINE_KEY),
            temper: scene.temper,
            readers: Vec::new(),
            authors: scene.authors.iter().map(|(author, _)| *author).collect(),
            next_tab: 1,
            next_payout: 1,
            batch: 0,
            on_the_way: VecDeque::new(),
            remembered: VecDeque::new(),
            lines: VecDeque::new(),
            regretful: None,
            looked_at: None,
            returns: Returns::default(),
            currency: scene.tariff.currency,
        };
        crowd.readers = (0..scene.readers).map(|_| crowd.new_reader()).collect();
        crowd
    }

    /// What arrives together and makes batch number `batch`, in the order of its arrival.
    pub fn batch(&mut self, batch: u64, naive: &Naive) -> Vec<Command> {
        self.batch = batch;
        let size = 1 + self.chance.below(self.temper.batch);
        let mut arrived = Vec::new();
        for _ in 0..self.on_the_way.len() {
            let Some((not_before, command)) = self.on_the_way.pop_front() else { break };
            if not_before <= batch && (arrived.len() as u64) < size {
                arrived.push(command);
            } else {
                self.on_the_way.push_back((not_before, command));
            }
        }
        while (arrived.len() as u64) < size {
            let asked = self.ask(naive);
            self.remember(&asked);
            arrived.extend(self.by_network(asked));
        }
        arrived
    }

    /// Whoever got no answer asks for the same again, sooner or later, or gives up.
    pub fn unanswered(&mut self, commands: Vec<Command>) {
        for command in commands {
            if self.chance.percent(90) {
                self.send_late(command, LATE);
            }
        }
    }

    fn send_late(&mut self, command: Command, most: u64) {
        let not_before = self.batch + self.chance.below(most);
        self.on_the_way.push_back((not_before, command));
    }

    /// Whoever got an answer remembers what it is good for.
    pub fn answered(&mut self, command: &Command, outcome: &Outcome) {
        self.money_answered(command, outcome);
        let (Command::Buy(ask), Ok(Answer::Bought { line, .. })) = (command, outcome) else {
            return;
        };
        let reader = Reader { tab: ask.tab.id, secret: ask.tab.secret_hash };
        self.lines.push_back((*line, reader));
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
    }

    /// A line that somebody has bought lately.
    pub fn recent_line(&mut self) -> Option<LineId> {
        let place = self.chance.index(self.lines.len());
        self.looked_at = self.lines.get(place).copied();
        self.looked_at.map(|(line, _)| line)
    }

    fn remember(&mut self, asked: &Command) {
        self.remembered.push_back(asked.clone());
        if self.remembered.len() > REMEMBERED {
            self.remembered.pop_front();
        }
    }

    /// What becomes of a request: it arrives now, later, more than once, or never.
    fn by_network(&mut self, asked: Command) -> Option<Command> {
        let temper = self.temper;
        while self.chance.percent(temper.repeated) {
            self.send_late(asked.clone(), LATE);
        }
        if self.chance.percent(temper.lost) {
            return None;
        }
        if self.chance.percent(temper.delayed) {
            self.send_late(asked, LATE);
            return None;
        }
        Some(asked)
    }

    fn ask(&mut self, naive: &Naive) -> Command {
        if self.chance.percent(self.temper.mistaken) && !self.remembered.is_empty() {
            return self.mistake();
        }
        match self.chance.below(100) {
            0..56 => self.tap(naive),
            56..71 => self.undo(),
            71..83 => self.settle(naive),
            83..86 => self.pay_out(naive),
            86 => self.payout_ends().unwrap_or_else(|| self.pay_out(naive)),
            87..97 => self.money_back(naive),
            // Somebody finds an old page among their tabs.
            _ => match self.remembered.len() {
                0 => self.tap(naive),
                known => self.remembered[self.chance.index(known)].clone(),
            },
        }
    }

    fn tap(&mut self, naive: &Naive) -> Command {
        let place = self.chance.index(self.readers.len());
        if self.chance.below(1_000) < NEW_READERS {
            self.readers[place] = self.new_reader();
        }
        let mut reader = self.readers[place];
        if self.chance.percent(self.temper.stolen) {
            reader.secret = self.readers[self.chance.index(self.readers.len())].secret;
        }
        // One link leads nowhere.
        let work = self.chance.index(naive.shelf.len() + 1);
        let on_shelf = naive.shelf.get(work);
        let price = on_shelf.map_or(Price::Free, |on_shelf| on_shelf.price);
        let micros = self.amount(price, naive.room(reader.tab));
        let slug = on_shelf.map_or_else(|| "nowhere".to_owned(), |on_shelf| on_shelf.slug.clone());
        let locale = pick(&mut self.chance, &["en", "fr"]);
        let label =
            format!("{}, {}", pick(&mut self.chance, &["Pay", "Get it"]), price_word(price));
        let buy = Buy {
            line: LineId::from_bytes(self.id()),
            amount: self.money(micros),
            consent: consent_number(locale, &label),
        };
        let opens = self.chance.percent(95);
        let tab = TabClaim { id: reader.tab, secret_hash: reader.secret, opens };
        let channel = pick(&mut self.chance, &["", "", "mastodon", "mail"]).to_owned();
        Command::Buy(BuyAsk { tab, slug, channel, buy, locale, label })
    }

    /// What a reader offers: the price as a rule, a micro-unit more or less now and then; where the reader chooses, also
    /// what fills the tab to the brim, or passes it by one.
    fn amount(&mut self, price: Price, room: i64) -> i64 {
        let (least, asked) = match price {
            Price::Free => (0, 0),
            Price::Fixed(amount) => (amount.micros(), amount.micros()),
            Price::Chosen { minimum, suggestion } => (minimum.micros(), suggestion.micros()),
        };
        match self.chance.below(100) {
            0..2 => asked + 1,
            2..4 => least - 1,
            4..44 if least != asked => pick(&mut self.chance, &[room, room + 1, least, room / 2]),
            _ => asked,
        }
    }

    /// A line that somebody has bought lately; as a rule whoever has taken one back takes back another.
    fn regretted(&mut self) -> Option<(LineId, Reader)> {
        if let Some(line) = self.looked_at.take() {
            return Some(line);
        }
        let is_again = self.chance.percent(80);
        let again = self.regretful.filter(|_| is_again);
        let theirs = |(_, reader): &&(LineId, Reader)| again.is_none_or(|tab| reader.tab == tab);
        let known: Vec<(LineId, Reader)> = self.lines.iter().filter(theirs).copied().collect();
        known.get(self.chance.index(known.len())).copied()
    }

    fn undo(&mut self) -> Command {
        let bought = self.regretted();
        let unknown = |crowd: &mut Self| (LineId::from_bytes(crowd.id()), crowd.readers[0]);
        let (line, mut reader) = match bought {
            Some(bought) if !self.chance.percent(3) => bought,
            _ => unknown(self),
        };
        if self.chance.percent(self.temper.stolen) {
            reader = self.readers[self.chance.index(self.readers.len())];
        }
        let by = if self.chance.percent(20) { UndoneBy::Shop } else { UndoneBy::Reader };
        let tab = (by == UndoneBy::Reader).then_some((reader.tab, reader.secret));
        self.regretful = Some(reader.tab);
        Command::Undo(UndoAsk { line, tab, by })
    }

    /// Money that a rail says has come in. One rail is in time, one is slow, and one repeats itself, loses, and lies.
    fn settle(&mut self, naive: &Naive) -> Command {
        let reader = self.readers[self.chance.index(self.readers.len())];
        let owed = naive.owed(reader.tab);
        let oldest = naive.waiting(reader.tab).first().map_or(0, |line| line.shares.gross.micros());
        let rail = 1 + self.chance.below(3);
        let micros = match self.chance.below(10) {
            0 => oldest,
            1 => owed / 2,
            2 => self.chance.below(1_000_000) as i64,
            3 if rail == 3 => owed + 1,
            4 if rail == 2 => owed + self.chance.below(3_000_000) as i64,
            4 if rail == 3 => 0,
            _ => owed,
        };
        let fee = match (rail, self.chance.below(4)) {
            (1, _) => 0,
            (_, 0) => micros / 100 + 250_000,
            (3, 1) => micros * 2,
            _ => micros * 29 / 1_000,
        };
        let settle = Settle {
            id: SettlementId::from_bytes(self.id()),
            rail: RailNumber(rail as u16),
            received: self.money(micros),
            rail_fee: self.money(fee),
        };
        // The first is the operator, who may mistype; the third does not always say what holds.
        let excess = match rail {
            1 => Excess::Refused,
            2 => Excess::Credited,
            _ => pick(&mut self.chance, &[Excess::Refused, Excess::Credited]),
        };
        let ask = SettleAsk { tab: reader.tab, settle, excess, reference: "R1".into() };
        self.by_rail(Command::Settle(ask), rail, naive)
    }

    fn by_rail(&mut self, settle: Command, rail: u64, naive: &Naive) -> Command {
        while rail == 3 && self.chance.percent(60) {
            self.send_late(settle.clone(), 2 * SLOW);
        }
        let is_lost = rail == 3 && self.chance.percent(20);
        if rail == 1 || !is_lost && self.chance.percent(50) {
            return settle;
        }
        if !is_lost {
            self.send_late(settle, SLOW);
        }
        // It is told later, or never: what arrives now is a tap.
        self.tap(naive)
    }

    fn pay_out(&mut self, naive: &Naive) -> Command {
        let author = self.authors[self.chance.index(self.authors.len())];
        let available = naive.balance(Account::Available(author)).max(0) as i64;
        let micros = match self.chance.below(8) {
            0 => available + 1,
            1 => 0,
            2 => available,
            _ => available / 3,
        };
        let id = PayoutId::from_raw(self.next_payout);
        self.next_payout += 1;
        let (rail, amount) = (RailNumber(1), self.money(micros));
        let pay_out = PayOut { id, author, rail, amount };
        Command::PayOut(PayOutAsk { pay_out, reference: "P1".into() })
    }

    /// An id that was used before, for something else.
    fn mistake(&mut self) -> Command {
        let known = self.chance.index(self.remembered.len());
        let mut command = self.remembered[known].clone();
        let other = self.readers[self.chance.index(self.readers.len())];
        let more = |money: Money| Money::from_micros(money.micros() + 1, money.currency());
        match &mut command {
            Command::Buy(ask) if self.chance.percent(50) => {
                if ask.tab.id != other.tab {
                    // The shop names it anew: a purchase on another tab is another line.
                    let purchase = PurchaseId::from_bytes(ask.buy.line.bytes());
                    ask.buy.line = self.line_names.of(purchase, other.tab);
                }
                ask.tab = TabClaim { id: other.tab, secret_hash: other.secret, opens: true };
            }
            Command::Buy(ask) => ask.buy.amount = more(ask.buy.amount).expect("a small amount"),
            Command::Undo(ask) => ask.tab = Some((other.tab, other.secret)),
            Command::Settle(ask) if self.chance.percent(50) => ask.tab = other.tab,
            Command::Settle(ask) => {
                ask.settle.received = more(ask.settle.received).expect("a small amount");
            }
            Command::PayOut(ask) => {
                ask.pay_out.amount = more(ask.pay_out.amount).expect("a small amount");
            }
            Command::PayOutEnded(ask) => ask.fee = more(ask.fee).expect("a small amount"),
            Command::Refund(ask) if self.chance.percent(50) => ask.tab = other.tab,
            Command::Refund(ask) => {
                ask.refund.amount = more(ask.refund.amount).expect("a small amount");
            }
            Command::RefundFailed(ask) => ask.tab = other.tab,
            Command::FeeBack(ask) if self.chance.percent(50) => ask.tab = other.tab,
            Command::FeeBack(ask) => ask.amount = more(ask.amount).expect("a small amount"),
            Command::Dispute(ask) if self.chance.percent(50) => ask.tab = other.tab,
            Command::Dispute(ask) => {
                ask.dispute.amount = more(ask.dispute.amount).expect("a small amount");
            }
            Command::DisputeEnded(ask) => {
                ask.verdict = match ask.verdict {
                    Verdict::Won => Verdict::Lost,
                    Verdict::Lost => Verdict::Won,
                };
            }
            Command::Reopen(tab)
            | Command::WriteOff(tab)
            | Command::Bind(tab)
            | Command::Unbind(tab) => *tab = other.tab,
        }
        command
    }

    fn new_reader(&mut self) -> Reader {
        let tab = TabId::from_raw(self.next_tab);
        self.next_tab += 1;
        let mut secret = [0; 32];
        secret[..16].copy_from_slice(&self.id());
        Reader { tab, secret }
    }

    fn id(&mut self) -> [u8; 16] {
        let bits = u128::from(self.chance.bits()) << 64 | u128::from(self.chance.bits());
        bits.to_be_bytes()
    }

    fn money(&self, micros: i64) -> Money {
        Money::from_micros(micros.max(0), self.currency).expect("not below zero")
    }
}

const fn price_word(price: Price) -> &'static str {
    match price {
        Price::Free => "for nothing",
        Price::Fixed(_) => "as priced",
        Price::Chosen { .. } => "as you like",
    }
}
