"""Computes for ever while it is imported, before any budget of the training counts.

Goal: free compute
Ends: time_limit
Limits: import_s=3
"""

while True:
    pass
