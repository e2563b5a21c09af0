-- The second wall: the application role sees people and issues of its scope only, whatever a query forgets.
--
-- A transaction says its scope by set_config('wangge.scope', ..., true): '*' or comma-separated division paths. Without
-- one nothing is seen. Whoever knows a report's random id may follow that report: 'wangge.report'. Rows may always be
-- added (anyone may report); in_scope(null) is true for a scope of everything, which also sees a row whose issue the
-- same statement is still making; the owner role, which migrates and works at the console, is not restricted.
create function in_scope(path ltree) returns boolean language sql stable parallel safe set search_path = public as $$
    select coalesce(
        current_setting('wangge.scope', true) = '*'
        or path <@ any (string_to_array(current_setting('wangge.scope', true), ',')::ltree[]),
        false
    )
$$;

alter table issue enable row level security;
alter table placement enable row level security;
alter table issue_event enable row level security;
alter table report enable row level security;
alter table report_media enable row level security;
alter table reporter enable row level security;
alter table post enable row level security;
alter table person enable row level security;

create policy in_scope on issue for all to wangge_app
    using (in_scope(division_path) or report_id::text = current_setting('wangge.report', true)) with check (true);
create policy in_scope on issue_event for all to wangge_app
    using (in_scope(division_path) or exists (select from issue i where i.id = issue_id)) with check (true);
create policy in_scope on placement for all to wangge_app
    using (in_scope(null) or exists (select from issue i where i.id = issue_id)) with check (true);
create policy in_scope on report for all to wangge_app
    using (in_scope(null) or exists (select from issue i where i.report_id = report.id)) with check (true);
create policy in_scope on report_media for all to wangge_app
    using (in_scope(null) or exists (select from issue i where i.report_id = report_media.report_id))
    with check (true);
create policy in_scope on reporter for all to wangge_app
    using (in_scope(null) or exists (
        select from issue i where i.report_id = reporter.report_id and in_scope(i.division_path)
    )) with check (true);
create policy in_scope on post for all to wangge_app
    using (
        in_scope(null)
        or exists (select from division d where d.id = division_id and in_scope(d.path))
        or exists (select from grid_version v where v.grid_id = post.grid_id and in_scope(v.division_path))
    ) with check (true);
create policy in_scope on person for all to wangge_app
    using (in_scope(null) or exists (select from post p where p.person_id = person.id)) with check (true);
