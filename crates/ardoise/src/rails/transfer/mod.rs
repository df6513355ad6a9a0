//! SEPA credit transfers: the reader tells their bank, and the operator's bank says days later what came.
//!
//! Nobody can be asked what became of a transfer. The operator brings the bank's statement ([`crate::bank`]), which is read into
//! the store; what it says of a charge is what [`look`](Rail::look) finds there. So an import settles nothing by itself: it
//! says that there is news, and the charge goes the way of every other.
//!
//! A person types a transfer: it may be of another amount, come twice, or come weeks later. All of it is received.

pub mod epc;
pub mod reference;
mod settings;

pub use settings::{TransferSettings, read_iban};

use super::TRANSFER;
use super::port::{
    Asked, Begun, Charge, Fact, Fee, Next, Outcome, Rail, RailError, Receipt, Terms,
};
use crate::store::{Store, bank};
use epc::Payee;
use ledger::{Currency, Money};

/// Hours for which the details of a transfer are offered: a week. A transfer takes a working day, and longer around holidays; one
/// that comes later is received all the same.
const OPEN_HOURS: i64 = 7 * 24;

/// SEPA credit transfers.
pub struct Transfer {
    terms: Terms,
    payee: Payee,
    store: Store,
}

impl Transfer {
    /// Transfers to the account that the settings name, as the store knows them. The fee is nothing: a bank charges the account, not
    /// the transfer.
    pub fn new(settings: &TransferSettings, store: Store) -> Self {
        let unit = Money::from_cents(1, Currency::Eur).expect("a cent is above zero");
        let terms = Terms {
            number: TRANSFER.number,
            name: TRANSFER.name,
            currencies: &[Currency::Eur],
            unit,
            minimum: settings.minimum,
            maximum: None,
            fee: Fee::none(Money::zero(Currency::Eur)),
            open_hours: OPEN_HOURS,
            amount_may_differ: true,
            charges_without_reader: false,
            binds_without_charge: false,
            refunds: false,
            payouts: None,
            is_fake: false,
            leads_to: Vec::new(),
        };
        Self { terms, payee: settings.payee.clone(), store }
    }

    fn begun(&self, charge: &Charge) -> Begun {
        let reference = reference::of(charge.id);
        let code = epc::write(&self.payee, charge.amount, &reference);
        let Payee { name, iban, bic } = &self.payee;
        let told = [
            ("fact-name", name.clone()),
            ("fact-iban", reference::grouped(iban)),
            ("fact-bic", bic.clone()),
            ("fact-reference", reference::grouped(&reference)),
        ];
        let facts = told.into_iter().filter(|(_, value)| !value.is_empty());
        let facts = facts.map(|(words, value)| Fact { words: words.into(), value }).collect();
        Begun { next: Next::Copy { code, facts }, reference, kept: String::new() }
    }
}

impl Rail for Transfer {
    fn terms(&self) -> &Terms {
        &self.terms
    }

    fn begin<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Begun> {
        Box::pin(async { Ok(self.begun(charge)) })
    }

    fn look<'a>(&'a self, charge: &'a Charge) -> Asked<'a, Outcome> {
        Box::pin(async {
            let came = self.store.read(|db| bank::paying(db, charge.id)).await;
            // The store is asked and nothing was sent anywhere: another time will tell.
            let came = came.map_err(|error| RailError::NotReached(error.to_string()))?;
            Ok(came.map_or(Outcome::WAITING, |came| {
                Outcome::Settled(Receipt {
                    received: came.amount,
                    fee: self.terms.fee.fixed,
                    reference: came.reference,
                    mandate: None,
                    email: None,
                })
            }))
        })
    }
}
