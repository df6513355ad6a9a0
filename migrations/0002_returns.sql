-- What settling by real rails brings with it: money that goes back, payments that are disputed, lines that nobody pays.

-- Lines of a tab that were written off and not paid since; a cache, like the tab's other figures.
alter table tab add column written_off_micros integer not null default 0 check (written_off_micros >= 0);
-- Whether a way to pay is bound to the tab, so that it can be charged.
alter table tab add column mandate integer not null default 0 check (mandate in (0, 1));
-- Disputes of the tab's settlements: those that are open, and those that the shop has lost. A cache, too.
alter table tab add column disputes_open integer not null default 0 check (disputes_open >= 0);
alter table tab add column disputes_lost integer not null default 0 check (disputes_lost >= 0);

-- Credit of a tab that went back by the rail it came by.
create table refund (
    id blob primary key check (length(id) = 16),
    tab_id integer not null references tab (id),
    -- Of which settlement; its rail stands here once more.
    settlement_id blob not null references settlement (id),
    rail integer not null check (rail > 0),
    micros integer not null check (micros > 0),
    reference text not null,
    refunded_at integer not null,
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32)
) strict, without rowid;
create index refund_by_tab on refund (tab_id, refunded_at);
create index refund_by_settlement on refund (settlement_id);

-- A refund that the rail did not carry out: the money is credit of the tab again.
create table refund_failure (
    refund_id blob primary key references refund (id),
    -- What the rail said.
    reference text not null,
    failed_at integer not null,
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32)
) strict, without rowid;

-- A settlement that whoever paid it disputes: the rail has taken the money back until somebody decides.
create table dispute (
    settlement_id blob not null references settlement (id),
    -- What the rail calls it.
    name text not null check (length(name) between 1 and 200),
    tab_id integer not null references tab (id),
    rail integer not null check (rail > 0),
    micros integer not null check (micros >= 0),
    -- What the rail takes for it, whoever wins.
    fee_micros integer not null check (fee_micros >= 0),
    opened_at integer not null,
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32),
    primary key (settlement_id, name)
) strict, without rowid;
create index dispute_by_tab on dispute (tab_id, opened_at);

-- How a dispute has ended: the shop has the money again, or has lost it.
create table dispute_end (
    settlement_id blob not null,
    name text not null,
    won integer not null check (won in (0, 1)),
    ended_at integer not null,
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32),
    primary key (settlement_id, name),
    foreign key (settlement_id, name) references dispute (settlement_id, name)
) strict, without rowid;

-- A line that nobody expects to be paid. It still gives access. A payment of it that came later stands in payment.
create table write_off (
    line_id blob primary key references line (id),
    tab_id integer not null references tab (id),
    written_off_at integer not null,
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32)
) strict, without rowid;
create index write_off_by_tab on write_off (tab_id, written_off_at);
