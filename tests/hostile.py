"""Files as nobody should send them, and how they are sent: made here, byte by byte.

`PICTURES` and `SOUNDS` by name: what is sent, and whether anything of it is taken (then made anew).
`MARK` stands in the parts that must not come through.
"""

import io
import struct
import wave
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from PIL import Image, PngImagePlugin

from tests import heic

MARK = b"SMUGGLED<script>alert(1)</script>"
MIB = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n"
GPS = {1: "N", 2: (32.0, 58.0, 48.0), 3: "E", 4: (114.0, 1.0, 12.0)}


def picture(mode: str = "RGB", size: tuple[int, int] = (64, 48)) -> Image.Image:
    """Two halves, so that turning shows."""
    image = Image.new("RGB", size, "white")
    image.paste("navy", (0, 0, max(1, size[0] // 2), size[1]))
    return image.convert(mode)


def saved(image: Image.Image, kind: str, **how: Any) -> bytes:
    """The file."""
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def exif(orientation: int = 6) -> Image.Exif:
    """A position, a name and a way up."""
    told = Image.Exif()
    told[0x0112] = orientation
    told[0x010E] = MARK.decode()
    told[0x8825] = GPS
    return told


def chunk(kind: bytes, content: bytes) -> bytes:
    """A chunk of a PNG."""
    return (
        struct.pack(">I", len(content)) + kind + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )  # fmt: skip


def png(width: int, height: int, *chunks: bytes, bits: int = 1, colour: int = 0) -> bytes:
    """A PNG that says so large it is, with what else it says."""
    head = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return PNG + chunk(b"IHDR", head) + b"".join(chunks) + chunk(b"IEND", b"")


def zeros(size: int) -> bytes:
    """So many of them, compressed, and never more than some here."""
    press = zlib.compressobj(9)
    made = b"".join(press.compress(bytes(MIB)) for _ in range(size // MIB))
    return made + press.compress(bytes(size % MIB)) + press.flush()


def bomb(width: int, height: int, bits: int = 1, colour: int = 0, samples: int = 1) -> bytes:
    """All its pixels are there, in a thousandth of their space."""
    rows = zeros((width * bits * samples // 8 + 1) * height)
    more = [chunk(b"PLTE", bytes(768))] if colour == 3 else []
    return png(width, height, *more, chunk(b"IDAT", rows), bits=bits, colour=colour)


def inflating(kind: bytes, before: bytes) -> bytes:
    """A small picture with a note that unfolds to 64 MiB."""
    note = chunk(kind, before + zeros(64 * MIB))
    return png(8, 8, note, chunk(b"IDAT", zlib.compress(bytes(16))))


def texts() -> PngImagePlugin.PngInfo:
    """Notes beside the pixels."""
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", MARK.decode())
    told.add_itxt("XML:com.adobe.xmp", MARK.decode())
    return told


def frames(kind: str) -> bytes:
    """An animation."""
    more = [picture(size=(64, 48)).rotate(90 * n) for n in (1, 2, 3)]
    return saved(picture(), kind, save_all=True, append_images=more)


def jpeg_of(width: int, height: int) -> bytes:
    """A small JPEG that says it is larger."""
    plain = bytearray(saved(picture(), "JPEG"))
    at = plain.index(b"\xff\xc0") + 5
    plain[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(plain)


def sound(seconds: float, rate: int = 8000, said: int | None = None) -> bytes:
    """A recording of a tone; `said` is the length that its head claims."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        tone = b"".join(struct.pack("<h", 9000 if n % 16 < 8 else -9000) for n in range(rate))
        file.writeframes((tone * (int(seconds) + 1))[: int(seconds * rate) * 2])
    made = bytearray(out.getvalue())
    if said is not None:
        made[40:44] = struct.pack("<I", said)
    return bytes(made)


J, P, W = (saved(picture(), kind) for kind in ("JPEG", "PNG", "WEBP"))
Made = Callable[[], bytes]
# Taken, and made anew.
ODD: Mapping[str, Made] = {
    "position": lambda: saved(picture(), "JPEG", exif=exif()),
    "no such way up": lambda: saved(picture(), "JPEG", exif=exif(99)),
    "position in a png": lambda: saved(picture(), "PNG", exif=exif()),
    "position in a webp": lambda: saved(picture(), "WEBP", exif=exif()),
    "broken exif": lambda: saved(picture(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff"),
    "comment": lambda: saved(picture(), "JPEG", comment=MARK),
    "profile": lambda: saved(picture(), "JPEG", icc_profile=MARK * 9),
    "script behind a jpeg": lambda: J + MARK,
    "zip behind a jpeg": lambda: J + b"PK\x03\x04" + MARK,
    "php behind a png": lambda: P + b"<?php " + MARK,
    "page behind a webp": lambda: W + b"<!doctype html>" + MARK,
    "notes in a png": lambda: saved(picture(), "PNG", pnginfo=texts()),
    "several": lambda: saved(picture(), "MPO", save_all=True, append_images=[picture()]),
    "animated png": lambda: frames("PNG"),
    "animated webp": lambda: frames("WEBP"),
    "progressive": lambda: saved(picture(size=(900, 700)), "JPEG", progressive=True),
    "cmyk": lambda: saved(picture("CMYK"), "JPEG"),
    "grey": lambda: saved(picture("L"), "JPEG"),
    "one bit": lambda: saved(picture("1"), "PNG"),
    "sixteen bits": lambda: saved(Image.new("I;16", (60, 40), 40000), "PNG"),
    "palette": lambda: saved(picture("P"), "PNG"),
    "palette with holes": lambda: saved(picture("P"), "PNG", transparency=0),
    "grey with holes": lambda: saved(picture("LA"), "PNG"),
    "with holes": lambda: saved(picture("RGBA"), "WEBP", lossless=True),
    "a dot": lambda: saved(picture(size=(1, 1)), "PNG"),
    "a thread": lambda: saved(picture(size=(2, 20000)), "PNG"),
    "large": lambda: saved(picture(size=(5000, 4000)), "JPEG"),
    "heic": lambda: heic.SMALL,
    "heic of a phone": heic.photo,
    "heic of a new phone": lambda: heic.photo(5712, 4284),
    "several heic": lambda: heic.photo(1000, 800, hidden=0),
}
# Not taken.
BAD: Mapping[str, Made] = {
    "text": lambda: b"hello, I am a picture",
    "page": lambda: b"<!doctype html><html>" + MARK,
    "svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "xml that unfolds": lambda: b'<!DOCTYPE x [<!ENTITY a "aaaa">]><svg>&a;&a;&a;</svg>',
    "zip": lambda: b"PK\x03\x04" + bytes(100),
    "gzip": lambda: zeros(10 * MIB),
    "gif": lambda: saved(picture("P"), "GIF"),
    "gif that is a script": lambda: b"GIF89a/*" + bytes(20) + b"*/=1;" + MARK,
    "bmp": lambda: saved(picture(), "BMP"),
    "tiff": lambda: saved(picture(), "TIFF"),
    "icon": lambda: saved(picture(), "ICO"),
    "pdf": lambda: b"%PDF-1.7\n" + MARK,
    "postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(x) print",
    "commands for a converter": lambda: b"push graphic-context\nimage over 0,0 'https://x'",
    "program": lambda: b"\x7fELF" + bytes(200),
    "film": lambda: b"\x00\x00\x00\x18ftypmp42" + bytes(200),
    "heic without a picture": lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    "heic of too many pixels": lambda: heic.photo(8064, 6048),
    "half a heic": lambda: heic.SMALL[: len(heic.SMALL) // 2],
    "head of a jpeg": lambda: b"\xff\xd8\xff",
    "head of a png": lambda: PNG,
    "head of a webp": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8 ",
    "half a jpeg": lambda: saved(picture(size=(900, 700)), "JPEG")[:3000],
    "half a png": lambda: P[: len(P) // 2],
    "half a webp": lambda: W[: len(W) // 2],
    "wrong sums": lambda: P[:-20] + bytes(4) + P[-16:],
    "jpeg that says more": lambda: jpeg_of(65500, 65500),
    "pixels": lambda: bomb(30_000, 30_000),
    "pixels that are not there": lambda: png(100_000, 100_000),
    "webp that says more": lambda: (
        b"RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\xff\x3f\0\xff\x3f\0"
    ),
    "note that unfolds": lambda: inflating(b"zTXt", b"Comment\x00\x00"),
    "profile that unfolds": lambda: inflating(b"iCCP", b"icc\x00\x00"),
}
SOUNDS: Mapping[str, tuple[Made, bool]] = {
    "a tone": (lambda: sound(3), True),
    "longer than it is": (lambda: sound(2, said=0xFFFFFFF0), True),
    "a script behind it": (lambda: sound(1) + MARK, True),
    "five minutes": (lambda: sound(300, 2000), False),
    "no sound": (lambda: sound(0), False),
    "playlist": (lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", False),
    "list of files": (lambda: b"ffconcat version 1.0\nfile /etc/passwd\n", False),
    "broken ogg": (lambda: b"OggS" + bytes(300), False),
    "broken webm": (lambda: b"\x1aE\xdf\xa3" + bytes(300), False),
    "film without sound": (lambda: b"\x00\x00\x00\x18ftypmp42" + bytes(300), False),
    "broken mp3": (lambda: b"ID3" + MARK, False),
    "broken amr": (lambda: b"#!AMR\n" + MARK, False),
    "a picture": (lambda: J, False),
}
