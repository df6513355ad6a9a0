-- What only grows cannot be changed, not even by mistake.
create trigger payout_fee_is_never_changed before update on payout_fee
begin select raise(abort, 'fees of payouts only grow'); end;
create trigger payout_fee_is_never_removed before delete on payout_fee
begin select raise(abort, 'fees of payouts only grow'); end;
create trigger payout_return_is_never_changed before update on payout_return
begin select raise(abort, 'returns of payouts only grow'); end;
create trigger payout_return_is_never_removed before delete on payout_return
begin select raise(abort, 'returns of payouts only grow'); end;
