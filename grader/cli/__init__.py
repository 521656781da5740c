"""The command line. Importing this loads neither torch nor docker nor pydantic: `grade --help` answers at once.

Modules that commands need for their work are imported inside the commands, for that reason alone.
"""

from grader.cli.app import main

__all__ = ["main"]
