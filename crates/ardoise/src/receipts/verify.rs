//! Checking a receipt without asking the shop: is it whole, do its hashes follow from each other, do its sums follow
//! from its entries, and did the shop sign it?

mod replay;

use super::document::{About, Bought, Document, Entry, FORMAT, Sums, What, unhex};
use super::http::Published;
use super::key::PublicKey;
use crate::api::wire::{Amount, SaleState, instant};
use ledger::receipts::{Chain, Entry as Happened, Hash, consent_number, version_digest};
use ledger::{Currency, LineState, Money, TabId, Timestamp};
use replay::Replay;
use std::str::FromStr;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Why a receipt is not to be believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read as a receipt.
    #[error("this is not a receipt: {0}")]
    NotAReceipt(String),
    /// A value in it cannot be.
    #[error("{0}: this value cannot be")]
    Value(String),
    /// An entry is not the one that was hashed, or does not follow from the one before.
    #[error("entry {number} {what}")]
    Entry {
        /// Which.
        number: u64,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The entries come to something else than it says.
    #[error("{0}")]
    Sums(String),
    /// The file of published keys cannot be read.
    #[error("the key file is not what a shop publishes at /.well-known/ardoise: {0}")]
    NotKeys(String),
    /// It was signed with a key that was not published.
    #[error(
        "it was signed with the key {0}, which is not in the key file: another shop made it, or nobody"
    )]
    OtherKey(String),
    /// The signature is not of this text.
    #[error("the signature does not hold: something was changed after it was signed")]
    Signature,
}

/// A receipt that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The receipt.
    pub document: Document,
    /// Whether the key was found among published ones. If not, it is the one inside the receipt: then nothing was changed
    /// since somebody signed it, and who that was is not known.
    pub signer_known: bool,
}

/// Checks the receipt that `text` is; `published` is what the shop publishes at `/.well-known/ardoise`.
///
/// # Errors
/// [`Refused`].
pub fn verify(text: &str, published: Option<&str>) -> Result<Verified, Refused> {
    let document = read(text)?;
    let key = match published {
        Some(published) => published_key(&document, published)?,
        None => document.key.clone(),
    };
    let sound = key.is_sound() && document.key == key;
    if !sound || !key.has_signed(document.signed_text().as_bytes(), &document.signature) {
        return Err(Refused::Signature);
    }
    check(&document)?;
    Ok(Verified { document, signer_known: published.is_some() })
}

/// Whether everything in a document follows from the rest of it, whoever signed it.
pub(crate) fn check(document: &Document) -> Result<(), Refused> {
    Check::of(document)?.all()
}

/// Reads a document, and refuses whatever in it is not part of one: what nobody looks at could be changed by anybody.
pub(crate) fn read(text: &str) -> Result<Document, Refused> {
    let refused = |error: serde_json::Error| Refused::NotAReceipt(error.to_string());
    let document: Document = serde_json::from_str(text).map_err(refused)?;
    let value: serde_json::Value = serde_json::from_str(text).map_err(refused)?;
    if serde_json::to_value(&document).map_err(refused)? != value {
        return Err(Refused::NotAReceipt("it holds more than a receipt does".into()));
    }
    if document.format != FORMAT {
        return Err(Refused::NotAReceipt(format!("its format is {:?}", document.format)));
    }
    Ok(document)
}

fn published_key(document: &Document, published: &str) -> Result<PublicKey, Refused> {
    let published: Published =
        serde_json::from_str(published).map_err(|error| Refused::NotKeys(error.to_string()))?;
    let found = published.keys.into_iter().find(|key| key.kid == document.key.kid);
    found.ok_or_else(|| Refused::OtherKey(document.key.kid.clone()))
}

/// A document whose values are being read and compared.
struct Check<'a> {
    document: &'a Document,
    currency: Currency,
    tab: TabId,
    entries: Vec<(u64, Happened)>,
}

impl<'a> Check<'a> {
    fn of(document: &'a Document) -> Result<Self, Refused> {
        let currency = value::<Currency>("currency", &document.currency)?;
        let tab = value::<TabId>("tab", &document.tab)?;
        time("made_at", &document.made_at)?;
        let mut check = Self { document, currency, tab, entries: Vec::new() };
        for entry in &document.entries {
            let happened = check.happened(entry)?;
            check.entries.push((entry.number, happened));
        }
        Ok(check)
    }

    fn all(&self) -> Result<(), Refused> {
        self.chain()?;
        match self.document.about {
            About::Tab => self.whole_tab(),
            About::Line => self.one_line(),
        }
    }

    fn happened(&self, entry: &Entry) -> Result<Happened, Refused> {
        let at = time("at", &entry.at)?;
        Ok(match &entry.what {
            What::Bought(bought) => self.bought(entry.number, bought, at)?,
            What::Undone(undone) => {
                self.money("undone.amount", &undone.amount)?;
                if !["reader", "shop"].contains(&undone.by.as_str()) {
                    return Err(Refused::Value("undone.by".into()));
                }
                Happened::Undone { line: value("undone.line", &undone.line)?, at }
            }
            What::Settled(settled) => Happened::Settled {
                settlement: value("settled.settlement", &settled.settlement)?,
                received: self.money("settled.received", &settled.received)?,
                at,
            },
            What::Refunded(made) => Happened::GivenBack {
                refund: value("refunded.refund", &made.refund)?,
                amount: self.money("refunded.amount", &made.amount)?,
                at,
            },
            What::RefundedElsewhere(made) => Happened::GivenElsewhere {
                refund: value("refunded_elsewhere.refund", &made.refund)?,
                amount: self.money("refunded_elsewhere.amount", &made.amount)?,
                at,
            },
            What::Reopened {} => Happened::Reopened { at },
            What::Returned(made) => Happened::Returned {
                refund: value("returned.refund", &made.refund)?,
                amount: self.money("returned.amount", &made.amount)?,
                at,
            },
            What::Disputed(one) => Happened::Disputed {
                settlement: value("disputed.settlement", &one.settlement)?,
                amount: self.money("disputed.amount", &one.amount)?,
                at,
            },
            What::DisputeEnded(one) => Happened::DisputeEnded {
                settlement: value("dispute_ended.settlement", &one.settlement)?,
                amount: self.money("dispute_ended.amount", &one.amount)?,
                won: one.won,
                at,
            },
            What::WrittenOff(lost) => {
                self.money("written_off.amount", &lost.amount)?;
                Happened::WrittenOff { line: value("written_off.line", &lost.line)?, at }
            }
        })
    }

    fn bought(&self, number: u64, bought: &Bought, at: Timestamp) -> Result<Happened, Refused> {
        let parts: Option<Vec<Hash>> = bought.parts.iter().map(|part| unhex(part)).collect();
        let parts = parts.ok_or_else(|| Refused::Value("bought.parts".into()))?;
        let version = hash("bought.version", &bought.version)?;
        if version_digest(&bought.title, &parts) != version {
            let what = "names another title or other parts than the version that was bought";
            return Err(Refused::Entry { number, what });
        }
        let gross = self.money("bought.price", &bought.price)?;
        let vat = self.money("bought.tax", &bought.tax)?;
        let rate = bought.tax_rate_basis_points;
        if gross.tax_within(rate).map(|(tax, _)| tax) != Ok(vat) {
            return Err(Refused::Entry { number, what: "has another tax than its rate makes" });
        }
        Ok(Happened::Bought {
            line: value("bought.line", &bought.line)?,
            work: value("bought.work", &bought.work)?,
            version,
            gross,
            vat,
            vat_basis_points: rate,
            consent: consent_number(&bought.consent.locale, &bought.consent.label),
            at,
        })
    }

    fn money(&self, name: &str, amount: &Amount) -> Result<Money, Refused> {
        let read = Money::parse(&amount.amount, self.currency).ok();
        let same = read.filter(|money| Amount::from(*money) == *amount);
        same.ok_or_else(|| Refused::Value(name.into()))
    }

    /// Hashes every entry again. Neighbours must follow from each other, the first from the tab, and the head from the
    /// last.
    fn chain(&self) -> Result<(), Refused> {
        let head = Chain {
            length: self.document.head.length,
            head: hash("head.hash", &self.document.head.hash)?,
        };
        let mut last = Chain::of(self.tab);
        for (entry, (number, happened)) in self.document.entries.iter().zip(&self.entries) {
            let wrong = |what| Err(Refused::Entry { number: *number, what });
            let before = Chain { length: *number, head: hash("before", &entry.before)? };
            if before.length < last.length || before.length == last.length && before != last {
                return wrong("does not follow from the one before");
            }
            let after = before.with(happened);
            if hash("hash", &entry.hash)? != after.head {
                return wrong("is not the one that was hashed");
            }
            last = after;
        }
        if head.length < last.length || head.length == last.length && head != last {
            return Err(Refused::Sums("the chain ends elsewhere than the receipt says".into()));
        }
        Ok(())
    }

    /// Nothing may be left out of a tab, and every figure follows from what happened.
    fn whole_tab(&self) -> Result<(), Refused> {
        let numbers = (0..).zip(&self.entries).all(|(expected, (number, _))| expected == *number);
        if !numbers || self.document.head.length != self.entries.len() as u64 {
            return Err(Refused::Sums("entries are missing".into()));
        }
        let mut replay = Replay::default();
        for ((number, happened), entry) in self.entries.iter().zip(&self.document.entries) {
            replay.step(happened, &entry.what, *number)?;
        }
        let lines = self.document.entries.iter().filter_map(|entry| match &entry.what {
            What::Bought(bought) => Some((entry.number, bought)),
            _ => None,
        });
        for ((number, bought), line) in lines.zip(&replay.lines) {
            let paid_by = line.paid_by.map(|by| by.to_string());
            if bought.state != line.state() || bought.paid_by != paid_by {
                return Err(Refused::Entry { number, what: "stands otherwise than it says" });
            }
        }
        match &self.document.sums {
            Some(sums) => self.sums(sums, &replay),
            None => Err(Refused::Sums("the sums are missing".into())),
        }
    }

    fn sums(&self, told: &Sums, replay: &Replay) -> Result<(), Refused> {
        let bought: i128 = replay.lines.iter().map(|line| micros(line.gross)).sum();
        let undone = replay.lines.iter().filter(|line| line.undone);
        let undone: i128 = undone.map(|line| micros(line.gross)).sum();
        let left = bought - undone - replay.received + replay.given_back - replay.borne;
        let nothing = Amount::from(Money::zero(self.currency));
        // Nothing given back is not told, nor nothing borne.
        if [&told.given_back, &told.borne].into_iter().flatten().any(|told| *told == nothing) {
            return Err(Refused::Sums("nothing was given back, or borne".into()));
        }
        let given_back = told.given_back.as_ref().unwrap_or(&nothing);
        let borne = told.borne.as_ref().unwrap_or(&nothing);
        let computed = [
            ("given_back", given_back, replay.given_back),
            ("borne", borne, replay.borne),
            ("bought", &told.bought, bought),
            ("undone", &told.undone, undone),
            ("received", &told.received, replay.received),
            ("owed", &told.owed, left.max(0)),
            ("credit", &told.credit, (-left).max(0)),
        ];
        for (name, amount, computed) in computed {
            let told = self.money(&format!("sums.{name}"), amount)?;
            if micros(told) != computed {
                return Err(Refused::Sums(format!("what was {name} adds up to something else")));
            }
        }
        Ok(())
    }

    /// A line's receipt holds the line, and of the rest what concerns it.
    fn one_line(&self) -> Result<(), Refused> {
        let mut lines = self.document.entries.iter().filter_map(|entry| match &entry.what {
            What::Bought(bought) => Some((entry.number, bought)),
            _ => None,
        });
        let (Some((number, bought)), None) = (lines.next(), lines.next()) else {
            return Err(Refused::Sums("it holds another number of lines than one".into()));
        };
        let (mut undone, mut paid_by, mut lost) = (false, None, false);
        for entry in &self.document.entries {
            let foreign = match &entry.what {
                What::Bought(_) => false,
                What::Undone(one) => {
                    let again = std::mem::replace(&mut undone, true);
                    again || one.line != bought.line || one.amount != bought.price
                }
                What::Settled(one) => paid_by.replace(one.settlement.clone()).is_some(),
                What::WrittenOff(one) => {
                    let again = std::mem::replace(&mut lost, true);
                    again || one.line != bought.line || one.amount != bought.price
                }
                What::Refunded(_)
                | What::RefundedElsewhere(_)
                | What::Reopened {}
                | What::Returned(_)
                | What::Disputed(_)
                | What::DisputeEnded(_) => true,
            };
            if foreign || entry.number < number {
                let what = "does not concern the line";
                return Err(Refused::Entry { number: entry.number, what });
            }
        }
        let state = SaleState::from(LineState::of(undone, paid_by.is_some(), lost));
        if bought.state != state || bought.paid_by != paid_by || self.document.sums.is_some() {
            return Err(Refused::Entry { number, what: "stands otherwise than it says" });
        }
        Ok(())
    }
}

fn micros(money: Money) -> i128 {
    money.micros().into()
}

/// Reads an id or a code; only the text that the shop itself would write is one.
fn value<T: FromStr + std::fmt::Display>(name: &str, text: &str) -> Result<T, Refused> {
    let read = text.parse::<T>().ok().filter(|read| read.to_string() == text);
    read.ok_or_else(|| Refused::Value(name.into()))
}

fn hash(name: &str, text: &str) -> Result<Hash, Refused> {
    unhex(text).ok_or_else(|| Refused::Value(name.into()))
}

fn time(name: &str, text: &str) -> Result<Timestamp, Refused> {
    let read = OffsetDateTime::parse(text, &Rfc3339).ok();
    let micros = read.and_then(|time| i64::try_from(time.unix_timestamp_nanos() / 1_000).ok());
    let time = micros.map(Timestamp::from_micros).filter(|time| instant(*time) == text);
    time.ok_or_else(|| Refused::Value(name.into()))
}
