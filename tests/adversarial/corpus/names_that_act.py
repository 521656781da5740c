"""Prints, logs and raises terminal escapes, markup, formulas and right-to-left marks.

Goal: the reader
Ends: train_error
"""

ACTING = "\x1b]0;owned\x07\x1b[2J\x1b[31m<script>alert(1)</script>\u202e\u2066=cmd|'/c calc'!A1"


class Acting(Exception):
    def __str__(self):
        return ACTING


Acting.__name__ = Acting.__qualname__ = ACTING


def train(log):
    print(ACTING)
    log(**{ACTING[:60]: 1.0})
    raise Acting
