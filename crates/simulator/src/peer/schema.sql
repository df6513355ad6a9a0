-- The books of the peer, as they are written first: a balance is a row, and a purchase changes it.
--
-- No foreign keys: each would lock the fee's and the VAT's row once more for every purchase, which halves the rate of this
-- rival. It is not to lose by that.

-- What the shop's fee, its VAT and each author have earned, in micro-units. 0 is the fee, 1 the VAT, authors follow.
create table account (
    id bigint primary key,
    balance bigint not null
);

create table work (
    id bigint primary key,
    slug text not null unique,
    author bigint not null,
    price bigint not null check (price > 0)
);

-- A reader's tab, found by the hash of the secret in their cookie.
create table tab (
    id bigint primary key,
    secret_hash bytea not null unique,
    owed bigint not null check (owed <= most),
    most bigint not null
);

-- The id is the reader's, so that asking twice pays once.
create table purchase (
    id bytea primary key check (length(id) = 16),
    tab bigint not null,
    work bigint not null,
    price bigint not null,
    bought_at timestamptz not null default now()
);

-- Four of a purchase: what the tab owes and where it goes. They come to nothing.
create table entry (
    purchase bytea not null,
    account bigint,
    tab bigint,
    amount bigint not null check ((account is null) <> (tab is null))
);
