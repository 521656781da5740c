"""What reports are made with, loaded while a sandbox is waited for."""

import threading


def load_ahead() -> threading.Thread:
    """Begins to import it and to compile the page's template, which together take longer than many reports."""
    thread = threading.Thread(target=_load, name="reports-ahead")
    thread.start()
    return thread


def _load() -> None:
    from grader.reports import html, json, terminal  # noqa: F401 - imports are what this is for

    html.load()
