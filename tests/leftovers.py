"""What graders leave on a machine, by the process that made it."""

import contextlib

import docker
import docker.errors

from grader.sandbox.base import LABEL
from grader.sandbox.cgroup import CgroupHierarchy
from grader.sandbox.docker import OWNER_LABEL
from grader.sandbox.owner import owner_of_name, parse_owner


def containers_of(pid: int) -> list[str]:
    """Containers that the grader of that process started; none where no engine answers."""
    with contextlib.suppress(docker.errors.DockerException), contextlib.closing(docker.from_env()) as client:
        labelled = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
        owners = {str(one.name): parse_owner(one.labels.get(OWNER_LABEL, "")) for one in labelled}
        return [name for name, owner in owners.items() if owner is not None and owner.pid == pid]
    return []


def cgroups_of(pid: int) -> list[str]:
    """Control groups that the grader of that process made."""
    owners = {path.name: owner_of_name(path.name) for path in CgroupHierarchy.of_this_machine().leftovers()}
    return [name for name, owner in owners.items() if owner is not None and owner.pid == pid]
