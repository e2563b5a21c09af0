"""The job queue (procrastinate on the same PostgreSQL) and its worker. Tasks register with `queue`."""

import asyncio
from collections.abc import Sequence

import procrastinate
import structlog

from geo.db.engine import APP_ROLE, make_engine

log = structlog.get_logger()

TASK_MODULES: Sequence[str] = (
    "api.circle_jobs",
    "api.housekeeping",
    "api.import_jobs",
    "api.interrupted_jobs",
    "api.plot_jobs",
    "api.publishing_jobs",
    "api.replacement_jobs",
)
"""The modules whose tasks a worker does; importing one registers them."""

queue = procrastinate.App(connector=procrastinate.PsycopgConnector(), import_paths=TASK_MODULES)


def run_worker(database_url: str) -> None:
    """Do jobs until SIGINT or SIGTERM; a running job is finished first.

    A task that takes the context (``pass_context=True``) finds an engine of the application role in
    ``context.additional_context["engine"]``.
    """
    asyncio.run(_work(database_url))


async def _work(database_url: str) -> None:
    engine = make_engine(database_url, role=APP_ROLE, scope="*")
    connector = procrastinate.PsycopgConnector(conninfo=database_url, kwargs={"options": f"-c role={APP_ROLE}"})
    with queue.replace_connector(connector) as app:
        async with app.open_async():
            app.perform_import_paths()  # type: ignore[no-untyped-call]
            log.info("worker ready", tasks=sorted(name for name in app.tasks if "builtin" not in name))
            await app.run_worker_async(
                concurrency=2,
                additional_context={"engine": engine},
                shutdown_graceful_timeout=15,
                delete_jobs="successful",
            )
    engine.dispose()
