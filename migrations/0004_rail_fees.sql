-- What rails kept of the lines by which authors were paid, a cache: what each till's outbox said up to its cursor 'gains'.
create table rail_fee_total (
    author_id integer not null,
    till integer not null,
    micros integer not null,
    primary key (author_id, till)
) strict, without rowid;

-- Till 1 stands for everything that was read before this step; sums over the tills do not tell them apart.
insert into rail_fee_total (author_id, till, micros)
select l.author_id, 1, cast(sum(p.rail_fee_micros) as bigint) from payment p join line l on l.id = p.line_id
where not exists (select 1 from outbox o join cursor c on c.till = o.till and c.follower = 'gains'
    where o.kind = 'paid' and o.subject = p.line_id and o.id > c.read_through)
group by l.author_id;
