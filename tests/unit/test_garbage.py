"""What was loaded before serving is not looked through while serving."""

import gc

from api.garbage import settle_memory


def test_what_is_loaded_is_out_of_the_collectors_sight() -> None:
    loaded: list[object] = []
    loaded.append(loaded)
    settle_memory()
    try:
        assert not any(one is loaded for one in gc.get_objects())
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
