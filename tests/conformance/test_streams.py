"""Bytes in, bytes out."""

import os
import resource
import threading
import time
import zlib

from tests.conformance.running import MIB, Runner, finish, read_line


def test_input_echoed_comes_back(runner: Runner) -> None:
    data = os.urandom(3 * MIB).hex().encode()
    code = "import sys; sys.stdout.write(sys.stdin.read()[-1000:])"
    assert runner.run(code, data=data).stdout.encode() == data[-1000:]


def test_binary_input_arrives_whole(runner: Runner) -> None:
    code = "import sys, zlib; print(zlib.crc32(sys.stdin.buffer.read()))"
    data = os.urandom(2 * MIB)
    assert runner.run(code, data=data).stdout.strip() == str(zlib.crc32(data))


def test_outputs_stay_apart(runner: Runner) -> None:
    outcome = runner.run("import sys; print('one'); print('two', file=sys.stderr)")
    assert (outcome.stdout, outcome.stderr) == ("one\n", "two\n")


def test_empty_input_reads_as_end(runner: Runner) -> None:
    assert runner.run("import sys; print(repr(sys.stdin.read()))").stdout == "''\n"


def test_program_that_never_reads_does_not_hold_up_sender(runner: Runner) -> None:
    with runner.start("print('done')") as process:
        process.send(b"x" * (32 * MIB))
        assert finish(process).stdout == "done\n"


def test_program_killed_while_input_is_sent_closes_cleanly(runner: Runner) -> None:
    before = threading.active_count()
    with runner.start("import time; time.sleep(600)") as process:
        process.send(b"x" * (32 * MIB))
        process.kill()
        finish(process)
    assert threading.active_count() <= before


def test_unread_flood_stops_program_not_host(runner: Runner) -> None:
    code = """
        import os
        block = b"x" * 65536
        os.write(1, b"go\\n")
        while True:
            os.write(1, block)
    """
    with runner.start(code) as process:
        read_line(process)
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert process.wait(1.0) is None
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < 8 * 1024


def test_long_output_arrives_whole(runner: Runner) -> None:
    code = "import os\nfor number in range(4096): os.write(1, b'%07d ' % number * 128)"
    wanted = "".join(f"{number:07d} " * 128 for number in range(4096))
    assert runner.run(code).stdout == wanted


def test_close_without_reading_returns(runner: Runner) -> None:
    process = runner.start("import os\nwhile True: os.write(1, b'x' * 65536)")
    began = time.monotonic()
    process.close()
    process.close()
    assert time.monotonic() - began < 10


def test_kill_of_unread_flood_ends_it_promptly(runner: Runner) -> None:
    with runner.start("import os\nwhile True: os.write(1, b'x' * 65536)") as process:
        assert process.wait(0.3) is None
        began = time.monotonic()
        process.kill()
        assert process.wait(30) is not None
        assert time.monotonic() - began < 5
