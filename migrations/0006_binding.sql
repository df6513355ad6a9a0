-- A way to pay can be bound to a tab without paying.

-- What is asked of the rail: to bring money, or to have the reader agree to be charged later. No money comes of the latter,
-- nor a settlement; 'settled' means then that the mandate is written, and the amount is the most that one charge by it may take.
alter table charge add column purpose text not null default 'settle' check (purpose in ('settle', 'bind'));
-- The words by which the reader agreed to be charged later, where they did (see consent).
alter table charge add column consent_id integer references consent (id);
-- Whoever is binding a way to pay can settle by it meanwhile.
drop index charge_live;
create unique index charge_live on charge (tab_id, rail, purpose) where state in ('begun', 'waiting');

-- The most that one charge by a mandate may take, as its reader agreed; none was said before this step.
alter table mandate add column most_micros integer check (most_micros > 0);
