-- Rows that carry their division's path follow it when the division gets another parent, whoever moves it: what a
-- scope sees is decided by these copies. Not the application's own right, since history is append-only for it.
create function follow_division_paths() returns trigger language plpgsql security definer set search_path = public as $$
begin
    if not exists (select from was join became using (id) where was.path <> became.path) then
        return null;
    end if;
    update grid_version t set division_path = became.path from was join became using (id)
    where was.path <> became.path and t.division_id = became.id and t.division_path = was.path;
    update station t set division_path = became.path from was join became using (id)
    where was.path <> became.path and t.division_id = became.id and t.division_path = was.path;
    update issue t set division_path = became.path from was join became using (id)
    where was.path <> became.path and t.division_path = was.path;
    update issue_event t set division_path = became.path from was join became using (id)
    where was.path <> became.path and t.division_path = was.path;
    update audit_entry t set division_path = became.path from was join became using (id)
    where was.path <> became.path and t.division_path = was.path;
    return null;
end
$$;
create trigger follow_division_paths after update on division referencing old table as was new table as became
for each statement execute function follow_division_paths();
