import subprocess
import sys
import time

import psutil
import pytest

from mental_health_classifier.storage import process_identity
from mental_health_classifier.storage.process_identity import (
    life_of_process,
    life_of_tag,
    tag_of_this_process,
    this_process,
)


def test_a_process_lives_until_it_is_gone() -> None:
    script = (
        "from mental_health_classifier.storage.process_identity import tag_of_this_process as tag;"
        "print(tag(), flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout and child.stdin
        tag = child.stdout.readline().strip()
        assert life_of_tag(tag) == "running"
        child.stdin.close()
        child.wait()
    assert life_of_tag(tag) == "killed"
    assert life_of_tag(tag_of_this_process()) == "running"


def test_of_another_machine_or_container_nothing_is_known(monkeypatch) -> None:
    process, tag = this_process(), tag_of_this_process()
    monkeypatch.setattr(process_identity.platform, "node", lambda: "elsewhere")
    assert life_of_process(process) == "running", "the kernel is the same"
    monkeypatch.setattr(process_identity, "_boot_id", lambda: "another")
    assert life_of_process(process) == life_of_tag(tag) == "unknown"
    monkeypatch.undo()
    monkeypatch.setattr(process_identity, "_pid_namespace", lambda: 1)
    assert life_of_process(process) == life_of_tag(tag) == "unknown"


def test_nothing_outlives_a_new_start_of_its_machine(monkeypatch) -> None:
    process, tag = this_process(), tag_of_this_process()
    monkeypatch.setattr(process_identity, "_boot_id", lambda: "later")
    assert life_of_process(process) == life_of_tag(tag) == "killed"


def test_another_process_with_the_same_number_is_another() -> None:
    assert life_of_process(this_process() | {"process_started_at": 1.5}) == "killed"
    assert life_of_process(this_process() | {"pid": "self"}) == "killed"
    assert life_of_tag("no tag") == "unknown"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not offer it")
def test_a_process_ends_with_the_one_that_started_it() -> None:
    script = (
        "import subprocess, time\n"
        "from mental_health_classifier.storage.process_identity import end_with_the_parent\n"
        "child = subprocess.Popen(['sleep', '60'], preexec_fn=end_with_the_parent)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    deadline = time.monotonic() + 10
    # Who ends without a parent that waits for it stays listed until the system has taken note.
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)
