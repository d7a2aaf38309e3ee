"""Frames as an endless GIF and as a web page; the same frames give the same bytes."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from climate_indicators.files import atomic_path


def write_animation(
    frames: Sequence[np.ndarray], path: str | Path, seconds_per_frame: float, exact: Sequence[str]
) -> None:
    """Write frames as an endless GIF.

    All frames share one palette, in which the colours of lines, classes and text have places of their own: with a
    palette for each frame, a thin line would change its colour from frame to frame. A frame is shown for whole
    hundredths of a second, as the format has them.

    Parameters
    ----------
    frames : uint8 arrays of one shape (rows, columns, 3).
    path : of the GIF.
    seconds_per_frame : time that each frame is shown.
    exact : colours that stay as they are, ``#RRGGBB``; a few dozen at most.
    """
    milliseconds = max(10, 10 * round(100 * seconds_per_frame))
    sample = Image.fromarray(np.concatenate([frame[::2, ::2] for frame in frames]))
    common = sample.quantize(256 - len(exact), Image.Quantize.MEDIANCUT).getpalette()
    pictures = [_with_palette(frame, common, exact) for frame in frames]
    with atomic_path(path) as temporary:
        pictures[0].save(temporary, save_all=True, append_images=pictures[1:], duration=milliseconds, loop=0)


def write_page(animation: str | Path, path: str | Path, title: str) -> None:
    """Write a GIF as a web page that holds it, since Snakemake's report shows pages and still pictures only."""
    content = base64.b64encode(Path(animation).read_bytes()).decode("ascii")
    title = html.escape(title)
    with atomic_path(path) as temporary:
        temporary.write_text(
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>\n'
            f'<body style="margin: 0"><img style="max-width: 100%" alt="{title}" src="data:image/gif;base64,{content}">'
            "</body></html>\n",
            encoding="utf-8",
        )


def pixels(figure: Figure) -> np.ndarray:
    """Figure as a picture, uint8 of shape (rows, columns, 3), at 100 dots per inch."""
    with matplotlib.rc_context({"font.size": 9}):
        canvas = FigureCanvasAgg(figure)
        figure.set_dpi(100)
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def _with_palette(frame: np.ndarray, common: list[int], exact: Sequence[str]) -> Image.Image:
    """Frame in the nearest of the common and the exact colours; pixels that have an exact colour keep it."""
    numbers = [int(colour[1:], 16) for colour in exact]
    palette = Image.new("P", (1, 1))
    palette.putpalette([*common, *(byte for number in numbers for byte in number.to_bytes(3, "big"))])
    picture = Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
    indexes = np.array(picture)
    # one number a pixel compares faster than three bytes
    red, green, blue = np.moveaxis(frame.astype("int32"), 2, 0)
    code = (red << 16) | (green << 8) | blue
    for place, number in enumerate(numbers, start=len(common) // 3):
        indexes[code == number] = place
    exactly = Image.fromarray(indexes)
    exactly.putpalette(picture.getpalette())
    return exactly
