"""ImageNet weights of ResNet-50 without its last layers, from where Keras publishes them."""

from __future__ import annotations

from pathlib import Path

from climate_indicators.core.errors import InputError
from climate_indicators.download.http.resumable import Expected, download_cached
from climate_indicators.download.http.session import Session

SOURCE = (
    "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
    "resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
MD5 = "4d473c1dd8becc155b73f8504c6f6626"


def fetch_weights(
    session: Session,
    kept: str | Path,
    path: str | Path,
    source: str = SOURCE,
    md5: str = MD5,
) -> bool:
    """Fetch the weights, going on from what an earlier try left; there whole, with the published digest, or not at all.

    Parameters
    ----------
    kept : folder that keeps what was fetched.
    path : file to write.
    source, md5 : address and digest of the published file.

    Returns
    -------
    Whether anything was fetched.

    Raises
    ------
    InputError
        If the file cannot be fetched or is not the published one.
    """
    try:
        return download_cached(session, source, kept, path, Expected(md5=md5))
    except InputError as error:
        raise InputError(
            f"the encoder's ImageNet weights could not be fetched: {error} Or put that file (MD5 {md5}) at {path} "
            "yourself, or set network.encoder_weights to none or to a file of your own."
        ) from error
