"""Says that its training is over and goes on with it, in two processes, on the export's time.

Goal: free compute
Ends: time_limit
Limits: export_s=4
"""

import os

import torch

from kit import plain, speak


def train():
    speak({"event": "phase", "phase": "export"})
    os.fork()
    net = plain()
    while True:
        net(torch.rand(256, 1, 28, 28)).sum().backward()
