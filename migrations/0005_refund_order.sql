-- What rails are asked to carry out besides charges: refunds, and mandates to forget.

-- One refund that a rail is asked to carry out. It is written before the books have it; its id is the refund's in the books, and the
-- rail's key of idempotency.
create table refund_order (
    id blob primary key check (length(id) = 16),
    tab_id integer not null references tab (id),
    -- The settlement by which the money came, whose rail stands here once more.
    settlement_id blob not null references settlement (id),
    rail integer not null check (rail > 0),
    amount_micros integer not null check (amount_micros > 0),
    -- Live: begun. Over: done (the rail has sent it), declined (the rail does not: the money is credit of the tab again), refused
    -- (by the books, which moved nothing).
    state text not null check (state in ('begun', 'done', 'declined', 'refused')),
    -- What the rail calls it; empty before it has answered.
    reference text not null,
    -- Why it is over, or what the rail last failed with: the code of a reason, or words for the operator.
    reason text not null,
    begun_at integer not null,
    -- When the rail is asked next about it; none once it is over.
    ask_at integer,
    attempts integer not null check (attempts >= 0),
    closed_at integer,
    -- When the operator said that they have looked at one that was declined.
    seen_at integer,
    check ((closed_at is null) = (state = 'begun'))
) strict;
create index refund_order_by_time on refund_order (ask_at) where ask_at is not null;
create index refund_order_by_settlement on refund_order (settlement_id);
create index refund_order_open on refund_order (begun_at) where state = 'begun';
create index refund_order_declined on refund_order (begun_at) where state = 'declined' and seen_at is null;

-- A mandate that does not hold any more, which its rail has still to forget.
create table mandate_end (
    rail integer not null,
    -- What the rail calls it: it can move money, and is shown to nobody.
    reference text not null,
    label text not null,
    tab_id integer not null references tab (id),
    ended_at integer not null,
    ask_at integer not null,
    attempts integer not null check (attempts >= 0),
    primary key (rail, reference)
) strict;
create index mandate_end_by_time on mandate_end (ask_at);
create index mandate_end_by_tab on mandate_end (tab_id, rail);

-- Tabs that have credit, for the operator's desk.
create index tab_credited on tab (id) where credit_micros > 0;
