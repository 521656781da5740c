"""MNIST and its batches / MNIST 데이터와 배치."""

from .data_loaders import MnistDataLoader, load_mnist

__all__ = ["MnistDataLoader", "load_mnist"]
