-- What only grows cannot be changed, not even by mistake.
create trigger payout_fee_is_never_changed before update or delete or truncate on payout_fee
for each statement execute function refuse_change('fees of payouts only grow');
create trigger payout_return_is_never_changed before update or delete or truncate on payout_return
for each statement execute function refuse_change('returns of payouts only grow');
