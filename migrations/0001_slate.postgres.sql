-- What only grows cannot be changed, not even by mistake.
create function refuse_change() returns trigger language plpgsql as $$
begin raise exception '%', tg_argv[0] using errcode = 'restrict_violation'; end $$;
create trigger transfer_is_never_changed before update or delete or truncate on transfer
for each statement execute function refuse_change('the journal only grows');
create trigger line_is_never_changed before update or delete or truncate on line
for each statement execute function refuse_change('lines only grow');
create trigger undo_is_never_changed before update or delete or truncate on undo
for each statement execute function refuse_change('undos only grow');
create trigger settlement_is_never_changed before update or delete or truncate on settlement
for each statement execute function refuse_change('settlements only grow');
create trigger payment_is_never_changed before update or delete or truncate on payment
for each statement execute function refuse_change('payments only grow');
create trigger payout_is_never_changed before update or delete or truncate on payout
for each statement execute function refuse_change('payouts only grow');
create trigger consent_is_never_changed before update or delete or truncate on consent
for each statement execute function refuse_change('consents only grow');
create trigger work_version_is_never_changed before update or delete or truncate on work_version
for each statement execute function refuse_change('versions only grow');
