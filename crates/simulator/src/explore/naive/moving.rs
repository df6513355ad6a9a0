//! How the second ledger moves money, and what it remembers of that.

use super::{Event, Held, Naive, Sold};

use ledger::time::MICROS_PER_MINUTE;
use ledger::{
    Account, Currency, Line, LineId, LineState, Money, RailNumber, Reason, Subject, Timestamp,
    Transfer,
};

/// Microseconds in an hour.
const HOUR_MICROS: i64 = 60 * MICROS_PER_MINUTE;

impl Naive {
    pub(super) fn post(&mut self, transfer: &Transfer) {
        let micros = i128::from(transfer.amount.micros());
        for (account, debited) in [(transfer.debit, micros), (transfer.credit, -micros)] {
            let grows_by_debit =
                matches!(account, Account::Tab(_) | Account::Rail(_) | Account::Disputes);
            *self.balances.entry(account).or_default() +=
                if grows_by_debit { debited } else { -debited };
        }
        self.effects.wrote = true;
    }

    pub(super) fn turn_into(&mut self, line: LineId, state: LineState) {
        let tab = self.whose.get(&line).and_then(|tab| self.tabs.get_mut(tab));
        let held = tab.and_then(|tab| tab.lines.iter_mut().find(|held| held.line.id == line));
        if let Some(held) = held {
            held.state = state;
        }
    }

    pub(super) fn count(&mut self, line: LineId, more: Sold) {
        let Some(Held { line, link, channel, .. }) = self.held(line).cloned() else { return };
        let hour = line.bought_at.micros() / HOUR_MICROS;
        let sold = self.sold.entry((line.author, hour, line.work, link, channel)).or_default();
        sold.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
    }

    pub(super) fn tell(&mut self, kind: &'static str, line: &Line, at: Timestamp) {
        self.events.push(Event { kind, line: *line, at });
        self.touched.insert(line.id);
        self.effects.authors.insert(line.author);
        self.effects.wrote = true;
    }
}

/// A reason, the account that is debited, the one that is credited, and how much.
pub(super) type Move = (Reason, Account, Account, i64);

/// The moves that move something, as transfers.
pub(super) fn made(
    at: Timestamp,
    subject: Subject,
    moves: Vec<Move>,
    currency: Currency,
) -> Vec<Transfer> {
    let something = moves.into_iter().filter(|(.., micros)| *micros > 0);
    let transfer = |(reason, debit, credit, micros)| {
        let amount = Money::from_micros(micros, currency).expect("above zero");
        Transfer { at, reason, subject, debit, credit, amount }
    };
    something.map(transfer).collect()
}

/// A line that is put on its tab: the tab owes its author, the operator and the state.
pub(super) fn bought(line: &Line) -> Vec<Transfer> {
    let tab = Account::Tab(line.tab);
    let moves = vec![
        (Reason::Bought, tab, Account::Pending(line.author), line.shares.author.micros()),
        (Reason::Bought, tab, Account::OperatorFees, line.shares.fee.micros()),
        (Reason::Bought, tab, Account::Vat, line.shares.vat.micros()),
    ];
    made(line.bought_at, Subject::Line(line.id), moves, line.shares.gross.currency())
}

/// A line that is paid: its author's share becomes available, less the rail's fee; a fee above the share is taken from
/// what was available before.
pub(super) fn shared(line: &Line, rail: RailNumber, fee: i64) -> Vec<Move> {
    let share = line.shares.author.micros();
    let from_share = fee.min(share);
    let (pending, available) = (Account::Pending(line.author), Account::Available(line.author));
    vec![
        (Reason::Settled, pending, available, share - from_share),
        (Reason::RailFee, pending, Account::Rail(rail), from_share),
        (Reason::RailFee, available, Account::Rail(rail), fee - from_share),
    ]
}
