-- Spreads the books over the machines of a Citus cluster, each tab with everything that a purchase reads and writes about it on one
-- of them. To be run once, while the shop is closed, on the coordinator, by whoever owns the store:
--     psql -v ON_ERROR_STOP=1 -f docs/citus.sql ADDRESS
-- docs/scaling.md says what is where, and why.
begin;

-- What only grows is guarded by triggers, which Citus lets be on request.
set local citus.enable_unsafe_triggers = on;

-- A foreign key may not lead from one machine to another: those to tabs, and to what belongs to them, are dropped. Those within what
-- is spread come back below, with the tab in them; `check-books` looks after the others.
do $$
declare bond record;
begin
    for bond in
        select conrelid::regclass as child, conname from pg_constraint
        where contype = 'f' and (confrelid in ('tab'::regclass, 'line'::regclass, 'notice'::regclass) or conrelid = 'payment'::regclass)
    loop
        execute format('alter table %s drop constraint %I', bond.child, bond.conname);
    end loop;
end $$;

-- Keys have the tab in them, behind the name that grows with time: new rows stay together at the end.
alter table line drop constraint line_pkey, add primary key (id, tab_id);
alter table undo drop constraint undo_pkey, add primary key (line_id, tab_id);
alter table payment drop constraint payment_pkey, add primary key (line_id, tab_id);
alter table write_off drop constraint write_off_pkey, add primary key (line_id, tab_id);

-- Small, and read with a tab: a copy of each on every machine.
select create_reference_table('author');
select create_reference_table('work');
select create_reference_table('work_version');
select create_reference_table('link');

-- A tab and what a purchase reads and writes of it, on one machine. All else stays on the coordinator: the journal with what has been
-- read of it and with payouts, so that what is available to an author is read in one moment.
select create_distributed_table('tab', 'id');
select create_distributed_table('line', 'tab_id', colocate_with => 'tab');
select create_distributed_table('access', 'tab_id', colocate_with => 'tab');
select create_distributed_table('undo', 'tab_id', colocate_with => 'tab');
select create_distributed_table('payment', 'tab_id', colocate_with => 'tab');
select create_distributed_table('write_off', 'tab_id', colocate_with => 'tab');
select create_distributed_table('notice', 'tab_id', colocate_with => 'tab');
alter table undo add foreign key (line_id, tab_id) references line (id, tab_id);
alter table payment add foreign key (line_id, tab_id) references line (id, tab_id);
alter table write_off add foreign key (line_id, tab_id) references line (id, tab_id);

commit;
