-- What only grows cannot be changed, not even by mistake.
create trigger refund_is_never_changed before update on refund
begin select raise(abort, 'refunds only grow'); end;
create trigger refund_is_never_removed before delete on refund
begin select raise(abort, 'refunds only grow'); end;
create trigger refund_failure_is_never_changed before update on refund_failure
begin select raise(abort, 'failures of refunds only grow'); end;
create trigger refund_failure_is_never_removed before delete on refund_failure
begin select raise(abort, 'failures of refunds only grow'); end;
create trigger dispute_is_never_changed before update on dispute
begin select raise(abort, 'disputes only grow'); end;
create trigger dispute_is_never_removed before delete on dispute
begin select raise(abort, 'disputes only grow'); end;
create trigger dispute_end_is_never_changed before update on dispute_end
begin select raise(abort, 'ends of disputes only grow'); end;
create trigger dispute_end_is_never_removed before delete on dispute_end
begin select raise(abort, 'ends of disputes only grow'); end;
create trigger write_off_is_never_changed before update on write_off
begin select raise(abort, 'losses only grow'); end;
create trigger write_off_is_never_removed before delete on write_off
begin select raise(abort, 'losses only grow'); end;
