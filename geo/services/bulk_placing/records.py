"""Read a CSV file as blocks of whole records, whose bytes are kept as they are."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
from numpy.typing import NDArray

from geo.errors import RefusedImportError

# Bytes read at once: what is held in memory is a small multiple. Some blocks are worked on at the same time.
_BLOCK = 4 << 20


@dataclass(frozen=True)
class Block:
    """Whole records of a file; `first_row` is the number of the first one, 1 being that after the header."""

    data: bytes
    first_row: int
    header: list[str]
    encoding: str

    @cached_property
    def records(self) -> Any:
        """The records as they stand in the file, without their line ends, as an Arrow string array."""
        ends = _record_ends(self.data)
        offsets = np.concatenate([[0], ends + 1]).astype(np.int32)
        raw = pa.Array.from_buffers(pa.string(), len(ends), [None, pa.py_buffer(offsets), pa.py_buffer(self.data)])
        trimmed = pc.ascii_rtrim(raw, characters="\r\n")
        return trimmed.filter(pc.greater(pc.binary_length(trimmed), 0))

    def columns(self, positions: list[int] | None = None) -> list[Any]:
        """Parse columns (None: all) as Arrow arrays of text.

        Raises
        ------
        RefusedImportError
            A record has more or fewer fields than the header.
        """
        bad: list[Any] = []

        def keep_bad(row: Any) -> str:
            bad.append(row)
            return "skip"

        names = [str(i) for i in range(len(self.header))]
        wanted = names if positions is None else [str(i) for i in positions]
        table = pa_csv.read_csv(
            BytesIO(self.data),
            pa_csv.ReadOptions(
                use_threads=False, block_size=len(self.data) + 1, column_names=names, encoding=self.encoding
            ),
            pa_csv.ParseOptions(newlines_in_values=b'"' in self.data, invalid_row_handler=keep_bad),
            pa_csv.ConvertOptions(
                include_columns=list(dict.fromkeys(wanted)),
                column_types={name: pa.string() for name in wanted},
                strings_can_be_null=False,
            ),
        )
        if bad:
            row = bad[0]
            raise RefusedImportError(
                f"第 {self.first_row + row.number - 1} 行有 {row.actual_columns} 列，表头有 {row.expected_columns} 列 "
                f"(row {self.first_row + row.number - 1} has {row.actual_columns} fields, the header "
                f"{row.expected_columns}): {row.text[:80]}"
            )
        return [table.column(name).combine_chunks() for name in wanted]


@dataclass(frozen=True)
class CsvFile:
    """A CSV file with a header, comma-separated, in UTF-8 (with or without BOM) or GB 18030."""

    path: Path
    encoding: str
    header: list[str]
    header_bytes: bytes
    """The header's record with its BOM, without its line end."""
    line_end: str
    data_start: int

    @classmethod
    def open(cls, path: Path) -> "CsvFile":
        """Read the header and find out the encoding.

        Raises
        ------
        RefusedImportError
            The file is missing, empty, in another encoding or without line feeds.
        """
        if not path.is_file():
            raise RefusedImportError(f"没有这个文件 (no such file): {path}")
        first = next(_blocks_of(path, 0), b"")
        if not first.strip():
            raise RefusedImportError(f"{path} 是空文件，应有表头 (the file is empty; it needs a header)")
        end = int(_record_ends(first)[0]) + 1
        record = first[:end].rstrip(b"\r\n")
        if b"\r" in record and b'"' not in record:
            raise RefusedImportError(
                f"{path}: 换行用的是旧 Mac 的回车符，请另存为普通 CSV "
                "(lines end with a lone carriage return; save the file as plain CSV)"
            )
        encoding = _encoding_of(path)
        text = record.removeprefix(codecs.BOM_UTF8)
        header = pa_csv.read_csv(
            BytesIO(text + b"\n"),
            pa_csv.ReadOptions(autogenerate_column_names=True, encoding=encoding, use_threads=False),
            convert_options=pa_csv.ConvertOptions(auto_dict_encode=False),
        )
        names = ["" if v is None else str(v) for v in (column[0].as_py() for column in header.columns)]
        return cls(path, encoding, names, record, "\r\n" if first[:end].endswith(b"\r\n") else "\n", end)

    def blocks(self) -> Iterator[Block]:
        """Read the records after the header, block by block."""
        row = 1
        for data in _blocks_of(self.path, self.data_start):
            block = Block(data, row, self.header, self.encoding)
            row += len(block.records)
            if len(block.records):
                yield block


def _blocks_of(path: Path, start: int) -> Iterator[bytes]:
    """Read a file in pieces that end with a record."""
    with path.open("rb") as file:
        file.seek(start)
        rest = b""
        while chunk := file.read(_BLOCK):
            data = rest + chunk
            ends = _record_ends(data)
            if not len(ends):
                if len(data) > 4 * _BLOCK:
                    raise RefusedImportError(
                        f"{path}: 引号没有配对，或没有换行 (a quotation mark is never closed, or no line ends)"
                    )
                rest = data
                continue
            cut = int(ends[-1]) + 1
            yield data[:cut]
            rest = data[cut:]
        if rest.strip():
            if not len(_record_ends(rest + b"\n")):
                raise RefusedImportError(f"{path}: 引号没有配对 (a quotation mark is never closed)")
            yield rest + b"\n"


def _record_ends(data: bytes) -> NDArray[np.int64]:
    """Return where records end: at line feeds outside quotation marks."""
    array = np.frombuffer(data, dtype=np.uint8)
    ends = np.flatnonzero(array == ord("\n"))
    if b'"' in data:
        quotes = np.flatnonzero(array == ord('"'))
        ends = ends[np.searchsorted(quotes, ends) % 2 == 0]
    return ends


def _encoding_of(path: Path) -> str:
    """Find out the encoding from the first piece of the file that is not plain ASCII."""
    for data in _blocks_of(path, 0):
        if data.isascii():
            continue
        for encoding in ("utf-8", "gb18030"):
            try:
                data.decode(encoding)
            except UnicodeDecodeError:
                continue
            return encoding
        raise RefusedImportError(f"{path}: 编码既不是 UTF-8 也不是 GBK (neither UTF-8 nor GBK)")
    return "utf-8"
