"""Grade on many machines: the same gradings as Ray tasks. The only part that knows Ray, which is an extra."""

from grader.cluster.coordinator import work_off_on_cluster

__all__ = ["work_off_on_cluster"]
