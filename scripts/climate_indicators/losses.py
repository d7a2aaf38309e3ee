"""Loss and metric of binary segmentation that leave unknown pixels out."""

from __future__ import annotations

from climate_indicators.backend import keras

UNKNOWN = -1.0
ops = keras.ops


@keras.saving.register_keras_serializable(package="climate_indicators")
class BceDice(keras.losses.Loss):
    """Binary cross-entropy and soft Dice loss on logits, over the known pixels of a batch together.

    ``bce_weight`` × mean cross-entropy + (1 − ``bce_weight``) × (1 − 2 Σpy / (Σp + Σy)), Milletari et al. 2016
    (doi:10.1109/3DV.2016.79) without their squares.

    Parameters
    ----------
    bce_weight : share of the cross-entropy, 0 to 1.
    """

    def __init__(self, bce_weight: float = 0.5, name: str = "bce_dice") -> None:
        super().__init__(name=name, reduction=None)
        self.bce_weight = bce_weight

    def call(self, y_true, y_pred):
        """Loss of a batch, a scalar; ``y_true`` is 1, 0 or −1 (unknown), ``y_pred`` logits, of the same shape."""
        y_pred = ops.cast(y_pred, "float32")
        known = ops.cast(y_true >= 0, "float32")
        target = ops.cast(y_true, "float32") * known
        entropy = ops.maximum(y_pred, 0.0) - y_pred * target + ops.log1p(ops.exp(-ops.abs(y_pred)))
        bce = ops.sum(entropy * known) / ops.maximum(ops.sum(known), 1.0)
        probability = ops.sigmoid(y_pred) * known
        overlap = 2.0 * ops.sum(probability * target) + 1.0
        dice = 1.0 - overlap / (ops.sum(probability) + ops.sum(target) + 1.0)
        return self.bce_weight * bce + (1.0 - self.bce_weight) * dice

    def get_config(self) -> dict[str, object]:
        """Settings for saving."""
        return {"bce_weight": self.bce_weight, "name": self.name}


@keras.saving.register_keras_serializable(package="climate_indicators")
class KnownIoU(keras.metrics.Metric):
    """Intersection over union of the positive class at logit 0, over all known pixels of an epoch."""

    def __init__(self, name: str = "iou") -> None:
        super().__init__(name=name)
        self.intersection = self.add_weight(shape=(), initializer="zeros", name="intersection")
        self.union = self.add_weight(shape=(), initializer="zeros", name="union")

    def update_state(self, y_true, y_pred, sample_weight=None) -> None:
        """Count a batch: ``y_true`` 1, 0 or −1 (unknown), ``y_pred`` logits."""
        known, found, true = y_true >= 0, y_pred > 0, y_true > 0
        both = ops.logical_and(found, true)
        either = ops.logical_and(ops.logical_or(found, true), known)
        self.intersection.assign_add(ops.sum(ops.cast(both, "float32")))
        self.union.assign_add(ops.sum(ops.cast(either, "float32")))

    def result(self):
        """Intersection over union so far; 0 where nothing was found and nothing was there."""
        return self.intersection / ops.maximum(self.union, 1.0)
