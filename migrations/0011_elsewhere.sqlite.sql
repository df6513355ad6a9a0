-- What only grows cannot be changed, not even by mistake.
create trigger fee_back_is_never_changed before update on fee_back
begin select raise(abort, 'fees that were given back only grow'); end;
create trigger fee_back_is_never_removed before delete on fee_back
begin select raise(abort, 'fees that were given back only grow'); end;
create trigger reopening_is_never_changed before update on reopening
begin select raise(abort, 'reopenings only grow'); end;
create trigger reopening_is_never_removed before delete on reopening
begin select raise(abort, 'reopenings only grow'); end;
