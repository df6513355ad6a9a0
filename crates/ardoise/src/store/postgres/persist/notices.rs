//! What readers are told of a batch.

use super::{Column, Rows};
use crate::notices::Notice;
use crate::till::batch::{Snapshot, WriteSet};
use ledger::{ShopId as _, Timestamp};

/// What readers are told, with its facts as they are stored.
pub(super) fn told(known: &Snapshot, writes: &WriteSet, now: Timestamp) -> Vec<(Notice, String)> {
    let told = writes.notices(known, now).into_iter();
    told.map(|notice| (notice.facts.to_json(), notice))
        .map(|(facts, notice)| (notice, facts))
        .collect()
}

/// Notices, and a letter for each whose reader gave an address.
pub(super) fn rows(told: &[(Notice, String)]) -> [Rows<'_>; 2] {
    let notices = rows!(
        "insert into notice (tab_id, kind, subject, facts, told_at) select * from unnest(cast(?1 as int8[]), \
         cast(?2 as text[]), cast(?3 as text[]), cast(?4 as text[]), cast(?5 as int8[])) on conflict do nothing",
        told,
        |(notice, facts)| [
            notice.tab.raw(),
            notice.kind.name(),
            notice.subject.as_str(),
            facts.as_str(),
            notice.told_at.micros(),
        ]
    );
    let letters = rows!(
        "insert into letter (tab_id, kind, subject, made_at, attempts, not_before) \
         select new.tab, new.kind, new.subject, new.at, 0, new.at from unnest(cast(?1 as int8[]), cast(?2 as text[]), \
         cast(?3 as text[]), cast(?4 as int8[])) as new(tab, kind, subject, at) \
         join mail_address m on m.tab_id = new.tab and m.address is not null on conflict do nothing",
        told,
        |(notice, facts)| [
            notice.tab.raw(),
            notice.kind.name(),
            notice.subject.as_str(),
            notice.told_at.micros(),
        ]
    );
    [notices, letters]
}
