"""Writes noise into the channel from a thread while the runner sends the model.

Goal: a crash
Ends: train_error
"""

import threading
import time

from kit import plain, write


def train():
    def disturb():
        while True:
            write(b"\x00")
            time.sleep(0.001)

    threading.Thread(target=disturb, daemon=True).start()
    time.sleep(0.2)
    return plain()
