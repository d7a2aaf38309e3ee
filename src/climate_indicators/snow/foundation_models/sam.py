"""Segment Anything (Kirillov et al. 2023, arXiv:2304.02643): one encoding per image, masks for any prompts."""

from __future__ import annotations

import numpy as np

from climate_indicators.segmentation.backend import keras
from climate_indicators.snow.foundation_models.loading import Foundation
from climate_indicators.snow.foundation_models.model_inputs import resize
from climate_indicators.snow.foundation_models.prompts import NO_POINT, Points
from climate_indicators.snow.foundation_models.result_cache import ImageCache

# the first of the four masks is for unambiguous prompts; the other three are a part, a whole and more
ALTERNATIVES = slice(1, None)


class Sam:
    """SAM with the slow image encoder separated from the fast prompt encoder and mask decoder.

    Parameters
    ----------
    foundation : loaded model of kind ``sam``.
    cache : where embeddings of images are kept.
    """

    def __init__(self, foundation: Foundation, cache: ImageCache) -> None:
        self._foundation, self._cache = foundation, cache
        self._encoder = foundation.model.image_encoder
        self._decoder = _decoder(foundation.model)
        for model in (self._encoder, self._decoder):
            model.jit_compile = False  # on CPUs, XLA is slower and compiles again for each number of points

    def embed(self, picture: np.ndarray) -> np.ndarray:
        """Embedding of a picture, from the cache if it was made before.

        Parameters
        ----------
        picture : uint8, shape (rows, columns, 3), square.

        Returns
        -------
        float32, shape (cells, cells, channels), rounded to float16.
        """
        return self._cache.get(picture, self._encode)

    def _encode(self, picture: np.ndarray) -> np.ndarray:
        return np.asarray(self._encoder.predict_on_batch(self._foundation.prepare(picture[None])))[0]

    def best_mask(self, embedding: np.ndarray, points: Points, shape: tuple[int, int]) -> tuple[np.ndarray, float]:
        """Mask for point prompts: the best by SAM's own score of the three that it offers.

        Its logits are brought to the picture's size and cut at 0, as the paper's code does. Without a point of
        foreground there is nothing to segment: the mask is empty.

        Parameters
        ----------
        embedding : of `embed`.
        points : prompts, in pixels of the picture.
        shape : rows and columns of the picture.

        Returns
        -------
        Mask, bool of that shape, and SAM's own estimate of its IoU, NaN without foreground.
        """
        if not points.has_foreground:
            return np.zeros(shape, bool), np.nan
        inputs = prompt_inputs(points, shape, self._foundation.size_px)
        output = self._decoder.predict_on_batch({"embedding": embedding[None], **inputs})
        logits, own_scores = (np.asarray(output[name])[0, ALTERNATIVES] for name in ("masks", "iou_pred"))
        best = int(np.argmax(own_scores))
        return resize(logits[best], shape) > 0, float(own_scores[best])


def prompt_inputs(points: Points, shape: tuple[int, int], size_px: int) -> dict[str, np.ndarray]:
    """Prompts as keras-hub's SAM takes them, a batch of one.

    Points are x before y, in pixels of the model's picture, whose first pixel's middle is 0 (SAM itself adds half a
    pixel); since there is no box, a padding point must follow them.

    Parameters
    ----------
    points : in pixels of the picture.
    shape : its rows and columns.
    size_px : width of the model's picture.

    Returns
    -------
    ``points`` float32 (1, n + 1, 2), ``labels`` float32 (1, n + 1), no ``boxes`` (1, 0, 2, 2), no ``masks``
    (1, 0, 256, 256, 1).
    """
    middles = (points.places[:, ::-1] + 0.5) * size_px / np.array(shape[::-1]) - 0.5
    return {
        "points": np.concatenate([middles, np.zeros((1, 2))]).astype("float32")[None],
        "labels": np.append(points.labels, NO_POINT).astype("float32")[None],
        "boxes": np.zeros((1, 0, 2, 2), "float32"),
        "masks": np.zeros((1, 0, 256, 256, 1), "float32"),
    }


def _decoder(backbone: keras.Model) -> keras.Model:
    """The model from an image's embedding and prompts to masks (batch, 4, size / 4, size / 4) and their scores."""
    inputs = {
        "embedding": keras.Input(backbone.image_encoder.output.shape[1:], name="embedding"),
        "points": keras.Input((None, 2), name="points"),
        "labels": keras.Input((None,), name="labels"),
        "boxes": keras.Input((None, 2, 2), name="boxes"),
        "masks": keras.Input((None, None, None, 1), name="masks"),
    }
    prompts = backbone.prompt_encoder(**{name: value for name, value in inputs.items() if name != "embedding"})
    return keras.Model(inputs, backbone.mask_decoder(image_embeddings=inputs["embedding"], **prompts))
