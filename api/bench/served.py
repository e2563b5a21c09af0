"""The app that the HTTP benchmarks measure: one worker, as `wangge up` serves it."""

from api.garbage import settle_memory
from api.logging import configure_logging
from api.main import create_app
from api.settings import read_settings

configure_logging("json")
app = create_app(read_settings())
settle_memory()
