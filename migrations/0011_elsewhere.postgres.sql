-- What only grows cannot be changed, not even by mistake.
create trigger fee_back_is_never_changed before update or delete or truncate on fee_back
for each statement execute function refuse_change('fees that were given back only grow');
create trigger reopening_is_never_changed before update or delete or truncate on reopening
for each statement execute function refuse_change('reopenings only grow');
