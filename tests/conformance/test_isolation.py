"""What a program can see and reach."""

import os
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.sandbox.base import ENVIRONMENT, Mount, Promise
from tests.conformance.running import MIB, Runner, read_line
from tests.conftest import ROOT


@pytest.fixture
def mount(shared_folder: Path) -> Mount:
    """A folder with one file and one nested folder."""
    (shared_folder / "inner").mkdir()
    (shared_folder / "file.txt").write_text("content")
    (shared_folder / "inner" / "deep.txt").write_text("deep")
    return Mount("data/train", shared_folder)


@pytest.fixture
def secret_in_tmp() -> Iterator[Path]:
    """A file outside every mount that any user of the host could read."""
    with tempfile.NamedTemporaryFile(prefix="conformance-") as file:
        file.write(b"secret")
        file.flush()
        Path(file.name).chmod(0o644)
        yield Path(file.name)


@pytest.mark.promise(Promise.ENVIRONMENT_CLEAN)
def test_environment_holds_nothing_of_the_host(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRADER_SECRET", "of the host")
    seen = runner.run("import os\nfor name in os.environ: print(name)").lines
    allowed = {*ENVIRONMENT, "PATH", "HOME", "TMPDIR", "PWD", "LC_CTYPE"}
    assert set(seen) <= allowed
    assert set(ENVIRONMENT) <= set(seen)


def test_working_folder_is_home_and_temporary_folder(runner: Runner) -> None:
    code = """
        import os, tempfile
        print({os.path.realpath(path) for path in (os.environ["HOME"], tempfile.gettempdir())} == {os.getcwd()})
        open("file", "w").write("x")
        print(os.listdir("."))
    """
    assert runner.run(code).lines == ["True", "['file']"]


def test_mount_is_readable(runner: Runner, mount: Mount) -> None:
    inside = runner.sandbox.inside(mount)
    code = f"print(open('{inside}/file.txt').read(), open('{inside}/inner/deep.txt').read())"
    assert runner.run(code, mounts=(mount,)).stdout == "content deep\n"


def test_mounted_file_is_readable(runner: Runner, mount: Mount) -> None:
    single = Mount("single.txt", mount.source / "file.txt")
    code = f"print(open('{runner.sandbox.inside(single)}').read())"
    assert runner.run(code, mounts=(single, mount)).stdout == "content\n"


@pytest.mark.promise(Promise.READ_ONLY_MOUNTS)
def test_mount_is_not_writable(runner: Runner, mount: Mount) -> None:
    inside = runner.sandbox.inside(mount)
    code = f"""
        import os
        for attempt in (
            lambda: open("{inside}/file.txt", "a"),
            lambda: open("{inside}/new", "w"),
            lambda: os.remove("{inside}/file.txt"),
            lambda: os.chmod("{inside}/file.txt", 0o777),
            lambda: os.rename("{inside}/inner", "{inside}/other"),
        ):
            try: attempt(); print("written")
            except OSError: print("refused")
    """
    assert runner.run(code, mounts=(mount,)).lines == ["refused"] * 5
    assert (mount.source / "file.txt").read_text() == "content"


@pytest.mark.promise(Promise.READ_ONLY_SYSTEM)
def test_nothing_but_scratch_and_devices_is_writable(runner: Runner) -> None:
    code = """
        import os, sys
        found = []
        tops = "/ /usr /usr/bin /etc /var /opt /root /home /dev /proc/sys/kernel /sys /sys/fs/cgroup".split()
        for top in (*tops, sys.prefix, sys.base_prefix, os.path.dirname(os.__file__)):
            try: open(top + "/conformance", "w"); found.append(top)
            except OSError: pass
        for setting in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger"):
            try: open(setting, "r+").write(""); found.append(setting)
            except OSError: pass
        print(found)
    """
    assert runner.run(code).stdout == "[]\n"


@pytest.mark.promise(Promise.HOST_FILES_HIDDEN)
def test_files_of_the_host_are_hidden(runner: Runner, secret_in_tmp: Path) -> None:
    hidden = [secret_in_tmp, ROOT / "pyproject.toml", ROOT / "missions", Path.home() / ".bashrc", Path("/etc/shadow")]
    hidden += [Path("/etc/hostname"), Path("/var/run/docker.sock"), Path("/run")]
    code = f"""
        import os
        for path in {[str(path) for path in hidden if path.exists()]}:
            try: print(path, os.listdir(path) if os.path.isdir(path) else open(path).read())
            except OSError: pass
    """
    own_names = {"/etc/hostname sandbox"}  # an engine writes the container's own
    shown = [line for line in runner.run(code).lines if line and line not in own_names]
    assert not [line for line in shown if not line.startswith("/run ")]
    assert "docker" not in "".join(shown)


@pytest.mark.promise(Promise.HOST_FILES_HIDDEN)
def test_name_of_the_host_is_hidden(runner: Runner) -> None:
    assert os.uname().nodename != runner.run("import os; print(os.uname().nodename)").stdout.strip()


@pytest.mark.promise(Promise.HOST_PROCESSES_HIDDEN)
def test_processes_of_the_host_are_hidden(runner: Runner) -> None:
    code = "import os; print(max(int(name) for name in os.listdir('/proc') if name.isdecimal()))"
    assert int(runner.run(code).stdout) < 20
    own = f"import os\ntry: os.kill({os.getpid()}, 0); print('seen')\nexcept ProcessLookupError: print('hidden')"
    assert runner.run(own).stdout == "hidden\n" or os.getpid() < 20


@pytest.mark.promise(Promise.HOST_PROCESSES_HIDDEN)
def test_runs_do_not_see_each_other(runner: Runner) -> None:
    with runner.start("import time; open('mine', 'w'); print('up', flush=True); time.sleep(600)") as other:
        read_line(other)
        code = """
            import os
            wanted = b"sleep(6" + b"00)"  # in two parts, so as not to find itself
            pids = [name for name in os.listdir("/proc") if name.isdecimal()]
            print(sum(wanted in open(f"/proc/{pid}/cmdline", "rb").read() for pid in pids))
            print(os.listdir("."), os.listdir("/dev/shm"))
        """
        assert runner.run(code).lines == ["0", "[] []"]


@pytest.mark.promise(Promise.NO_NETWORK)
def test_service_on_the_host_is_out_of_reach(runner: Runner) -> None:
    with socket.create_server(("0.0.0.0", 0)) as service:
        port = service.getsockname()[1]
        code = f"""
            import socket
            for address in ("127.0.0.1", "172.17.0.1"):
                try: socket.create_connection((address, {port}), timeout=2); print("reached")
                except OSError: print("refused")
        """
        assert runner.run(code).lines == ["refused", "refused"]


@pytest.mark.promise(Promise.NO_NETWORK)
def test_names_do_not_resolve_and_only_loopback_exists(runner: Runner) -> None:
    code = """
        import socket
        try: socket.getaddrinfo("example.com", 80); print("resolved")
        except OSError: print("refused")
        print(sorted(line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]))
    """
    lines = runner.run(code).lines
    assert lines[0] == "refused"
    assert "eth0" not in lines[-1]


@pytest.mark.promise(Promise.NO_NETWORK)
def test_loopback_inside_works(runner: Runner) -> None:
    code = """
        import socket
        service = socket.create_server(("127.0.0.1", 0))
        socket.create_connection(service.getsockname(), timeout=5)
        print("ok")
    """
    assert runner.run(code).stdout == "ok\n"


@pytest.mark.promise(Promise.NO_PRIVILEGES)
def test_program_is_nobody_without_capabilities(runner: Runner) -> None:
    code = """
        import os
        status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
        print(os.getuid() != 0, os.geteuid() != 0, 0 not in os.getgroups())
        print(*(int(status[name], 16) for name in ("CapEff", "CapPrm", "CapAmb")))
        print(int(status["NoNewPrivs"]), int(status["Seccomp"]))
    """
    assert runner.run(code).stdout == "True True True\n0 0 0\n1 2\n"


@pytest.mark.promise(Promise.NO_PRIVILEGES)
@pytest.mark.parametrize(
    "call",
    [
        "libc.mount(b'none', b'/scratch', b'tmpfs', 0, None)",
        "libc.unshare(0x10000000)",
        "libc.unshare(0x00020000)",
        "libc.setuid(0)",
        "libc.setns(os.open('/proc/self/ns/pid', os.O_RDONLY), 0)",
        "libc.chroot(b'/scratch')",
        "libc.syscall(SYS['bpf'], 0, 0, 0)",
        "libc.syscall(SYS['keyctl'], 0, -3, 1)",
        "libc.syscall(SYS['perf_event_open'], 0, 0, -1, -1, 0)",
        "libc.syscall(SYS['userfaultfd'], 0)",
        "libc.syscall(SYS['clone'], 0x10000000 | 17, 0, 0, 0, 0)",
        "libc.syscall(SYS['clone3'], ctypes.byref((ctypes.c_uint64 * 8)(0x10000000)), 64)",
    ],
)
def test_privileged_call_is_refused(runner: Runner, call: str) -> None:
    code = f"""
        import ctypes, os, platform
        libc = ctypes.CDLL(None, use_errno=True)
        SYS = {{
            "x86_64": dict(bpf=321, keyctl=250, perf_event_open=298, userfaultfd=323, clone=56, clone3=435),
            "aarch64": dict(bpf=280, keyctl=219, perf_event_open=241, userfaultfd=282, clone=220, clone3=435),
        }}[platform.machine()]
        own = os.getpid()
        result = {call}
        if os.getpid() == own:
            print(result, flush=True)
    """
    assert runner.run(code).stdout == "-1\n"


@pytest.mark.promise(Promise.NO_PRIVILEGES)
def test_no_descriptor_of_the_host_is_left_open(runner: Runner) -> None:
    code = """
        import os
        for descriptor in os.listdir("/proc/self/fd"):
            try: os.fstat(int(descriptor)); print(descriptor)
            except OSError: pass
    """
    assert runner.run(code).lines == ["0", "1", "2"]


@pytest.mark.promise(Promise.SCRATCH_CAPPED)
def test_scratch_is_capped(runner: Runner) -> None:
    code = """
        import errno
        try:
            with open("big", "wb") as file:
                for _ in range(64): file.write(bytes(2**20)); file.flush()
        except OSError as error:
            print(errno.errorcode[error.errno])
        import os
        print(os.path.getsize("big") <= 8 * 2**20)
    """
    assert runner.run(code, scratch_bytes=8 * MIB).lines == ["ENOSPC", "True"]


@pytest.mark.promise(Promise.SCRATCH_CAPPED)
def test_temporary_folder_by_name_can_be_written_and_is_capped(runner: Runner) -> None:
    code = """
        import errno
        try:
            with open("/tmp/here", "wb") as file:
                for _ in range(64): file.write(bytes(2**20)); file.flush()
        except OSError as error:
            print(errno.errorcode[error.errno])
    """
    assert runner.run(code, scratch_bytes=8 * MIB).lines == ["ENOSPC"]
