"""Renderers of a `Report`: JSON for machines, a terminal and one self-contained page for people."""
