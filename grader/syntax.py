"""Python's parser, for source that is looked at and never executed."""

import ast
import threading
import warnings

ONE_TREE_AT_A_TIME = threading.Lock()
"""For whatever builds a tree: the interpreter counts the depth of the one it builds once for all threads, and two that
build at one time can fail with "AST constructor recursion depth mismatch". What warnings are shown is also one setting
for all."""


def syntax_tree(source: str) -> ast.Module:
    """The syntax tree of a text. Its own warnings ("\\d" in a string) are not shown.

    Args:
        source: untrusted; the caller bounds its length, and with it the time.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError, OverflowError: it is not Python, or nested too deeply.
    """
    with ONE_TREE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)
