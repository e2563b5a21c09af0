-- The second wall, whole: accounts, keys, the audit log and imports behind policies too, and nobody moves a row to where
-- he may not reach. What a transaction may see it says itself (geo/services/access.py):
--
--   wangge.scope     '*' or comma-separated division paths: people, issues, accounts, keys and entries there
--   wangge.report    a report's random id: that report and its issue, to read
--   wangge.account   an account's id, wangge.username a name: that account, its grants and tokens (whoever signs in has
--                    no scope yet)
--   wangge.token     the hash of a refresh token or an API key: what it belongs to
--
-- Without any of them nothing is seen. The owner role, which migrates and works at the console, is not restricted.
create function said(setting text) returns text language sql stable parallel safe as $$
    select nullif(current_setting('wangge.' || setting, true), '')
$$;
create function in_division(wanted bigint) returns boolean language sql stable parallel safe set search_path = public as $$
    select in_scope((select path from division where id = wanted))
$$;

-- Names of colleagues, for whoever works with them: a draft's author and reviewers may be of another division. No more
-- than names and roles: the view reads as the owner.
create view colleague with (security_barrier) as
    select id, username, display_name, disabled_at is null as is_enabled,
           array(select role from account_grant where account_id = account.id) as roles
    from account;
grant select on colleague to wangge_app;

-- An account stays where it belongs, a key and its role what they were made for; none of them is deleted.
revoke update, delete on account, api_key from wangge_app;
revoke update on account_grant from wangge_app;
grant update (display_name, password_hash, must_change_password, token_epoch, disabled_at) on account to wangge_app;
grant update (revoked_at) on api_key to wangge_app;

do $$
declare
    wall record;
begin
    for wall in select policyname as name, tablename as "table" from pg_policies
        where schemaname = 'public' and policyname = 'in_scope'
    loop execute format('drop policy in_scope on %I', wall."table"); end loop;
    for wall in select * from (values
        ('issue', 'in_scope(division_path)', 'report_id::text = said(''report'')'),
        ('issue_event', 'in_scope(division_path)', 'exists (select from issue i where i.id = issue_id)'),
        ('placement',
         'in_scope(null) or exists (select from issue i where i.id = issue_id and in_scope(i.division_path))',
         'exists (select from issue i where i.id = issue_id)'),
        ('report',
         'in_scope(null) or exists (select from issue i where i.report_id = report.id and in_scope(i.division_path))',
         'exists (select from issue i where i.report_id = report.id)'),
        ('report_media',
         'in_scope(null) or exists (select from issue i where i.report_id = report_media.report_id and in_scope(i.division_path))',
         'exists (select from issue i where i.report_id = report_media.report_id)'),
        ('reporter',
         'in_scope(null) or exists (select from issue i where i.report_id = reporter.report_id and in_scope(i.division_path))',
         'false'),
        -- Where the grid is now, not where it has been: its newest version, open or (if it was given up) closed.
        ('post',
         'in_scope(null) or in_division(division_id) or in_scope((select v.division_path from grid_version v '
         'where v.grid_id = post.grid_id order by lower(v.valid) desc limit 1))',
         'false'),
        -- Those who hold a post there, not those who once did.
        ('person',
         'in_scope(null) or exists (select from post p where p.person_id = person.id and (upper_inf(p.valid) or upper(p.valid) > now()))',
         'false'),
        ('account', 'in_division(division_id) or id::text = said(''account'')', 'username = said(''username'')'),
        ('account_grant',
         'in_division(division_id) and exists (select from account a where a.id = account_id)',
         'exists (select from account a where a.id = account_id)'),
        ('refresh_token',
         'exists (select from account a where a.id = account_id)', 'encode(token_hash, ''hex'') = said(''token'')'),
        ('sign_in_failure', 'in_scope(null) or username = said(''username'')', 'false'),
        ('api_key', 'in_division(division_id)', 'encode(key_hash, ''hex'') = said(''token'')'),
        ('import_run', 'in_scope(null)', 'false')
    ) as walls ("table", ours, to_read)
    loop
        execute format('alter table %I enable row level security', wall."table");
        execute format('create policy seen on %I for select to wangge_app using (%s or %s)', wall."table", wall.ours, wall.to_read);
        execute format('create policy added on %I for insert to wangge_app with check (%s)', wall."table", wall.ours);
        execute format('create policy changed on %I for update to wangge_app using (%s) with check (%s)', wall."table", wall.ours, wall.ours);
        execute format('create policy removed on %I for delete to wangge_app using (%s)', wall."table", wall.ours);
    end loop;
end
$$;

-- Whatever anybody does leaves an entry, wherever; who reads it is another matter.
alter table audit_entry enable row level security;
create policy seen on audit_entry for select to wangge_app using (in_scope(division_path));
create policy added on audit_entry for insert to wangge_app with check (true);
