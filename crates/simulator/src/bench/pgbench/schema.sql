-- The rival below HTTP: a transfer in one call of a function, with as little beside it as can be.

create table account (
    id int primary key,
    balance bigint not null check (balance >= 0)
);

-- The unique key of each transfer: asked twice, it moves money once.
create table transfer (
    key uuid primary key
);

-- The ledger; without an index, which would only cost it time.
create table entry (
    key uuid not null,
    account int not null,
    amount bigint not null
);

create function transfer(this_key uuid, debited int, credited int, sum bigint) returns bigint
language plpgsql as $$
declare
    left_over bigint;
begin
    insert into transfer values (this_key) on conflict do nothing;
    if not found then
        return null;
    end if;
    update account set balance = balance - sum where id = debited and balance >= sum returning balance into left_over;
    if not found then
        raise exception 'account % has too little', debited;
    end if;
    update account set balance = balance + sum where id = credited;
    insert into entry values (this_key, debited, -sum), (this_key, credited, sum);
    return left_over;
end
$$;
