-- What payers are charged in a month, by rails whose law limits it.

-- A payer in a month. Whoever counts what they are charged writes this row first, so that two wait for each other.
create table payer_month (
    rail integer not null,
    -- A keyed hash of whatever knows them at the rail: a telephone number, never kept itself.
    payer blob not null check (length(payer) = 32),
    -- The months since the year 0.
    month integer not null,
    primary key (rail, payer, month)
) strict, without rowid;
create index payer_month_by_time on payer_month (month);

-- Whom a charge was put to. It counts, with its amount, unless it was declined or left.
create table charge_payer (
    charge_id blob primary key references charge (id),
    rail integer not null,
    payer blob not null check (length(payer) = 32),
    -- In which they were asked.
    month integer not null
) strict, without rowid;
create index charge_payer_by_month on charge_payer (month, rail, payer);
