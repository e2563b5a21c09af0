"""The garbage collector of a process that serves for months."""

import gc


def settle_memory() -> None:
    """Take what has been loaded out of the collector's sight: looking through all modules stops every request.

    A full collection after start-up looks at some 240,000 objects, which takes 100 ms or more and happens again and
    again while requests come and go; without them it takes a few.
    """
    gc.collect()
    gc.freeze()
