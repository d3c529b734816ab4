"""Pack a folder so that the same files are the same bytes, whenever and wherever it is done."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path
from typing import Final

_BEGINNING: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment a zip file can name."""
_FILE: Final = 0o100644 << 16
_UNIX: Final = 3


def pack(folder: Path, archive: Path) -> None:
    """Write all files of a folder into a zip file: sorted, with one time and one mode for all."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for file in files:
            entry = zipfile.ZipInfo(file.relative_to(folder).as_posix(), _BEGINNING)
            entry.external_attr, entry.create_system = _FILE, _UNIX
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, file.read_bytes())


def fingerprint(file: Path) -> str:
    """Tell a file's SHA-256 in hex."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
