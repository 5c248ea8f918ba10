import os
import signal
import threading

import pytest

from mental_health_classifier.tracking.record.interruption import StopSignals, is_interruption
from mental_health_classifier.tracking.run_index import read_run


@pytest.mark.parametrize(
    ("number", "exit_code"),
    [(signal.SIGINT, -signal.SIGINT), (signal.SIGTERM, 128 + 15), (signal.SIGHUP, 128 + 1)],
)
def test_a_run_that_is_asked_to_stop_is_recorded_as_interrupted(
    start_child, tmp_path, number, exit_code
):
    child = start_child(
        """
        with record() as run:
            run.log_metrics({"loss": 1.0}, step=1, epoch=0)
            print("ready", flush=True)
            time.sleep(30)
        """
    )
    assert child.stdout.readline() == "ready\n"
    assert read_run(tmp_path / "run").status == "running"
    child.send_signal(number)
    assert child.wait(10) == exit_code
    run = read_run(tmp_path / "run")
    assert run.status == "interrupted"
    assert run.error == {
        "type": "KeyboardInterrupt" if number == signal.SIGINT else "SystemExit",
        "place": None,  # Not the handler, and nothing else of the package was running.
        "message": None,
    }
    names = {name for name in run.end["artefacts"] if not name.startswith("source/")}
    assert names == {"metrics.jsonl", "run.json"}


@pytest.mark.parametrize(
    ("number", "place"),
    [
        *((signal.SIGTERM, place) for place in ("phase", "step", "between steps")),
        *((number, "after the results") for number in (signal.SIGTERM, signal.SIGINT)),
        (signal.SIGHUP, "phase"),
    ],
)
def test_a_signal_that_python_swallows_is_not_lost(start_child, tmp_path, place, number):
    child = start_child(
        f"""
        import weakref

        class Something:
            pass

        def be_stopped(reference):
            # Whatever is raised in the callback of a weak reference is printed, and Python goes on.
            signal.raise_signal({int(number)})

        def lose_a_signal():
            something = Something()
            reference = weakref.ref(something, be_stopped)
            del something

        with record() as run:
            if {place!r} == "phase":
                with run.phase("fit"):
                    lose_a_signal()
            elif {place!r} == "step":
                lose_a_signal()
                run.log_metrics({{"loss": 1.0}}, step=1, epoch=0)
            elif {place!r} == "between steps":
                lose_a_signal()
                run.stop_if_asked()
            run.finish(metrics={{"test/accuracy": 0.5}})
            if {place!r} == "after the results":
                lose_a_signal()
        print("went on", flush=True)
        """
    )
    output, _ = child.communicate(timeout=10)
    assert output == "" and child.returncode != 0
    is_whole = place == "after the results"
    assert read_run(tmp_path / "run").status == ("completed" if is_whole else "interrupted")


def test_a_run_that_is_killed_is_seen_as_killed(start_child, tmp_path):
    child = start_child(
        """
        with record() as run:
            print("ready", flush=True)
            time.sleep(30)
        """
    )
    assert child.stdout.readline() == "ready\n"
    assert read_run(tmp_path / "run").status == "running"
    child.kill()
    child.wait(10)
    run = read_run(tmp_path / "run")
    assert run.status == "killed" and run.name == "baseline" and run.problems == ()


def test_a_killed_run_is_not_kept_alive_by_the_workers_it_forked(start_child, tmp_path):
    child = start_child(
        """
        with record() as run:
            if os.fork() == 0:
                print(os.getpid(), flush=True)
                time.sleep(30)
            time.sleep(30)
        """
    )
    worker = int(child.stdout.readline())
    try:
        assert read_run(tmp_path / "run").status == "running"
        child.kill()
        child.wait(10)
        os.kill(worker, 0)
        assert read_run(tmp_path / "run").status == "killed"
    finally:
        os.kill(worker, signal.SIGKILL)


def test_a_forked_worker_that_leaves_the_block_does_not_end_the_run(start_child, tmp_path):
    child = start_child(
        """
        with record() as run:
            worker = os.fork()
            if worker != 0:
                os.waitpid(worker, 0)
                print("worker is gone", flush=True)
                sys.stdin.readline()
                run.finish(metrics={})
            else:
                raise SystemExit(0)
        """
    )
    assert child.stdout.readline() == "worker is gone\n"
    assert read_run(tmp_path / "run").status == "running"
    child.communicate("go on\n", timeout=10)
    assert read_run(tmp_path / "run").status == "completed"


def test_a_signal_that_comes_while_the_end_is_written_waits_for_it(start_child, tmp_path):
    child = start_child(
        """
        from mental_health_classifier.tracking.record import run_record

        def slow_hashes(directory):
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
            return {}

        run_record.artefacts_of = slow_hashes
        with record() as run:
            run.finish(metrics={"test/accuracy": 0.5})
        print("went on", flush=True)
        """
    )
    output, _ = child.communicate(timeout=10)
    assert output == "" and child.returncode == -signal.SIGTERM
    assert read_run(tmp_path / "run").metrics == {"test/accuracy": 0.5}


def test_the_handler_of_before_is_back_afterwards(record_run):
    def handler(number, frame):
        raise AssertionError

    previous = signal.signal(signal.SIGTERM, handler)
    try:
        with record_run() as record:
            assert signal.getsignal(signal.SIGTERM) is not handler
            record.finish(metrics={})
        assert signal.getsignal(signal.SIGTERM) is handler
    finally:
        signal.signal(signal.SIGTERM, previous)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_outside_the_main_thread_signals_are_left_alone():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def work():
        signals = StopSignals()
        signals.install()
        seen.append(signal.getsignal(signal.SIGTERM))
        signals.restore()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before] and signal.getsignal(signal.SIGTERM) == before


def test_deferred_signals_take_effect_when_the_handlers_are_back():
    signals = StopSignals()
    signals.install()
    signals.is_deferred = True
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signals.restore()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_handler_of_ctrl_c_that_is_not_pythons_own_is_still_asked():
    numbers = []
    previous = signal.signal(signal.SIGINT, lambda number, frame: numbers.append(number))
    signals = StopSignals()
    try:
        signals.install()
        signal.raise_signal(signal.SIGINT)
        signals.restore()
    finally:
        signal.signal(signal.SIGINT, previous)
    assert numbers == [signal.SIGINT]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_comes_while_the_directory_is_claimed_is_an_interruption(
    start_child, tmp_path, number
):
    child = start_child(
        f"""
        from mental_health_classifier.tracking.record import attempts

        write = attempts.write_json_once

        def write_and_be_stopped(path, mapping):
            if path.name == "run.json":
                os.kill(os.getpid(), {int(number)})
            write(path, mapping)

        attempts.write_json_once = write_and_be_stopped
        try:
            record()
        except (KeyboardInterrupt, SystemExit):
            print("stopped", flush=True)
            sys.stdin.readline()
        """
    )
    assert child.stdout.readline() == "stopped\n"
    assert read_run(tmp_path / "run").status == "interrupted"


def test_a_signal_that_is_seen_as_the_end_begins_does_not_lose_it():
    def end():
        # As if it were seen before the first statement, where Python looks for signals.
        signal.raise_signal(signal.SIGINT)
        finished.append(True)

    finished = []
    signals = StopSignals(ending=end)
    signals.install()
    end()
    assert finished
    with pytest.raises(KeyboardInterrupt):
        signals.restore()


def test_ctrl_c_that_is_ignored_for_a_job_in_the_background_stays_ignored(start_child, tmp_path):
    child = start_child(
        """
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with record() as run:
            os.kill(os.getpid(), signal.SIGINT)
            run.finish(metrics={})
        """
    )
    assert child.wait(10) == 0
    assert read_run(tmp_path / "run").status == "completed"


def test_an_exit_with_another_reason_is_no_interruption():
    exit_after_error = SystemExit(1)
    exit_after_error.__context__ = ValueError()
    assert not is_interruption(exit_after_error)
    assert not is_interruption(ValueError())
    exit_after_error.__cause__ = KeyboardInterrupt()
    assert is_interruption(exit_after_error)
