-- What readers are told about their tab, and where they are written to.

-- Something that the reader of a tab is told: on its page, and by letter where they gave an address. It is written in the
-- transaction of what it tells of. An announcement is what allows a charge some days later.
create table notice (
    tab_id integer not null references tab (id),
    kind text not null check (kind in ('receipt', 'reminder', 'announced', 'declined', 'proof', 'objected', 'closed', 'refunded')),
    -- Which of its kind: the settlement, the charge, the oldest line. Nobody is told twice.
    subject text not null check (length(subject) between 1 and 100),
    -- Amounts, days and reasons, as JSON.
    facts text not null,
    told_at integer not null,
    -- When the reader put it away.
    dismissed_at integer,
    primary key (tab_id, kind, subject)
) strict, without rowid;
create index notice_shown on notice (tab_id, told_at) where dismissed_at is null;

-- Where the reader of a tab is written to, because they asked for it.
create table mail_address (
    tab_id integer primary key references tab (id),
    -- None: the one that the rail of their next payment tells.
    address text check (length(address) between 3 and 254),
    locale text not null,
    given_at integer not null
) strict;

-- A notice that is still to be sent. The row goes away once a server has taken it; the operator is shown those that none takes.
create table letter (
    tab_id integer not null,
    kind text not null,
    subject text not null,
    made_at integer not null,
    attempts integer not null check (attempts >= 0),
    -- Nobody tries before. While it is being sent, the end of the time that whoever sends it has taken for that.
    not_before integer not null,
    -- When nobody tried any more, and what went wrong: a short word.
    given_up_at integer,
    failure text,
    primary key (tab_id, kind, subject),
    foreign key (tab_id, kind, subject) references notice (tab_id, kind, subject)
) strict, without rowid;
create index letter_waiting on letter (not_before) where given_up_at is null;
create index letter_given_up on letter (given_up_at) where given_up_at is not null;
