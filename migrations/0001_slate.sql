-- The slate. Written for every store: integers of 64 bits, text, blobs; times are microseconds since
-- 1970 (UTC), money is micro-units of the shop's one currency, truth is 0 or 1. Ids come from the
-- application and are time-ordered, so that every index grows at its end.

-- One row: what the shop can never change.
create table shop (
    id integer primary key check (id = 1),
    currency text not null check (length(currency) = 3),
    founded_at integer not null
) strict;

-- One row: where readers saw the shop when it was last opened, so that links made beside it begin there, and where it
-- listened.
create table served (
    id integer primary key check (id = 1),
    url text not null,
    listen text not null,
    opened_at integer not null
) strict;

-- Makes works, earns from them.
create table author (
    id integer primary key,
    name text not null check (length(name) between 1 and 120),
    created_at integer not null
) strict;

-- A link that lets somebody in, once. Only the hash of its secret is kept.
create table invite (
    id integer primary key,
    secret_hash blob not null check (length(secret_hash) = 32),
    role text not null check (role in ('author', 'operator')),
    author_id integer references author (id),
    created_at integer not null,
    expires_at integer not null,
    used_at integer,
    check ((role = 'author') = (author_id is not null))
) strict;

-- A browser in which an author or the operator is signed in.
create table session (
    id integer primary key,
    secret_hash blob not null check (length(secret_hash) = 32),
    role text not null check (role in ('author', 'operator')),
    author_id integer references author (id),
    created_at integer not null,
    expires_at integer not null,
    check ((role = 'author') = (author_id is not null))
) strict;

-- Lets an author's programs in.
create table api_key (
    id integer primary key,
    author_id integer not null references author (id),
    secret_hash blob not null check (length(secret_hash) = 32),
    label text not null check (length(label) between 1 and 120),
    created_at integer not null,
    -- To the minute or so: it is counted in memory and written once in a while.
    used_at integer,
    revoked_at integer
) strict;
create index api_key_by_author on api_key (author_id, id);

-- The first answer to a program's request, given again when the request is repeated.
create table idempotency (
    author_id integer not null references author (id),
    request_key text not null check (length(request_key) between 1 and 200),
    request_digest blob not null check (length(request_digest) = 32),
    status integer not null,
    body blob not null,
    answered_at integer not null,
    primary key (author_id, request_key)
) strict;
create index idempotency_by_age on idempotency (answered_at);

-- What the shop made of an author's file, to be seen before buying: a picture or a piece of sound.
create table derived (
    storage_key text primary key,
    content_type text not null,
    size integer not null check (size >= 0),
    sha256 blob not null check (length(sha256) = 32),
    -- Pixels of a picture.
    width integer,
    height integer,
    -- Playing time of a piece of sound.
    seconds integer
) strict;

-- A thing for sale. `price_micros` is the fixed price, or the suggestion of a pay-what-you-want work.
create table work (
    id integer primary key,
    author_id integer not null references author (id),
    kind text not null check (kind in ('files', 'article')),
    state text not null check (state in ('draft', 'published', 'unpublished')),
    title text not null check (length(title) between 1 and 200),
    description text not null,
    price_kind text not null check (price_kind in ('free', 'fixed', 'chosen')),
    price_micros integer not null check (price_micros >= 0),
    minimum_micros integer not null check (minimum_micros >= 0),
    vat_class text not null,
    -- Counts up whenever the title, the article or a file changes; `digest` says what it is.
    version integer not null check (version >= 1),
    digest blob not null check (length(digest) = 32),
    cover_key text references derived (storage_key),
    created_at integer not null,
    updated_at integer not null,
    published_at integer
) strict;
create index work_by_author on work (author_id, id);

-- The text of an article, as the author wrote it.
create table article (
    work_id integer primary key references work (id),
    markdown text not null
) strict;

-- What each version of a work was. `parts` is the SHA-256 of each of its parts, one after the other.
create table work_version (
    work_id integer not null references work (id),
    version integer not null,
    title text not null,
    parts blob not null,
    digest blob not null check (length(digest) = 32),
    made_at integer not null,
    primary key (work_id, version)
) strict;

-- A file of a work. A replaced one keeps its id. Bytes that are not needed any more stand in `discarded`.
create table file (
    id integer primary key,
    work_id integer not null references work (id),
    position integer not null,
    name text not null,
    -- Under which the file store keeps the bytes.
    storage_key text not null,
    size integer not null check (size >= 0),
    sha256 blob not null check (length(sha256) = 32),
    crc32 integer not null,
    media_kind text not null check (media_kind in ('image', 'audio', 'video', 'pdf', 'text', 'other')),
    content_type text not null,
    -- Playing time, where it is known.
    seconds integer,
    thumbnail_key text references derived (storage_key),
    sample_key text references derived (storage_key),
    added_at integer not null
) strict;
create index file_by_work on file (work_id, position);

-- A file on its way in.
create table upload (
    id integer primary key,
    author_id integer not null references author (id),
    name text not null,
    -- What whoever sends it said about it, as tus has it: given back to them as it came.
    metadata text not null,
    size integer not null check (size >= 0),
    storage_key text not null,
    started_at integer not null,
    expires_at integer not null,
    sha256 blob,
    crc32 integer,
    -- Set once all bytes are here and safe.
    finished_at integer,
    -- Set once a work has taken the file.
    work_id integer references work (id)
) strict;
create index upload_by_author on upload (author_id, id);
create index upload_by_expiry on upload (expires_at);

-- Bytes in the file store that nothing names any more, and when they are cleared away.
create table discarded (
    storage_key text primary key,
    not_before integer not null
) strict;
create index discarded_by_time on discarded (not_before);

-- A short URL to a work.
create table link (
    id integer primary key,
    work_id integer not null references work (id),
    slug text not null unique check (length(slug) between 4 and 64),
    label text not null,
    created_at integer not null
) strict;
create index link_by_work on link (work_id, id);

-- The words of a button that readers agreed to by pressing it.
create table consent (
    -- The first 63 bits of the SHA-256 of language and label.
    id integer primary key,
    locale text not null,
    label text not null,
    first_at integer not null
) strict;

-- A reader's open account. The figures are a cache of what the journal says.
create table tab (
    id integer primary key,
    secret_hash blob not null check (length(secret_hash) = 32),
    opened_at integer not null,
    open_micros integer not null check (open_micros >= 0),
    credit_micros integer not null check (credit_micros >= 0),
    open_lines integer not null check (open_lines >= 0),
    oldest_open_at integer,
    settlements integer not null,
    purchases integer not null,
    undone integer not null,
    chain_length integer not null,
    chain_head blob not null check (length(chain_head) = 32)
) strict;

-- A purchase on a tab. Never changes: what happens to it later stands in undo and payment.
create table line (
    id blob primary key check (length(id) = 16),
    tab_id integer not null,
    work_id integer not null,
    version integer not null,
    author_id integer not null,
    link_id integer not null,
    channel text not null,
    gross_micros integer not null check (gross_micros >= 0),
    vat_micros integer not null check (vat_micros >= 0),
    fee_micros integer not null check (fee_micros >= 0),
    author_micros integer not null check (author_micros >= 0),
    vat_basis_points integer not null,
    consent_id integer not null,
    bought_at integer not null,
    -- Its place in the tab's chain of receipts, and the head of the chain before it.
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32),
    check (gross_micros = vat_micros + fee_micros + author_micros)
) strict, without rowid;

-- The right to read a work, given by a line. There is one at most, so nothing is ever sold twice.
create table access (
    tab_id integer not null,
    work_id integer not null,
    line_id blob not null,
    primary key (tab_id, work_id)
) strict, without rowid;

-- A line that was taken back, by whom, and when.
create table undo (
    line_id blob primary key references line (id),
    tab_id integer not null,
    undone_by text not null check (undone_by in ('reader', 'shop')),
    undone_at integer not null,
    was_paid integer not null check (was_paid in (0, 1)),
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32)
) strict, without rowid;
create index undo_by_tab on undo (tab_id, undone_at);

-- Money that came in for a tab.
create table settlement (
    id blob primary key check (length(id) = 16),
    tab_id integer not null references tab (id),
    rail integer not null,
    received_micros integer not null check (received_micros > 0 or (rail = 0 and received_micros = 0)),
    rail_fee_micros integer not null check (rail_fee_micros >= 0),
    reference text not null,
    settled_at integer not null,
    chain_number integer not null,
    chain_before blob not null check (length(chain_before) = 32)
) strict, without rowid;
create index settlement_by_tab on settlement (tab_id, settled_at);

-- A line that a settlement paid.
create table payment (
    line_id blob primary key references line (id),
    settlement_id blob not null references settlement (id),
    rail_fee_micros integer not null check (rail_fee_micros >= 0)
) strict, without rowid;

-- Money sent to an author.
create table payout (
    id integer primary key,
    author_id integer not null references author (id),
    rail integer not null,
    micros integer not null check (micros > 0),
    reference text not null,
    paid_at integer not null
) strict;
create index payout_by_author on payout (author_id, id);

-- The journal: every movement of money, one account debited, one credited. Each till that writes to this store numbers
-- its own rows, without gaps and in the order of its commits; an embedded store has one till, number 1.
create table transfer (
    till integer not null,
    id integer not null,
    made_at integer not null,
    reason integer not null,
    subject blob not null,
    debit_kind integer not null,
    debit_owner integer not null,
    credit_kind integer not null,
    credit_owner integer not null,
    micros integer not null check (micros > 0),
    primary key (till, id)
) strict, without rowid;

-- What happened, in the order of each till's commits, for those who follow: gains, webhooks. A row goes away once
-- all of them have seen it.
create table outbox (
    till integer not null,
    id integer not null,
    happened_at integer not null,
    kind text not null check (kind in ('bought', 'undone', 'paid')),
    author_id integer not null,
    subject blob not null,
    primary key (till, id)
) strict, without rowid;

-- How far each follower of the journal or the outbox has read what a till wrote. A till's rows are made when it opens for
-- the first time.
create table cursor (
    till integer not null,
    follower text not null check (follower in ('accounts', 'gains', 'webhooks')),
    read_through integer not null,
    primary key (till, follower)
) strict, without rowid;

-- Totals of accounts, a cache: what each till's journal says up to its cursor 'accounts'. An account's total is the sum
-- over the tills, so that no two of them ever wait for one row. What a tab owes stands with the tab.
create table account_total (
    kind integer not null,
    owner integer not null,
    till integer not null,
    debit_micros integer not null,
    credit_micros integer not null,
    primary key (kind, owner, till)
) strict, without rowid;

-- Sales by the hour in which they were made, a cache: what each till's outbox said up to its cursor 'gains'.
create table sale_hour (
    author_id integer not null,
    hour integer not null,
    work_id integer not null,
    link_id integer not null,
    channel text not null,
    taps integer not null,
    undone integer not null,
    gross_micros integer not null,
    author_micros integer not null,
    till integer not null,
    primary key (author_id, hour, work_id, link_id, channel, till)
) strict, without rowid;

-- Visits of works' pages by the hour.
create table visit_hour (
    author_id integer not null,
    hour integer not null,
    work_id integer not null,
    link_id integer not null,
    channel text not null,
    visits integer not null,
    primary key (author_id, hour, work_id, link_id, channel)
) strict, without rowid;

-- An author's sales in the order of time, for those who page through them: a cache that follows the outbox, so that
-- the till itself keeps no index by author. What became of a line stands with the line.
create table sale (
    author_id integer not null,
    bought_at integer not null,
    line_id blob not null,
    work_id integer not null,
    primary key (author_id, bought_at, line_id)
) strict, without rowid;

-- An address that an author wants to be told at.
create table webhook (
    id integer primary key,
    author_id integer not null references author (id),
    url text not null check (length(url) between 1 and 2000),
    -- Signs what is sent, after the Standard Webhooks specification.
    secret blob not null check (length(secret) = 32),
    created_at integer not null,
    -- When it last answered that it had heard.
    delivered_at integer,
    -- What went wrong since: a short word.
    failure text,
    -- Set once it answered that it is gone for good: it is told nothing more.
    gone_at integer,
    removed_at integer
) strict;
create index webhook_by_author on webhook (author_id, id);

-- Something that a webhook is to be told. The row goes away once it has heard, or once nobody tries any more.
create table delivery (
    -- The row of the outbox that it tells of: those of one moment are told in this order. Below zero for a test, which
    -- tells of none.
    number integer not null,
    webhook_id integer not null references webhook (id),
    -- Names the message to whoever receives it, however often it is sent.
    message text not null,
    body text not null,
    made_at integer not null,
    attempts integer not null,
    -- Nobody tries before. While it is being sent, the end of the time that whoever sends it has taken for that.
    not_before integer not null,
    primary key (webhook_id, message)
) strict, without rowid;
create index delivery_waiting on delivery (not_before);
create index delivery_by_webhook on delivery (webhook_id, not_before, number);
