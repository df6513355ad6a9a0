-- What only grows cannot be changed, not even by mistake.
create trigger refund_is_never_changed before update or delete or truncate on refund
for each statement execute function refuse_change('refunds only grow');
create trigger refund_failure_is_never_changed before update or delete or truncate on refund_failure
for each statement execute function refuse_change('failures of refunds only grow');
create trigger dispute_is_never_changed before update or delete or truncate on dispute
for each statement execute function refuse_change('disputes only grow');
create trigger dispute_end_is_never_changed before update or delete or truncate on dispute_end
for each statement execute function refuse_change('ends of disputes only grow');
create trigger write_off_is_never_changed before update or delete or truncate on write_off
for each statement execute function refuse_change('losses only grow');
