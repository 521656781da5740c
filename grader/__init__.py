"""An autograder for deep-learning missions in which student code never meets the answers."""

__version__ = "0.1.0"
