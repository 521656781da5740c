"""torchvision has a ready-made MLP; its dropout falls on the logits too."""

from base import BaseModel
from torch import nn
from torchvision.ops import MLP

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid, "gelu": nn.GELU}


class MnistMLP(BaseModel):
    def __init__(self, hidden_sizes, activation, dropout, pixel_mean, pixel_std):
        super().__init__()
        self.pixel_mean = pixel_mean
        self.pixel_std = pixel_std
        self.layers = MLP(
            784, [*hidden_sizes, 10], activation_layer=ACTIVATIONS[activation], inplace=None, dropout=dropout
        )

    def forward(self, images):
        x = (images - self.pixel_mean) / self.pixel_std
        return self.layers(x.flatten(1))  # (N, 10)
