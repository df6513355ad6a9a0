-- What only grows cannot be changed, not even by mistake.
create trigger transfer_is_never_changed before update on transfer
begin select raise(abort, 'the journal only grows'); end;
create trigger transfer_is_never_removed before delete on transfer
begin select raise(abort, 'the journal only grows'); end;
create trigger line_is_never_changed before update on line
begin select raise(abort, 'lines only grow'); end;
create trigger line_is_never_removed before delete on line
begin select raise(abort, 'lines only grow'); end;
create trigger undo_is_never_changed before update on undo
begin select raise(abort, 'undos only grow'); end;
create trigger undo_is_never_removed before delete on undo
begin select raise(abort, 'undos only grow'); end;
create trigger settlement_is_never_changed before update on settlement
begin select raise(abort, 'settlements only grow'); end;
create trigger settlement_is_never_removed before delete on settlement
begin select raise(abort, 'settlements only grow'); end;
create trigger payment_is_never_changed before update on payment
begin select raise(abort, 'payments only grow'); end;
create trigger payment_is_never_removed before delete on payment
begin select raise(abort, 'payments only grow'); end;
create trigger payout_is_never_changed before update on payout
begin select raise(abort, 'payouts only grow'); end;
create trigger payout_is_never_removed before delete on payout
begin select raise(abort, 'payouts only grow'); end;
create trigger consent_is_never_changed before update on consent
begin select raise(abort, 'consents only grow'); end;
create trigger consent_is_never_removed before delete on consent
begin select raise(abort, 'consents only grow'); end;
create trigger work_version_is_never_changed before update on work_version
begin select raise(abort, 'versions only grow'); end;
create trigger work_version_is_never_removed before delete on work_version
begin select raise(abort, 'versions only grow'); end;
