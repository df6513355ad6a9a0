-- Money that rails are asked to bring.

-- One try to bring money for a tab by a rail. It is written before the rail is asked; its id is the rail's key of
-- idempotency, and becomes the settlement's.
create table charge (
    id blob primary key check (length(id) = 16),
    tab_id integer not null references tab (id),
    rail integer not null,
    amount_micros integer not null check (amount_micros > 0),
    -- Live: begun (the rail may not know of it yet), waiting (it does). Over: settled, declined, abandoned by the reader,
    -- refused (what came is not what was asked for: the operator has to look).
    state text not null check (state in ('begun', 'waiting', 'settled', 'declined', 'abandoned', 'refused')),
    -- What the rail calls it, what the rail wants to have kept, and what the reader is shown next (JSON); empty before the rail
    -- has answered.
    reference text not null,
    kept text not null,
    next text not null,
    -- Whether the reader agrees to be charged by this rail when the tab is due.
    binds integer not null check (binds in (0, 1)),
    locale text not null,
    -- Which time of being due it is for, where it was begun without the reader.
    period integer,
    begun_at integer not null,
    ends_at integer not null,
    -- When the rail is asked next about it, and when the reader last made the shop ask; none once it is over.
    ask_at integer,
    asked_at integer,
    attempts integer not null check (attempts >= 0),
    -- Whether money may have moved and nobody knows: nothing is charged to the tab meanwhile.
    in_doubt integer not null check (in_doubt in (0, 1)),
    -- Why it is over: the code of a reason, or words for the operator.
    reason text not null,
    closed_at integer,
    -- When the operator said that they have looked at it, where they had to.
    seen_at integer,
    check ((closed_at is null) = (state in ('begun', 'waiting')))
) strict;
-- One live charge at most for a tab and a rail; one at most for each time that a tab is due.
create unique index charge_live on charge (tab_id, rail) where state in ('begun', 'waiting');
create unique index charge_by_period on charge (tab_id, period) where period is not null;
create index charge_by_time on charge (ask_at) where ask_at is not null;
create index charge_by_reference on charge (rail, reference) where reference <> '';
create index charge_refused on charge (begun_at) where state = 'refused' and seen_at is null;
create index charge_in_doubt on charge (begun_at) where in_doubt = 1;

-- A reader's standing consent to be charged by a rail when their tab is due.
create table mandate (
    tab_id integer not null references tab (id),
    rail integer not null,
    -- What the rail calls it: it can move money, and is shown to nobody.
    reference text not null,
    -- How the reader knows it again.
    label text not null,
    bound_at integer not null,
    -- When a charge by it last failed for good, so that it is not tried any more until it is bound again.
    failed_at integer,
    primary key (tab_id, rail)
) strict;
