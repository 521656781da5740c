"""Compares what a cohort handed in for one mission: which code and which weights are more alike than chance allows.

`compare_cohort` brings copydetect, and with it matplotlib: it lies in `grader.similarity.compare`.
"""
