"""Opens what somebody sent, within limits: a zip of tables may not be a bomb, nor reach outside of itself."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from imigr_directory.errors import BadPackage

MOST_FILES: Final = 200
MOST_BYTES: Final = 200 * 1024 * 1024
"""Of all files together, unpacked."""
MOST_RATIO: Final = 200
"""Unpacked to packed, of one file over a megabyte; tables of text stay under 30."""
_SMALL = 1024 * 1024
_CHUNK = 256 * 1024


def tables(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each file in the zip, one at a time. Raises BadPackage with what is wrong with it: the sizes
    that the archive declares are not believed but counted while unpacking."""
    try:
        archive = zipfile.ZipFile(file)
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise BadPackage(params={"why": "not_a_zip"}) from error
    with archive:
        if len(members) > MOST_FILES:
            raise BadPackage(params={"why": "too_many_files"})
        for member in members:
            _check(member)
        left = MOST_BYTES
        for member in members:
            if not member.is_dir():
                content = _unpacked(archive, member, left)
                left -= len(content)
                yield member.filename, content


def _check(member: zipfile.ZipInfo) -> None:
    name = member.filename
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if name.startswith(("/", "\\")) or ".." in parts or ":" in name or "\x00" in member.orig_filename:
        raise BadPackage(params={"why": "path", "file": name[:100]})
    if stat.S_ISLNK(member.external_attr >> 16):
        raise BadPackage(params={"why": "link", "file": name[:100]})
    if member.flag_bits & 0x1:
        raise BadPackage(params={"why": "encrypted", "file": name[:100]})


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, left: int) -> bytes:
    ratio = max(_SMALL, member.compress_size * MOST_RATIO)
    most = min(left, ratio)
    found = io.BytesIO()
    try:
        with archive.open(member) as packed:
            while chunk := packed.read(_CHUNK):
                found.write(chunk)
                if found.tell() > most:
                    raise BadPackage(params={"why": "too_large", "file": member.filename[:100]})
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise BadPackage(params={"why": "damaged", "file": member.filename[:100]}) from error
    return found.getvalue()
