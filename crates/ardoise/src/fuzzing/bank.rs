//! Statements of banks: whatever is brought, what is read of it can be booked.

use crate::bank::sheet::Chosen;
use crate::bank::statement::{Source, Statement};
use crate::bank::understood;
use std::collections::HashSet;

const IBAN: &str = "FR7630006000011234567890189";

/// CAMT.053.
pub(super) fn camt(bytes: &[u8]) {
    let Ok((None, Some(read))) = understood(bytes, IBAN, Chosen::default()) else { return };
    assert_eq!(read.source, Source::Camt);
    holds(bytes, &read, Chosen::default());
}

/// Tables: as they are, and with every two of their first columns taken for the day and the amount.
pub(super) fn sheet(bytes: &[u8]) {
    let columns = [None, Some(0), Some(1)];
    for (day, amount) in columns.iter().flat_map(|day| columns.map(|amount| (*day, amount))) {
        let chosen = Chosen { day, amount };
        let Ok((Some(layout), read)) = understood(bytes, IBAN, chosen) else { continue };
        assert_eq!(layout.is_whole(), read.is_some());
        if let Some(read) = read {
            holds(bytes, &read, chosen);
        }
    }
}

fn holds(bytes: &[u8], read: &Statement, chosen: Chosen) {
    for credit in &read.credits {
        assert!(!credit.amount.is_zero() && credit.amount.round_down_to_minor() == credit.amount);
        assert!(!credit.said.contains(char::is_control) && credit.said.chars().count() <= 600);
        assert!(credit.reference.chars().count() <= 64);
    }
    let names = read.names(IBAN);
    let different: HashSet<_> = names.iter().collect();
    assert_eq!(different.len(), read.credits.len(), "each credit has a name of its own");
    let again = understood(bytes, IBAN, chosen).expect("it was read before").1;
    assert_eq!(again.expect("it was read before").names(IBAN), names, "the same again");
}
