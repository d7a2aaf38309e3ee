"""Loss and metric of binary segmentation that leave unknown pixels out.

Keras' own Dice loss has no smoothing of images without the class and no soft targets; its cross-entropy with sample
weights is a mean over all pixels, not over the known ones.
"""

from __future__ import annotations

from climate_indicators.segmentation.backend import keras

UNKNOWN = -1.0
ops = keras.ops


@keras.saving.register_keras_serializable(package="climate_indicators")
class BceDice(keras.losses.Loss):
    """Binary cross-entropy and soft Dice loss on logits, over the known pixels of a batch together or of each image.

    ``bce_weight`` × mean cross-entropy + (1 − ``bce_weight``) × (1 − 2 Σpy / (Σp + Σy)), Milletari et al. 2016
    (doi:10.1109/3DV.2016.79) without their squares.

    Parameters
    ----------
    bce_weight : share of the cross-entropy, 0 to 1.
    soft : for targets between 0 and 1: Σp + Σy − Σ|p − y| in place of 2 Σpy, the same for targets of 0 and 1. It is
        least at p = y (Wang et al. 2023, doi:10.1007/978-3-031-43898-1_46), 2 Σpy at p of 0 and 1 only.
    per_image : the Dice part is the mean of those of the images, so that one with little to find counts as much as one
        that is full of it.
    """

    def __init__(
        self, bce_weight: float = 0.5, soft: bool = False, per_image: bool = False, name: str = "bce_dice"
    ) -> None:
        super().__init__(name=name, reduction=None)
        self.bce_weight, self.soft, self.per_image = bce_weight, soft, per_image

    def call(self, y_true, y_pred):
        """Loss of a batch, a scalar; ``y_true`` is 0 to 1 or −1 (unknown), ``y_pred`` logits, of the same shape."""
        y_pred = ops.cast(y_pred, "float32")
        known = ops.cast(y_true >= 0, "float32")
        target = ops.cast(y_true, "float32") * known
        entropy = ops.maximum(y_pred, 0.0) - y_pred * target + ops.log1p(ops.exp(-ops.abs(y_pred)))
        bce = ops.sum(entropy * known) / ops.maximum(ops.sum(known), 1.0)
        probability = ops.sigmoid(y_pred) * known
        common = probability + target - ops.abs(probability - target) if self.soft else 2.0 * probability * target
        axes = tuple(range(1, len(y_true.shape))) if self.per_image else None
        whole = ops.sum(probability, axis=axes) + ops.sum(target, axis=axes)
        dice = ops.mean(1.0 - (ops.sum(common, axis=axes) + 1.0) / (whole + 1.0))
        return self.bce_weight * bce + (1.0 - self.bce_weight) * dice

    def get_config(self) -> dict[str, object]:
        """Settings for saving."""
        return {"bce_weight": self.bce_weight, "soft": self.soft, "per_image": self.per_image, "name": self.name}


@keras.saving.register_keras_serializable(package="climate_indicators")
class MaskedScores(keras.metrics.Metric):
    """Scores of the positive class at logit 0, over all known pixels of an epoch.

    A target of at least one half is positive. Equal to BinaryIoU, BinaryAccuracy, Precision and Recall of Keras with
    sample weights, in one pass over the pixels, which takes a tenth of their time.
    """

    def __init__(self, name: str = "scores") -> None:
        super().__init__(name=name)
        for count in ("known", "right", "found", "true", "both"):
            setattr(self, count, self.add_weight(shape=(), initializer="zeros", name=count))

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Count a batch: ``y_true`` 0 to 1 or −1 (unknown), ``y_pred`` logits."""
        known, true = y_true >= 0, y_true >= 0.5
        found = ops.logical_and(y_pred > 0, known)
        both, either = ops.logical_and(found, true), ops.logical_or(found, true)
        neither = ops.logical_and(known, ops.logical_not(either))
        right = ops.logical_or(both, neither)
        for count, mask in zip(self.variables, (known, right, found, true, both), strict=True):
            count.assign_add(ops.sum(ops.cast(mask, "float32")))

    def result(self) -> dict[str, object]:
        """``iou``, ``accuracy``, ``precision`` and ``recall`` so far; 0 where there was nothing to count."""
        return {
            "iou": self.both / ops.maximum(self.found + self.true - self.both, 1.0),
            "accuracy": self.right / ops.maximum(self.known, 1.0),
            "precision": self.both / ops.maximum(self.found, 1.0),
            "recall": self.both / ops.maximum(self.true, 1.0),
        }
