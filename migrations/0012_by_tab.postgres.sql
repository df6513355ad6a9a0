-- Payments that were made before: what only grows is filled in once.
alter table payment disable trigger payment_is_never_changed;
update payment set tab_id = line.tab_id from line where line.id = payment.line_id;
alter table payment enable trigger payment_is_never_changed;
