\set buyer random(1, :buyers)
\set seller :buyers + random(1, :sellers)
select transfer(gen_random_uuid(), :buyer, :seller, 10000);
