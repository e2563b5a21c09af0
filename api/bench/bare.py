"""The peer of the HTTP benchmarks: FastAPI with one empty async route."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def nothing() -> dict[str, str]:
    """Answer nothing."""
    return {}
