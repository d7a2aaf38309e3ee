"""Frames as an endless GIF and as a web page; the same frames give the same bytes."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image, ImageSequence

from climate_indicators.core.atomic_files import atomic_path

# a page of the report; in its address a third more, and browsers show nothing of one of more than 2 MiB
MAX_PAGE_BYTES = 1_100_000
_AROUND_BYTES = 2000  # size of a page without the animation


def write_animation(
    frames: Sequence[np.ndarray], path: str | Path, seconds_per_frame: float, exact: Sequence[str]
) -> None:
    """Write frames as an endless GIF.

    All frames share one palette, with reserved entries for the colors of lines, classes and text: with a
    palette for each frame, a thin line would change its color from frame to frame. A frame is shown for whole
    hundredths of a second, as the format has them.

    Parameters
    ----------
    frames : uint8 arrays of one shape (rows, columns, 3).
    path : of the GIF.
    seconds_per_frame : time that each frame is shown.
    exact : colors that stay as they are, ``#RRGGBB``; a few dozen at most.
    """
    milliseconds = max(10, 10 * round(100 * seconds_per_frame))
    sample = Image.fromarray(np.concatenate([frame[::2, ::2] for frame in frames]))
    common = sample.quantize(256 - len(exact), Image.Quantize.MEDIANCUT).getpalette()
    pictures = [_with_palette(frame, common, exact) for frame in frames]
    with atomic_path(path) as temporary:
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)


def write_page(animation: str | Path, path: str | Path, title: str) -> None:
    """Write a GIF as a web page that holds it, since Snakemake's report shows pages and still pictures only.

    The report puts the page into an address, and browsers show nothing of an address of more than 2 MiB. So an
    animation that makes the page larger than `MAX_PAGE_BYTES` is written as WebP, as good as fits, and in the end
    with fewer pixels.
    """
    kind, content = next(
        (kind, text) for kind, text in _encodings(Path(animation)) if len(text) <= MAX_PAGE_BYTES - _AROUND_BYTES
    )
    title, source = html.escape(title), f"data:image/{kind};base64,{content}"
    with atomic_path(path) as temporary:
        temporary.write_text(
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
            f'<body style="margin: 0"><img style="max-width: 100%" alt="{title}" src="{source}">'
            "</body></html>\n",
            encoding="utf-8",
        )


def _encodings(path: Path) -> Iterator[tuple[str, str]]:
    """Kind and base64 text of an animation, each smaller than the one before.

    Raises
    ------
    ValueError
        After the smallest one: hundreds of frames of noise.
    """
    yield "gif", base64.b64encode(path.read_bytes()).decode("ascii")
    with Image.open(path) as animation:
        milliseconds = animation.info.get("duration", 1000)
        frames = [frame.convert("RGB") for frame in ImageSequence.Iterator(animation)]
    for scale in (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1):
        size = tuple(max(1, round(scale * side)) for side in frames[0].size)
        shown = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames] if scale < 1 else frames
        for quality in (80, 60, 40):
            content = io.BytesIO()
            shown[0].save(
                content, "WEBP", save_all=True, append_images=shown[1:], duration=milliseconds, loop=0, quality=quality
            )
            yield "webp", base64.b64encode(content.getvalue()).decode("ascii")
    raise ValueError(f"{path}: {len(frames)} frames do not fit into a page of {MAX_PAGE_BYTES} bytes.")


def pixels(figure: Figure) -> np.ndarray:
    """Figure as a picture, uint8 of shape (rows, columns, 3), at 100 dots per inch."""
    with matplotlib.rc_context({"font.size": 9}):
        canvas = FigureCanvasAgg(figure)
        figure.set_dpi(100)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _with_palette(frame: np.ndarray, common: list[int], exact: Sequence[str]) -> Image.Image:
    """Frame in the nearest of the common and the exact colors; pixels that have an exact color keep it."""
    numbers = [int(color[1:], 16) for color in exact]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*common, *(byte for number in numbers for byte in number.to_bytes(3, "big"))])
    picture = Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
    indexes = np.array(picture)
    # one number per pixel compares faster than three bytes
    red, green, blue = np.moveaxis(frame.astype("int32"), 2, 0)
    code = (red << 16) | (green << 8) | blue
    for place, number in enumerate(numbers, start=len(common) // 3):
        indexes[code == number] = place
    exactly = Image.fromarray(indexes)
    exactly.putpalette(picture.getpalette())
    return exactly
