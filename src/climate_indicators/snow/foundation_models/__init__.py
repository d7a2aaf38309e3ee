"""Pretrained models: SAM, CLIP, DINOv2, DeepLabV3."""
