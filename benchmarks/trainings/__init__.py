"""Submissions that tell how long they trained, or when they began; each becomes a `solution.py`."""
