"""The walking networks in memory: loaded when first asked for, the least recently used let go."""

import ctypes

from sqlalchemy.orm import Session

from geo.errors import ConflictError
from geo.geometry.walking import WalkingNetwork
from geo.queries import street_networks as queries
from geo.services.kept import Kept


class SupersededError(ConflictError):
    """The network's streets are gone: an import has put others in their place meanwhile."""

    def __init__(self) -> None:
        super().__init__("道路数据刚刚更新，请重试。 The streets have just been replaced; ask again.")


class NetworkCache:
    """Networks by id, at most ``max_bytes`` of them (and always the one asked for). Safe between threads.

    A network never changes under its id, so nothing has to be told when an import replaces it.
    """

    def __init__(self, max_bytes: int = 1_000_000_000) -> None:
        self._kept: Kept[int, WalkingNetwork] = Kept(max_bytes, lambda network: network.size_bytes, _give_back)

    def at(self, session: Session, lon: float, lat: float) -> tuple[int, WalkingNetwork] | None:
        """Return id and network of the current streets around a WGS 84 point, None where no street is known."""
        for _ in range(3):
            row = queries.network_at(session, lon, lat)
            if row is None:
                break
            try:
                return row.id, self._get(session, row.id, row.version)
            except SupersededError:
                continue
        return None

    def by_id(self, session: Session, network_id: int) -> WalkingNetwork:
        """Return a network by its id.

        Raises
        ------
        SupersededError
            It isn't current any more.
        """
        version = queries.version_of(session, network_id)
        if version is None:
            raise SupersededError
        return self._get(session, network_id, version)

    def _get(self, session: Session, network_id: int, version: str) -> WalkingNetwork:
        def load() -> WalkingNetwork:
            streets, water = queries.read_network(session, network_id)
            if not len(streets):
                raise SupersededError
            return WalkingNetwork(streets, water=water, version=version)

        return self._kept.get(network_id, load)


def _give_back() -> None:
    """Give the system back the memory of networks let go: the C library keeps what its many small pieces took."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)
