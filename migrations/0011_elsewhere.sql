-- Money that goes back where the shop did not send it, fees that rails give back, and tabs that are opened again.

-- What the operator bears of money that went back at a provider's own page, beyond the credit of the tab; a cache, like its other figures.
alter table tab add column borne_micros integer not null default 0 check (borne_micros >= 0);
-- Whether it was sent at the provider's own page, whatever credit there was.
alter table refund add column elsewhere integer not null default 0 check (elsewhere in (0, 1));
-- What of it the credit lacked: the operator bears it.
alter table refund add column borne_micros integer not null default 0 check (borne_micros >= 0 and borne_micros <= micros);
create index refund_elsewhere on refund (refunded_at) where elsewhere = 1;

-- A part of a fee that a rail gave back, for money that went back or for a dispute that was won.
create table fee_back (
    -- The refund, or the settlement that was disputed.
    subject blob not null check (length(subject) = 16),
    -- What the rail calls the dispute; empty for a refund.
    name text not null check (length(name) <= 200),
    -- Who has it: an author who had borne it, or 0 for the operator.
    author_id integer not null,
    tab_id integer not null references tab (id),
    settlement_id blob not null references settlement (id),
    rail integer not null check (rail > 0),
    micros integer not null check (micros > 0),
    given_at integer not null,
    primary key (subject, name, author_id)
) strict, without rowid;
create index fee_back_by_tab on fee_back (tab_id);
create index fee_back_by_author on fee_back (author_id);

-- The operator has opened a tab again that a lost dispute had closed.
create table reopening (
    tab_id integer not null references tab (id),
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32),
    reopened_at integer not null,
    primary key (tab_id, chain_number)
) strict, without rowid;
