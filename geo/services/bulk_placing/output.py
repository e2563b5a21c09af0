"""Write placed rows: CSV with the input's own bytes in front, or Parquet."""

from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from geo.services.bulk_placing.coordinates import REASONS
from geo.services.bulk_placing.placer import CERTAINTIES, METHODS, OWNER_COLUMNS, Answers
from geo.services.bulk_placing.records import Block, CsvFile

PLACED_COLUMNS = (*OWNER_COLUMNS, "method", "edge_distance_m", "certainty", "reason")


class Output(Protocol):
    """Where placed blocks go; blocks may be encoded on several threads, but are written by one, in their order."""

    def encode(self, block: Block, answers: Answers, reason: NDArray[np.int8]) -> Any:
        """Return a block as `write` takes it."""

    def write(self, encoded: Any) -> None:
        """Write an encoded block."""

    def close(self) -> None:
        """Finish the file."""


def added_names(header: list[str]) -> list[str]:
    """Return the names of the added columns: where the input has one of that name already, with `placed_` in front."""
    return [f"placed_{name}" if name in header else name for name in PLACED_COLUMNS]


class CsvOutput:
    """Appends columns to the records of the input, in its encoding and with its line ends."""

    def __init__(self, path: Path, source: CsvFile, owners: Any) -> None:
        self._encoding = source.encoding
        # What is the same for all rows of an owner is put together once.
        fields = [pc.fill_null(column, "") for column in owners.columns]
        whole = pc.binary_join_element_wise(*[_quoted(field) for field in fields], ",")
        self._owners = self._encoded(whole.to_pylist())
        self._methods = self._encoded(METHODS)
        self._certainties = self._encoded(CERTAINTIES)
        self._reasons = self._encoded([reason + source.line_end for reason in REASONS])
        self._file = path.open("wb")
        names = ",".join(added_names(source.header)) + source.line_end
        self._file.write(source.header_bytes + b"," + names.encode(self._encoding))

    def _encoded(self, texts: Any) -> Any:
        """Return the texts in the file's encoding, as Arrow strings of bytes (which needn't be UTF-8)."""
        binary = pa.array([text.encode(self._encoding, "replace") for text in texts], pa.binary())
        return pa.Array.from_buffers(pa.string(), len(binary), binary.buffers())

    def encode(self, block: Block, answers: Answers, reason: NDArray[np.int8]) -> Any:
        """Return the block's lines."""
        distance = pa.array(answers.edge_distance_m, mask=np.isnan(answers.edge_distance_m))
        lines = pc.binary_join_element_wise(
            block.records,
            self._owners.take(pa.array(answers.owner)),
            self._methods.take(pa.array(answers.method)),
            pc.fill_null(pc.cast(distance, pa.string()), ""),
            self._certainties.take(pa.array(answers.certainty)),
            self._reasons.take(pa.array(reason)),
            ",",
        )
        return memoryview(lines.buffers()[2])

    def write(self, encoded: Any) -> None:
        """Write lines."""
        self._file.write(encoded)

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


class ParquetOutput:
    """Writes the input's columns as text, and the added ones in their own types."""

    def __init__(self, path: Path, source: CsvFile, owners: Any) -> None:
        self._owners = owners
        self._names = [*source.header, *added_names(source.header)]
        types = [pa.string()] * (len(self._names) - 3) + [pa.float64(), pa.string(), pa.string()]
        self._schema = pa.schema(list(zip(self._names, types, strict=True)))
        self._writer = pq.ParquetWriter(path, self._schema)

    def encode(self, block: Block, answers: Answers, reason: NDArray[np.int8]) -> Any:
        """Return the block as a table."""
        owner = self._owners.take(pa.array(answers.owner))
        columns = [
            *block.columns(),
            *(column.combine_chunks() for column in owner.columns),
            _named(METHODS, answers.method),
            pa.array(answers.edge_distance_m, mask=np.isnan(answers.edge_distance_m)),
            _named(CERTAINTIES, answers.certainty),
            _named(REASONS, reason),
        ]
        return pa.Table.from_arrays(columns, schema=self._schema)

    def write(self, encoded: Any) -> None:
        """Write a table as a row group."""
        self._writer.write_table(encoded)

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def _named(names: tuple[str, ...], positions: NDArray[np.int8]) -> Any:
    """Return names by position; the empty one is null."""
    return pa.array([name or None for name in names], pa.string()).take(pa.array(positions))


def _quoted(fields: Any) -> Any:
    """Quote the texts that CSV needs quoted."""
    quoted = pc.binary_join_element_wise("", pc.replace_substring(fields, '"', '""'), "", '"')
    return pc.if_else(pc.match_substring_regex(fields, '[",\r\n]'), quoted, fields)
