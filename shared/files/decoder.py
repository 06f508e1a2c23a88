"""The child that opens what a citizen sent: a strange file in, a clean one out.

It runs by its path, alone: without our environment, our keys or our modules. Its memory, its time
and what it may open are bounded before a byte is looked at, so a bomb takes nothing but itself. Of
the file only pixels or sound go on: no position, no thumbnail, no second file behind the first.
"""

import io
import os
import resource
import sys
import warnings
from importlib import import_module
from typing import BinaryIO, NoReturn

MEMORY = 256 * 1024 * 1024
PROCESSOR_SECONDS = 15
PIXELS = 40_000_000
# What a phone of Apple's takes by default; of such a photo all pixels are there at once.
HEIF_PIXELS = 26_000_000
SIDE = 2048
QUALITY = 82
VOICE_SECONDS = 60
VOICE_BITS = 24_000
VOICE_RATE = 48_000
# What each exit means; anything else is a file that broke the child.
TOO_LARGE, NOT_ONE, BROKEN, TOO_LONG = 3, 4, 5, 6
PLUGINS = ("MpoImagePlugin", "WebPImagePlugin")
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF")
# Shrinking works on these as they are; the others must become colours first.
SMOOTH = ("RGB", "RGBA", "RGBX", "L", "LA", "CMYK", "YCbCr")
# By their first bytes: the file is opened as that and as nothing else, so none leads elsewhere.
SOUNDS = (
    (0, b"OggS", "ogg"), (0, b"\x1aE\xdf\xa3", "matroska"), (8, b"WAVE", "wav"),
    (4, b"ftyp", "mov"), (0, b"#!AMR", "amr"), (0, b"ID3", "mp3"), (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"), (0, b"\xff\xf1", "aac"), (0, b"\xff\xf9", "aac"),
)  # fmt: skip


class NoSuchThing(Exception):
    """It is no picture, or no recording, of a kind that is taken."""


class TooMuch(Exception):
    """More pixels, or more seconds, than are taken."""


def bound() -> None:
    """The room that this process has from now on."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        resource.setrlimit(what, (most, most))


def shut() -> None:
    """Nothing more is opened: no file, no connection."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))


def photo(source: BinaryIO) -> bytes:
    """A JPEG of at most SIDE × SIDE, upright, on white."""
    from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

    for plugin in PLUGINS:
        import_module(f"PIL.{plugin}")
    formats = _formats()
    Image.preinit()
    Image._initialized = 2  # what is unknown so far would load the plugins of forty formats more
    Image.MAX_IMAGE_PIXELS = None  # ours is asked before a pixel is made
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    warnings.simplefilter("ignore")
    shut()
    try:
        opened = Image.open(source, formats=formats)
    except UnidentifiedImageError:
        raise NoSuchThing from None
    heif = opened.format == "HEIF"
    if opened.width * opened.height > (HEIF_PIXELS if heif else PIXELS):
        raise TooMuch
    # One of several pictures in a HEIF would be decoded anew with each look at it.
    image = opened.reduce(max(1, max(opened.size) // SIDE)) if heif else opened
    if image.mode not in SMOOTH:
        image = _colours(image)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    upright = ImageOps.exif_transpose(_colours(image))
    # Only the pixels: what a file says beside them would be written again.
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright, mask=upright.getchannel("A") if upright.mode == "RGBA" else None)
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _formats() -> tuple[str, ...]:
    try:
        import pi_heif
    except ImportError:
        return FORMATS[:-1]
    # Each thread would take a quarter of the room for itself, before it does anything.
    pi_heif.register_heif_opener(thumbnails=False, decode_threads=0)
    return FORMATS


def _colours(image: "Image.Image") -> "Image.Image":  # type: ignore[name-defined]  # noqa: F821
    """RGB, or RGBA where something is transparent."""
    if image.mode.startswith("I") or image.mode == "F":
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    clear = "A" in image.mode or "a" in image.mode or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")


def voice(source: BinaryIO) -> bytes:
    """Opus in Ogg, one channel, at most VOICE_SECONDS."""
    import av

    head = source.read(16)
    source.seek(0)
    kind = next((name for at, mark, name in SOUNDS if head[at:].startswith(mark)), None)
    if kind is None:
        raise NoSuchThing
    av.logging.set_level(av.logging.PANIC)
    out = io.BytesIO()
    with av.open(source, "r", format=kind) as heard, av.open(out, "w", format="ogg") as told:
        shut()
        if not heard.streams.audio:
            raise NoSuchThing
        heard.streams.audio[0].codec_context.thread_count = 1
        opus = told.add_stream("libopus", rate=VOICE_RATE, layout="mono", bit_rate=VOICE_BITS)
        plain = av.AudioResampler(format="s16", layout="mono", rate=VOICE_RATE)
        samples = 0
        for frame in heard.decode(audio=0):
            for part in plain.resample(frame):
                samples += part.samples
                if samples > VOICE_SECONDS * VOICE_RATE:
                    raise TooMuch
                told.mux(opus.encode(part))
        if not samples:
            raise ValueError("silence")
        for part in plain.resample(None):
            told.mux(opus.encode(part))
        told.mux(opus.encode(None))
    return out.getvalue()


def leave(code: int) -> NoReturn:
    """At once: nothing of ours is left to close, and no library is asked to."""
    sys.stdout.flush()
    os._exit(code)


def main(kind: str) -> NoReturn:
    """Read standard input, write standard output, and say by the exit how it went."""
    bound()
    try:
        clean = {"photo": photo, "voice": voice}[kind](sys.stdin.buffer)
    except NoSuchThing:
        leave(NOT_ONE)
    except TooMuch:
        leave(TOO_LONG if kind == "voice" else TOO_LARGE)
    except MemoryError:
        leave(TOO_LARGE)
    except BaseException:
        leave(BROKEN)
    sys.stdout.buffer.write(clean)
    leave(0)


if __name__ == "__main__":
    main(sys.argv[1])
