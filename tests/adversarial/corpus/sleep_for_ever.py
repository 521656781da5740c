"""Uses no CPU second and never comes back.

Goal: free compute
Ends: time_limit
"""

import time


def train():
    time.sleep(10_000)
