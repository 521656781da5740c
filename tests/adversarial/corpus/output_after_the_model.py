"""Returns its model and goes on printing from a thread.

Goal: a crash
Ends: output_limit
"""

import threading
import time

from kit import plain


def train():
    def flood():
        while True:
            print("x" * 50_000, flush=True)

    threading.Thread(target=flood, daemon=True).start()
    time.sleep(0.5)
    return plain()
