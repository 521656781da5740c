"""Names its layers in terminal escapes, markup and formulas.

Goal: the reader
Ends: graded, export_failed, artifact_rejected
Network: another
"""

import torch
from torch import nn

from kit import plain


class Acting(nn.Module):
    def __init__(self):
        super().__init__()
        inner = plain()
        self.add_module("\x1b[31m<script>alert(1)</script>\u202e=cmd|'c'!A1", inner.conv)
        self.add_module("out", inner.out)

    def forward(self, images):
        first, out = self.children()
        return out(torch.relu(first(images)).flatten(1))


def train():
    return Acting()
