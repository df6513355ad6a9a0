-- What the operator's bank says that came: credits of its statements, and the statements while they are looked over.

-- A credit on the operator's account, each once however often the statement is brought.
create table bank_entry (
    -- From what the bank calls it or, where it calls it nothing, from what it says about it.
    id blob primary key check (length(id) = 16),
    -- Which kind of statement it was first read from.
    source text not null check (source in ('camt', 'csv')),
    -- The day on which the bank booked it: its midnight, UTC.
    booked_on integer not null,
    amount_micros integer not null check (amount_micros > 0),
    -- What the bank calls it, or the creditor reference that it came with; may be empty.
    reference text not null,
    -- Who paid, and what they wrote. It is for whoever looks for the tab, and is emptied once that is found.
    said text not null,
    imported_at integer not null,
    -- The tab that it pays, and the settlement that it becomes: of a charge's id, or one of its own.
    tab_id integer references tab (id),
    settlement_id blob check (length(settlement_id) = 16),
    -- When it was put on a tab, or aside; none while it waits for the operator.
    placed_at integer,
    -- When the settlement was found in the books; none while that is to be made sure of.
    settled_at integer,
    check ((tab_id is null) = (settlement_id is null)),
    check (tab_id is null or placed_at is not null)
) strict;
create unique index bank_entry_by_settlement on bank_entry (settlement_id) where settlement_id is not null;
create index bank_entry_unsettled on bank_entry (placed_at) where tab_id is not null and settled_at is null;
create index bank_entry_waiting on bank_entry (booked_on, id) where placed_at is null;
create index bank_entry_aside on bank_entry (placed_at, id) where placed_at is not null and tab_id is null;
create index bank_entry_like on bank_entry (amount_micros, booked_on);

-- A statement that was brought and not read into the books yet: the operator looks at what was understood.
create table bank_statement (
    id integer primary key,
    file blob not null,
    brought_at integer not null
) strict;

-- A voucher: paper that the operator printed, and that settles tabs up to what it says. Its code is printed on it and nowhere else.
create table voucher (
    id integer primary key,
    -- With which others it was printed; named by the page that asked for them.
    print integer not null,
    -- What is kept of the code: a hash. The code is of random bits, so that a plain one is enough.
    code_hash blob not null check (length(code_hash) = 32),
    amount_micros integer not null check (amount_micros > 0),
    -- What it still pays: the amount less its uses. A cache, which `check-books` counts again.
    left_micros integer not null check (left_micros >= 0 and left_micros <= amount_micros),
    printed_at integer not null,
    -- Until when it can be used.
    ends_at integer not null,
    -- When the operator took it back.
    void_at integer
) strict;
create unique index voucher_by_code on voucher (code_hash);
create index voucher_by_print on voucher (print);

-- What a voucher paid: one sum at most for a charge, and what it settles is of this sum.
create table voucher_use (
    charge_id blob primary key references charge (id) check (length(charge_id) = 16),
    voucher_id integer not null references voucher (id),
    amount_micros integer not null check (amount_micros > 0),
    used_at integer not null
) strict;
create index voucher_use_by_voucher on voucher_use (voucher_id);
