-- Sending authors their gains by a rail: where to, what a rail is asked to carry out, and what became of it.

-- Where a rail sends an author's gains, as the author gave it.
create table payout_address (
    author_id integer not null references author (id),
    rail integer not null check (rail > 0),
    address text not null check (length(address) between 3 and 254),
    given_at integer not null,
    primary key (author_id, rail)
) strict, without rowid;

-- One payout that a rail is asked to carry out. It is written before the books have it; its id is the payout's in the books, and the
-- rail's key of idempotency is made of it.
create table payout_order (
    id integer primary key,
    author_id integer not null references author (id),
    rail integer not null check (rail > 0),
    amount_micros integer not null check (amount_micros > 0),
    -- Where it is sent: as it was when it was begun, and none any more once it is over.
    address text check (length(address) between 3 and 254),
    -- Live: begun. Over: done (the author has it), returned (it was not sent, or came back: it is available again), refused (by the
    -- books, which moved nothing).
    state text not null check (state in ('begun', 'done', 'returned', 'refused')),
    -- What the rail calls it; empty before it has answered.
    reference text not null,
    -- Why it is over, or what the rail last failed with: the code of a reason, or words for the operator.
    reason text not null,
    begun_at integer not null,
    -- When the rail is asked next about it; none once it is over.
    ask_at integer,
    attempts integer not null check (attempts >= 0),
    closed_at integer,
    -- When the operator said that they have looked at one that came back.
    seen_at integer,
    check ((closed_at is null) = (state = 'begun'))
) strict;
create index payout_order_by_time on payout_order (ask_at) where ask_at is not null;
create index payout_order_by_author on payout_order (author_id, id);
create index payout_order_by_reference on payout_order (rail, reference) where reference <> '';
create index payout_order_open on payout_order (begun_at) where state = 'begun';
create index payout_order_returned on payout_order (begun_at) where state = 'returned' and seen_at is null;

-- What a rail takes for a payout: the operator bears it.
create table payout_fee (
    payout_id integer primary key references payout (id),
    micros integer not null check (micros > 0),
    taken_at integer not null
) strict, without rowid;

-- A payout that its rail did not carry out, or that came back: it is available again.
create table payout_return (
    payout_id integer primary key references payout (id),
    -- What the rail gives back of its fee.
    fee_back_micros integer not null check (fee_back_micros >= 0),
    -- What the rail said.
    reference text not null,
    returned_at integer not null
) strict, without rowid;
