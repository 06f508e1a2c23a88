"""Photos as a phone of Apple's takes them: many small HEVC pictures laid beside one another.

`vectors/photos/small.heic.txt` is (in base64) one such picture of 512 × 512 with a position, a name
and a way up, made with pillow-heif 1.8 (libheif 1.23, x265 4.3). Here it is read apart and laid in
a grid, since no library that is at hand writes one.
"""

import struct
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path

SMALL = b64decode((Path(__file__).parent / "vectors/photos/small.heic.txt").read_text("ascii"))
TILE, TURNED = 512, 3
# The whole picture is made of tiles, whose numbers follow it.
WHOLE = 1


def boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """What a box holds: kinds and contents."""
    while content:
        size = int.from_bytes(content[:4])
        yield content[4:8], content[8:size]
        content = content[size:]


def box(kind: bytes, *parts: bytes) -> bytes:
    """One of them."""
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind + content


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """One that tells its version."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def tile() -> tuple[bytes, bytes]:
    """How the small picture is to be decoded, and its data."""
    outer = dict(boxes(SMALL))
    inner = dict(boxes(outer[b"meta"][4:]))
    shared = dict(boxes(dict(boxes(inner[b"iprp"]))[b"ipco"]))
    # Of the first item: where it begins in the file, and how long it is.
    begin, _, _, length = struct.unpack(">IHII", inner[b"iloc"][12:26])
    return box(b"hvcC", shared[b"hvcC"]), SMALL[begin : begin + length]


def photo(width: int = 4032, height: int = 3024, hidden: int = 1) -> bytes:
    """A landscape of so many pixels, to be turned upright; its tiles show only in the whole."""
    how, data = tile()
    columns, rows = -(-width // TILE), -(-height // TILE)
    tiles = range(WHOLE + 1, WHOLE + 1 + columns * rows)
    grid = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    parts = [full(b"infe", struct.pack(">HH", WHOLE, 0), b"grid\0", version=2)]
    parts += [
        full(b"infe", struct.pack(">HH", n, 0), b"hvc1\0", version=2, flags=hidden) for n in tiles
    ]
    pieces = struct.pack(f">HH{len(tiles)}H", WHOLE, len(tiles), *tiles)
    common = box(
        b"ipco", how, full(b"ispe", struct.pack(">II", TILE, TILE)),
        full(b"ispe", struct.pack(">II", width, height)), box(b"irot", bytes([TURNED])),
    )  # fmt: skip
    # 1 and 2 of them are the tiles', 3 and 4 the whole's; those that must be understood say so.
    own = struct.pack(">IHBBB", 1 + len(tiles), WHOLE, 2, 3, 0x84)
    own += b"".join(struct.pack(">HBBB", n, 2, 0x81, 2) for n in tiles)

    def meta(begin: int) -> bytes:
        places = struct.pack(">BBH", 0x44, 0, 1 + len(tiles))
        # The grid lies in this box, the tiles are one and the same piece of the file.
        places += struct.pack(">HHHHII", WHOLE, 1, 0, 1, 0, len(grid))
        places += b"".join(struct.pack(">HHHHII", n, 0, 0, 1, begin, len(data)) for n in tiles)
        return full(
            b"meta",
            full(b"hdlr", bytes(4), b"pict", bytes(13)),
            full(b"pitm", struct.pack(">H", WHOLE)),
            full(b"iloc", places, version=1),
            full(b"iinf", struct.pack(">H", 1 + len(tiles)), *parts),
            full(b"iref", box(b"dimg", pieces)),
            box(b"iprp", common, full(b"ipma", own)),
            box(b"idat", grid),
        )

    head = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
    return head + meta(len(head) + len(meta(0)) + 8) + box(b"mdat", data)
