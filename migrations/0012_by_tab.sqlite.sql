-- Payments that were made before: what only grows is filled in once.
drop trigger payment_is_never_changed;
update payment set tab_id = (select tab_id from line where id = payment.line_id);
create trigger payment_is_never_changed before update on payment
begin select raise(abort, 'payments only grow'); end;
