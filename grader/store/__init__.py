"""The gradebook: what was handed in and what came of it, in a database that survives whatever stops a batch."""

from grader.store.claims import Claimant, Claimed, RunKind
from grader.store.store import NewSubmission, Store, open_store

__all__ = ["Claimant", "Claimed", "NewSubmission", "RunKind", "Store", "open_store"]
