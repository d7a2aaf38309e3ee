"""Pages of animations stay small enough for the report, whatever the animation's size."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from climate_indicators.plotting.animation import MAX_PAGE_BYTES, write_animation, write_page

WHITE = "#FFFFFF"


def noisy_frames(count, rows=655, cols=590):
    """Frames of the demo's size, each one level of gray under noise that hardly shrinks."""
    rng = np.random.default_rng(3)
    levels = np.linspace(60, 200, count)
    return [np.clip(rng.normal(level, 25, (rows, cols, 3)), 0, 255).astype("uint8") for level in levels]


def page_of(frames, folder, seconds=0.8):
    """Kind of the picture in the page of an animation, the picture, and the page's bytes."""
    write_animation(frames, folder / "x.gif", seconds, [WHITE])
    write_page(folder / "x.gif", folder / "x.html", "glacier <demo>")
    text = (folder / "x.html").read_text()
    assert "<title>glacier &lt;demo&gt;</title>" in text
    kind, content = re.search(r'src="data:image/(\w+);base64,([^"]+)"', text).groups()
    return kind, Image.open(io.BytesIO(base64.b64decode(content))), len(text)


def test_a_small_animation_stays_as_it_is(tmp_path):
    kind, picture, _ = page_of([np.full((50, 60, 3), level, "uint8") for level in (10, 200)], tmp_path)
    assert (kind, picture.n_frames, picture.size) == ("gif", 2, (60, 50))


@pytest.mark.parametrize(("count", "least_scale"), [(5, 1.0), (9, 0.5)])
def test_a_large_animation_is_made_to_fit_with_all_its_frames(tmp_path, count, least_scale):
    frames = noisy_frames(count)
    kind, picture, size = page_of(frames, tmp_path)
    assert (tmp_path / "x.gif").stat().st_size > MAX_PAGE_BYTES
    assert kind == "webp" and size <= MAX_PAGE_BYTES and picture.n_frames == count
    assert picture.size[0] >= least_scale * 590
    for number, frame in enumerate(frames):
        picture.seek(number)
        assert np.asarray(picture.convert("RGB")).mean() == pytest.approx(frame.mean(), abs=4)
        picture.load()
        assert picture.info["duration"] == 800
