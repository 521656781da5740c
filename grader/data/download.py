"""One file over HTTP, resumed where the connection broke."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import httpx

CONNECT_TIMEOUT_S = 20.0
READ_TIMEOUT_S = 60.0
"""Longest silence of a server."""
MAX_ATTEMPTS = 20
"""Connections for one file; each but the last few must have brought bytes."""
MAX_FRUITLESS = 2
"""Connections in a row that may bring nothing."""
_CONTENT_RANGE = re.compile(r"bytes (\d{1,15})-\d{1,15}/(?:\d{1,15}|\*)")

Advance = Callable[[int, int | None], None]
"""Called with the bytes there are so far, and how many there will be, if known."""


class DownloadError(Exception):
    """The file can't be had from this address."""


def new_client() -> httpx.Client:
    """A client with the user's own proxy and certificate settings."""
    return httpx.Client(follow_redirects=True, timeout=httpx.Timeout(READ_TIMEOUT_S, connect=CONNECT_TIMEOUT_S))


def download(client: httpx.Client, url: str, target: Path, *, limit_bytes: int, advance: Advance) -> None:
    """Completes `target` from `url`, beginning at the bytes it already has.

    Args:
        client: from `new_client`.
        url: untrusted; what it sends is bounded here and judged by the caller.
        target: file to complete; stays as it is on failure, for the next attempt to go on from.
        limit_bytes: the file must not be larger.
        advance: progress.

    Raises:
        DownloadError: refused, unreachable, too large, or broken off again and again without progress.
        OSError: `target` can't be written.
    """
    fruitless = 0
    reason = ""
    for _ in range(MAX_ATTEMPTS):
        before = _size(target)
        try:
            _attempt(client, url, target, limit_bytes=limit_bytes, advance=advance)
            return
        except httpx.HTTPStatusError as error:
            reason = f"{url} answered {error.response.status_code}"
            if error.response.status_code < 500:
                break
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = f"{url}: {error or type(error).__name__}"
        fruitless = 0 if _size(target) > before else fruitless + 1
        if fruitless >= MAX_FRUITLESS:
            break
    raise DownloadError(reason)


def _attempt(client: httpx.Client, url: str, target: Path, *, limit_bytes: int, advance: Advance) -> None:
    have = _size(target)
    # Compressed transfer would count other bytes than the file's.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            # All of it is here already, or it is another file: the caller's checksum tells.
            if have and response.headers.get("Content-Range") == f"bytes */{have}":
                return
            target.unlink(missing_ok=True)
            raise httpx.RemoteProtocolError("the file has changed on the server")
        response.raise_for_status()
        position = have if _resumes_at(response, have) else 0
        expected = _expected(response, position)
        with target.open("r+b" if target.exists() else "wb") as file:
            file.truncate(position)
            file.seek(position)
            # As it comes: with a chunk size, what had arrived of the last chunk is lost when the connection breaks.
            for chunk in response.iter_raw():
                position += len(chunk)
                if position > limit_bytes:
                    raise DownloadError(f"{url} sends more than {limit_bytes} bytes")
                file.write(chunk)
                advance(position, expected)
            file.flush()
            os.fsync(file.fileno())


def _resumes_at(response: httpx.Response, have: int) -> bool:
    found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return response.status_code == httpx.codes.PARTIAL_CONTENT and found is not None and int(found[1]) == have


def _expected(response: httpx.Response, position: int) -> int | None:
    length = response.headers.get("Content-Length", "")
    return position + int(length) if length.isdecimal() and len(length) < 16 else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
