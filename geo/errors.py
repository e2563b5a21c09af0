"""The error tree. A message says what, where, the offending value, and how to mend it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType


class GeoError(Exception):
    """Base of every error this software raises on purpose."""

    members: Mapping[str, object] = MappingProxyType({})
    """What a program may want to know of it beside the sentence; JSON values."""


class InvalidCoordinateError(GeoError, ValueError):
    """A coordinate that no place on the map can have."""


class UnknownCrsError(GeoError, ValueError):
    """A coordinate system that is not supported or was not named where it must be."""


class InvalidGeometryError(GeoError, ValueError):
    """A geometry that is malformed, empty or of the wrong type."""


class NotFoundError(GeoError, LookupError):
    """Something named by the caller does not exist (or is not theirs to see)."""


class ConflictError(GeoError):
    """The request is well formed but the state of the world forbids it."""


class RefusedImportError(GeoError, ValueError):
    """A file that cannot be loaded as it is; nothing was changed."""


class InvalidAccuracyError(GeoError, ValueError):
    """An accuracy that no fix can have: not a positive number of metres, or of a level that is not supported."""


class FutureInstantError(GeoError, ValueError):
    """An instant that is still to come: nobody knows the borders of then."""


class RefusedOperationError(ConflictError):
    """An editing operation that would fold a border, leave a gap or an overlap, or change nothing."""


class LockedUnitError(ConflictError):
    """A unit that a planner has locked against changes in a draft."""


class PlotCutsMicroGridError(ConflictError):
    """Land for a divided grid that more than one of its micro-grids could take; holds which.

    Member ``choices`` lists key, name and the square metres of the land that each has already, most first.
    """

    def __init__(self, message: str, choices: Sequence[Mapping[str, object]]) -> None:
        super().__init__(message)
        self.members = {"choices": list(choices)}


class StaleRevisionError(GeoError):
    """Somebody else has changed it since the caller read it; nothing was changed."""


class RefusedExportError(GeoError, ValueError):
    """An export that can't be written as it was asked for."""


class WrongUsageError(GeoError, ValueError):
    """Options that contradict each other or mean nothing for what was asked."""
