"""`wangge down`, `status`, `psql` and `openapi`: what one does to a running system."""

import typer


def down() -> None:
    """Stop what `wangge up` started, in order."""
    from api.instance import end
    from api.settings import read_settings
    from geo.db.cluster import embedded

    settings = read_settings()
    stopped = end(settings.var_folder)
    cluster = None if settings.database_url else embedded(settings.var_folder)
    left = cluster is not None and cluster.is_running() and cluster.stop_unused()
    if stopped is not None:
        typer.echo(f"stopped: {stopped.url} (process {stopped.pid})")
    elif left:
        typer.echo("stopped the database that a killed wangge had left running")
    else:
        typer.echo("wangge is not running")


def status() -> None:
    """Tell what runs and where; exit status 3 where nothing does."""
    from api.instance import find
    from api.settings import read_settings
    from geo.db.cluster import embedded

    settings = read_settings()
    instance = find(settings.var_folder)
    cluster = None if settings.database_url else embedded(settings.var_folder)
    typer.echo(f"data      {settings.var_folder}")
    if cluster is None:
        typer.echo("database  the one that DATABASE_URL names")
    else:
        typer.echo(f"database  {'running' if cluster.is_running() else 'stopped'}, embedded")
    if instance is None:
        typer.echo("server    stopped")
        raise typer.Exit(3)
    typer.echo(f"server    {instance.url} (process {instance.pid}, since {instance.started_at})")


def psql(context: typer.Context) -> None:
    """Open PostgreSQL's shell on the database; further arguments go to psql (`wangge psql -c 'select 1'`)."""
    import subprocess

    from api.database import open_database
    from api.settings import read_settings
    from geo.db.cluster import find_postgres_bin

    with open_database(read_settings(), migrated=False) as url:
        command = [str(find_postgres_bin(program="psql") / "psql"), "-d", url, *context.args]
        raise typer.Exit(subprocess.run(command, check=False).returncode)


def openapi() -> None:
    """Print the API's OpenAPI schema as JSON."""
    import json
    import secrets

    from api.main import create_app
    from api.settings import read_settings

    schema = create_app(read_settings(secret_key=secrets.token_hex())).openapi()  # no database, no key of ours
    typer.echo(json.dumps(schema, ensure_ascii=False, indent=2))
