//! [`Receipts`]: a tab's chain of receipts, hashed a second time, after the layout that readers check their receipts by.

use ledger::receipts::{Chain, Hash};
use ledger::{Line, LineId, Money, SettlementId, ShopId as _, TabId, Timestamp};
use sha2::{Digest as _, Sha256};

/// The chain of a tab: how many receipts there are, and the hash of the last.
#[derive(Debug, Clone)]
pub struct Receipts {
    count: u64,
    head: Hash,
}

impl Receipts {
    /// A chain without a receipt begins with the tab.
    pub fn of(tab: TabId) -> Self {
        let origin = [b"ardoise/chain/1".as_slice(), &tab.raw().to_be_bytes()].concat();
        Self { count: 0, head: Sha256::digest(origin).into() }
    }

    /// The chain as the product says it.
    pub const fn chain(&self) -> Chain {
        Chain { length: self.count, head: self.head }
    }

    /// A line was put on the tab.
    pub fn bought(&mut self, line: &Line) {
        self.append(&[
            &[1],
            &line.id.bytes(),
            &line.work.raw().to_be_bytes(),
            &line.version_digest,
            &money(line.shares.gross),
            &money(line.shares.vat),
            &line.vat_basis_points.to_be_bytes(),
            &line.consent.to_be_bytes(),
            &line.bought_at.micros().to_be_bytes(),
        ]);
    }

    /// A line was taken back.
    pub fn undone(&mut self, line: LineId, at: Timestamp) {
        self.append(&[&[2], &line.bytes(), &at.micros().to_be_bytes()]);
    }

    /// Money came in, or lines were paid from credit.
    pub fn settled(&mut self, settlement: SettlementId, received: Money, at: Timestamp) {
        let received = money(received);
        self.append(&[&[3], &settlement.bytes(), &received, &at.micros().to_be_bytes()]);
    }

    /// Money went back, or did not, or is disputed, or was: `kind` says which.
    pub fn money(&mut self, kind: u8, id: [u8; 16], amount: Money, at: Timestamp) {
        self.append(&[&[kind], &id, &money(amount), &at.micros().to_be_bytes()]);
    }

    /// A line was written off.
    pub fn written_off(&mut self, line: LineId, at: Timestamp) {
        self.append(&[&[9], &line.bytes(), &at.micros().to_be_bytes()]);
    }

    /// The tab was opened again.
    pub fn reopened(&mut self, at: Timestamp) {
        self.append(&[&[11], &at.micros().to_be_bytes()]);
    }

    fn append(&mut self, fields: &[&[u8]]) {
        let number = self.count.to_be_bytes();
        let before: [&[u8]; 3] = [&self.head, &number, b"ardoise/receipt/1"];
        let mut receipt = before.concat();
        receipt.extend(fields.concat());
        self.head = Sha256::digest(receipt).into();
        self.count += 1;
    }
}

/// An amount, as it stands on a receipt: the currency's three letters, then micro-units.
fn money(amount: Money) -> Vec<u8> {
    [amount.currency().code().as_bytes(), &amount.micros().to_be_bytes()].concat()
}
