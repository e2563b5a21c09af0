"""Unpack a zip archive that a stranger made, without trusting what it says about itself."""

import zipfile
from pathlib import Path, PurePosixPath

from geo.errors import RefusedImportError

MAX_BYTES = 2 * 1024**3
MAX_MEMBERS = 200
MAX_RATIO = 200
"""A Shapefile's padded text shrinks to a fiftieth; a bomb to a thousandth."""
_SMALL = 20 * 1024**2
_WANTED = {".shp", ".shx", ".dbf", ".prj", ".cpg", ".geojson", ".json", ".gpkg", ".csv"}
_MAIN = (".shp", ".gpkg", ".geojson", ".json", ".csv")


def unpack(archive: Path, folder: Path) -> Path:
    """Extract the one data set of a zip archive into ``folder`` and return its main file.

    Raises
    ------
    RefusedImportError
        If it is no zip, a bomb, encrypted, or doesn't hold exactly one data set.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            return _unpack(opened, archive.name, folder)
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise RefusedImportError(f"{archive.name}: 不是完好的 zip 文件 ({error})。 Not a sound zip archive.") from error
    except RuntimeError as error:  # zipfile's word for a password
        raise RefusedImportError(f"{archive.name}: zip 文件已加密，请去掉密码。 The archive is encrypted.") from error


def _unpack(opened: zipfile.ZipFile, name: str, folder: Path) -> Path:
    members = [m for m in opened.infolist() if not m.is_dir()]
    if len(members) > MAX_MEMBERS:
        raise RefusedImportError(
            f"{name} 里有 {len(members)} 个文件，最多 {MAX_MEMBERS} 个。"
            f" {name}: {len(members)} files inside; at most {MAX_MEMBERS} are allowed."
        )
    wanted = [m for m in members if _suffix(m) in _WANTED and not m.filename.startswith("__MACOSX/")]
    main = [m for m in wanted if _suffix(m) in _MAIN]
    if len(main) != 1:
        held = "、".join(m.filename for m in main) or "none"
        raise RefusedImportError(f"{name}: 压缩包内应恰有一个数据集，实有: {held}。 Put exactly one data set in a zip.")
    stem = _stem(main[0])
    budget = min(MAX_BYTES, max(_SMALL, MAX_RATIO * sum(m.compress_size for m in members)))
    for member in wanted:
        if _stem(member) == stem:
            # By the bytes that really come out: the sizes in the headers are the sender's word.
            budget = _copy(opened, member, folder / f"data{_suffix(member)}", budget, name)
    return folder / f"data{_suffix(main[0])}"


def _copy(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, budget: int, name: str) -> int:
    with opened.open(member) as source, target.open("wb") as out:
        while block := source.read(1 << 20):
            budget -= len(block)
            if budget < 0:
                raise RefusedImportError(
                    f"{name}: 解压后过大，疑似压缩炸弹，已拒绝。 {member.filename} looks like a zip bomb."
                )
            out.write(block)
    return budget


def _suffix(member: zipfile.ZipInfo) -> str:
    return PurePosixPath(member.filename).suffix.lower()


def _stem(member: zipfile.ZipInfo) -> str:
    return str(PurePosixPath(member.filename).with_suffix("")).lower()
