"""Length that a NetCDF file must have by its own header; the NetCDF library reads the missing end as zeros."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

HDF5 = b"\x89HDF\r\n\x1a\n"
CLASSIC = (b"CDF\x01", b"CDF\x02", b"CDF\x05")
# bytes of a value by its type number: byte, char, short, int, float, double, and the unsigned and 64-bit types of CDF-5
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}
# number of records of a file that is still being written
_STREAMING = 0xFFFFFFFF
# where the superblock of HDF5 has the end of the file, by its version, for addresses of 8 bytes
_END_OF_FILE = {0: 40, 1: 44, 2: 28, 3: 28}


def expected_bytes(path: str | Path) -> int | None:
    """Minimum size in bytes of a NetCDF file according to its header; None if unknown.

    NetCDF classic after the format specification of Unidata (CDF-1, CDF-2, CDF-5), NetCDF-4 by the end-of-file address
    in the superblock of HDF5.

    Raises
    ------
    struct.error
        If the file ends within its header.
    """
    with open(path, "rb") as stream:
        magic = stream.read(8)
        if magic == HDF5:
            return _hdf5_bytes(stream)
        return _Header(stream, version=magic[3]).expected_bytes() if magic[:4] in CLASSIC else None


def _hdf5_bytes(stream: BinaryIO) -> int | None:
    block = stream.read(64)
    version, offset_bytes = block[0], block[5] if block[0] < 2 else block[1]
    place = _END_OF_FILE.get(version)
    return struct.unpack_from("<Q", block, place - len(HDF5))[0] if place and offset_bytes == 8 else None


@dataclass(frozen=True)
class _Variable:
    begin: int
    bytes: int
    is_record: bool


class _Header:
    """Reads the header of a NetCDF classic file from its start."""

    def __init__(self, stream: BinaryIO, version: int) -> None:
        self._stream = stream
        stream.seek(4)
        self._count = ">Q" if version == 5 else ">I"
        self._offset = ">I" if version == 1 else ">Q"

    def expected_bytes(self) -> int:
        """Where the last value of the last variable ends."""
        records = self._number(self._count)
        sizes = [self._dimension() for _ in self._entries()]
        self._attributes()
        variables = [self._variable(sizes) for _ in self._entries()]
        ends = [self._stream.tell(), *(one.begin + one.bytes for one in variables if not one.is_record)]
        along = [one for one in variables if one.is_record]
        if along and 0 < records != _STREAMING:
            # records are padded to 4 bytes, unless there is one record variable alone
            step = along[0].bytes if len(along) == 1 else sum(_padded(one.bytes) for one in along)
            ends += [one.begin + (records - 1) * step + one.bytes for one in along]
        return max(ends)

    def _number(self, form: str) -> int:
        return struct.unpack(form, self._stream.read(struct.calcsize(form)))[0]

    def _entries(self) -> range:
        self._number(">I")  # the tag says which list it is; their order is fixed
        return range(self._number(self._count))

    def _name(self) -> None:
        self._stream.seek(_padded(self._number(self._count)), 1)

    def _dimension(self) -> int:
        self._name()
        return self._number(self._count)

    def _attributes(self) -> None:
        for _ in self._entries():
            self._name()
            kind = self._number(">I")
            self._stream.seek(_padded(_TYPE_BYTES[kind] * self._number(self._count)), 1)

    def _variable(self, sizes: list[int]) -> _Variable:
        self._name()
        shape = [sizes[self._number(self._count)] for _ in range(self._number(self._count))]
        self._attributes()
        kind = self._number(">I")
        self._number(self._count)  # the stored size overflows for large variables; it follows from the shape
        begin = self._number(self._offset)
        # the dimension of records has the length 0 in the header
        is_record = bool(shape) and shape[0] == 0
        return _Variable(begin, _TYPE_BYTES[kind] * math.prod(shape[is_record:]), is_record)


def _padded(size: int) -> int:
    return -(-size // 4) * 4
