-- procrastinate brings no way back of its own.
do $$
declare
    name text;
begin
    for name in select format('drop table if exists %I cascade', tablename) from pg_tables
        where schemaname = 'public' and tablename like 'procrastinate\_%'
    loop execute name; end loop;
    for name in select format('drop function if exists %s cascade', p.oid::regprocedure) from pg_proc p
        where p.pronamespace = 'public'::regnamespace and p.proname like 'procrastinate\_%'
    loop execute name; end loop;
    for name in select format('drop type if exists %I cascade', typname) from pg_type
        where typnamespace = 'public'::regnamespace and typname like 'procrastinate\_%' and typtype in ('e', 'c')
    loop execute name; end loop;
end
$$;
