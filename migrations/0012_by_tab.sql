-- What belongs to a tab is found by its tab: the books can be kept on several machines, each with all of a tab.

-- Names lines after the purchases that they come from: whoever has it could tell which line a purchase becomes. None until the
-- shop is opened by a program that needs it.
alter table shop add column line_key blob check (length(line_key) = 32);
-- The tab of the line.
alter table payment add column tab_id integer not null default 0;
