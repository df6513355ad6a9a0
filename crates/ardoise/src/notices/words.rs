//! A notice in words: the same on the tab's page and in a letter.

use super::{Facts, Kind, Notice};
use crate::pages::locale::Arg;
use crate::pages::{Locale, format};
use crate::rails::reason::Reason;
use crate::store::{Db, StoreError, charge};
use ledger::{Currency, SettlementId, Timestamp};

/// What the reader can do about a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// Nothing.
    Nothing,
    /// Pay what is owed.
    Pay,
    /// Object to being charged.
    Object,
}

/// A notice in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// What has happened, in one line.
    pub title: String,
    /// What there is to say besides, a paragraph each.
    pub lines: Vec<String>,
    /// What the reader can do about it.
    pub does: Does,
}

/// Whom a notice is told, and when.
#[derive(Debug, Clone, Copy)]
pub struct Telling {
    /// In which language.
    pub locale: Locale,
    /// The currency of the books.
    pub currency: Currency,
    /// What time it is.
    pub now: Timestamp,
    /// Whether the money came by a charge without the reader.
    pub was_charged: bool,
}

/// Whether a receipt is of a charge without the reader: then they are told otherwise.
///
/// # Errors
/// [`StoreError::Corrupt`], or whatever the engine says.
pub fn was_charged(db: &dyn Db, notice: &Notice, currency: Currency) -> Result<bool, StoreError> {
    let id: Option<SettlementId> = notice.subject.parse().ok();
    let Some(id) = id.filter(|_| notice.kind == Kind::Receipt) else { return Ok(false) };
    Ok(charge::by_id(db, id, currency)?.is_some_and(|charge| charge.period.is_some()))
}

impl Telling {
    /// Says a notice.
    pub fn say(&self, notice: &Notice) -> Said {
        let facts = &notice.facts;
        match notice.kind {
            Kind::Receipt => self.receipt(facts),
            Kind::Reminder => self.reminder(facts),
            Kind::Announced => self.announced(facts),
            Kind::Declined => self.declined(facts),
            Kind::Proof => self.said("notice-proof", &["notice-proof-body"], facts, Does::Pay),
            Kind::Objected => {
                self.said("notice-objected", &["notice-objected-body"], facts, Does::Pay)
            }
            Kind::Closed if facts.reason.is_empty() => {
                self.said("notice-closed", &["notice-closed-body"], facts, Does::Pay)
            }
            Kind::Closed => {
                self.said("notice-disputed", &["notice-disputed-body"], facts, Does::Nothing)
            }
            Kind::Refunded => {
                self.said("notice-refunded", &["notice-refunded-body"], facts, Does::Nothing)
            }
        }
    }

    fn receipt(&self, facts: &Facts) -> Said {
        let title = if self.was_charged { "notice-charged" } else { "notice-receipt" };
        let mut lines = vec!["notice-receipt-lines"];
        if facts.fee > 0 {
            lines.push("notice-receipt-fee");
        }
        lines.push(if facts.rest > 0 { "settled-left" } else { "settled-clean" });
        // What is left is said by a text that knows it as an amount.
        let mut said = self.said(title, &lines, facts, Does::Nothing);
        if facts.rest > 0 {
            let left = Facts { amount: facts.rest, ..Facts::default() };
            said.lines.pop();
            said.lines.push(self.text("settled-left", &left));
        }
        said
    }

    fn reminder(&self, facts: &Facts) -> Said {
        let is_past = facts.day().is_some_and(|day| day <= self.now);
        let title = if is_past { "notice-due" } else { "notice-reminder" };
        self.said(title, &["notice-reminder-body"], facts, Does::Pay)
    }

    fn announced(&self, facts: &Facts) -> Said {
        let lines = ["notice-announced-body", "notice-announced-object"];
        self.said("notice-announced", &lines, facts, Does::Object)
    }

    fn declined(&self, facts: &Facts) -> Said {
        let reason = Reason::from_code(&facts.reason).unwrap_or(Reason::Refused);
        let next =
            if facts.day.is_some() { "notice-declined-next" } else { "notice-declined-last" };
        self.said("notice-declined", &[reason.words(), next], facts, Does::Pay)
    }

    fn said(&self, title: &str, lines: &[&str], facts: &Facts, does: Does) -> Said {
        let lines = lines.iter().map(|key| self.text(key, facts)).collect();
        Said { title: self.text(title, facts), lines, does }
    }

    fn text(&self, key: &str, facts: &Facts) -> String {
        let money =
            |micros| Arg::Word(format::money(self.locale, Facts::money(micros, self.currency)));
        let day = facts.day().map(|day| format::date(self.locale, day, self.now));
        let rail = self.locale.text(&format!("rail-{}", facts.rail));
        let by = if facts.label.is_empty() {
            rail.into_owned()
        } else {
            format!("{rail} ({})", facts.label)
        };
        let args = [
            ("amount", money(facts.amount)),
            ("rest", money(facts.rest)),
            ("fee", money(facts.fee)),
            ("count", Arg::Count(facts.lines)),
            ("day", Arg::Word(day.unwrap_or_default())),
            ("by", Arg::Word(by)),
        ];
        self.locale.text_with(key, &args).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{ShopId as _, TabId};

    const NOW: Timestamp = Timestamp::from_micros(1_795_370_000_000_000);

    fn notice(kind: Kind, reason: &str) -> Notice {
        let facts = Facts {
            amount: 4_990_000,
            rest: 6_000_000,
            fee: 330_000,
            lines: 3,
            day: Some(NOW.plus_days(2).micros()),
            reason: reason.into(),
            rail: "stripe".into(),
            label: "Visa •••• 4242".into(),
        };
        Notice { tab: TabId::from_raw(1), kind, subject: "1".into(), facts, told_at: NOW }
    }

    #[test]
    fn every_notice_is_said_in_every_language() {
        for locale in Locale::ALL {
            for kind in Kind::ALL {
                for (reason, was_charged) in [("", false), ("funds", true), ("dispute", false)] {
                    let telling =
                        Telling { locale, currency: Currency::Eur, now: NOW, was_charged };
                    let said = telling.say(&notice(kind, reason));
                    let all = [std::slice::from_ref(&said.title), &said.lines].concat();
                    for text in &all {
                        let is_whole = !text.contains("notice-") && !text.contains('{');
                        assert!(is_whole && text.contains(' '), "{locale:?} {kind:?}: {text}");
                    }
                    assert!(all.len() > 1, "{locale:?} {kind:?}");
                }
            }
        }
    }

    #[test]
    fn an_announcement_says_how_much_now_how_much_at_most_when_and_by_what() {
        let telling =
            Telling { locale: Locale::Fr, currency: Currency::Eur, now: NOW, was_charged: false };
        let said = telling.say(&notice(Kind::Announced, ""));
        let all = format!("{} {}", said.title, said.lines.join(" "));
        for part in ["4,99\u{a0}€", "6,00\u{a0}€", "24\u{a0}novembre", "Visa •••• 4242"]
        {
            assert!(all.contains(part), "{part}: {all}");
        }
        assert_eq!(said.does, Does::Object);
    }
}
