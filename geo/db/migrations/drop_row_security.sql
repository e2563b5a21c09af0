-- Policies refer to each other's tables, so they go before any table does.
do $$
declare
    name text;
begin
    for name in select format('drop policy %I on %I', policyname, tablename) from pg_policies where schemaname = 'public'
    loop execute name; end loop;
end
$$;
drop function in_scope(ltree);
