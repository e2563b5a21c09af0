"""The walking networks in memory: loaded when first asked for, the least recently used let go."""

from collections import OrderedDict
from threading import Lock

from sqlalchemy.orm import Session

from geo.geometry.walking import WalkingNetwork
from geo.queries import street_networks as queries

#: What one edge takes in memory with its line, index and graphs, measured on 600,000.
_BYTES_PER_EDGE = 1_000


class NetworkCache:
    """Networks by id, at most ``max_bytes`` of them (and always the one asked for). Safe between threads.

    A network never changes under its id, so nothing has to be told when an import replaces it.
    """

    def __init__(self, max_bytes: int = 1_000_000_000) -> None:
        self.max_bytes = max_bytes
        self._kept: OrderedDict[int, WalkingNetwork] = OrderedDict()
        self._lock = Lock()

    def at(self, session: Session, lon: float, lat: float) -> tuple[int, WalkingNetwork] | None:
        """Return id and network of the current streets around a WGS 84 point, None where no street is known."""
        row = queries.network_at(session, lon, lat)
        return None if row is None else (row.id, self._get(session, row.id, row.version))

    def by_id(self, session: Session, network_id: int) -> WalkingNetwork | None:
        """Return a network by its id, None where it isn't current any more."""
        version = queries.version_of(session, network_id)
        return None if version is None else self._get(session, network_id, version)

    def _get(self, session: Session, network_id: int, version: str) -> WalkingNetwork:
        with self._lock:
            found = self._kept.get(network_id)
            if found is None:
                streets, water = queries.read_network(session, network_id)
                found = WalkingNetwork(streets, water=water, version=version)
                self._kept[network_id] = found
            self._kept.move_to_end(network_id)
            while len(self._kept) > 1 and self._bytes() > self.max_bytes:
                self._kept.popitem(last=False)
        return found

    def _bytes(self) -> int:
        return sum(network.edge_count * _BYTES_PER_EDGE for network in self._kept.values())
