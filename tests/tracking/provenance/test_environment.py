import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from mental_health_classifier.tracking.provenance import environment
from mental_health_classifier.tracking.provenance.environment import (
    DETERMINISM,
    ensure_deterministic_environment,
    let_idle_threads_sleep,
    number_of_processes,
    read_environment,
    read_hardware,
)

SCRIPT = """
import os, sys
print("start", os.getpid(), *sys.argv[1:])
from mental_health_classifier.tracking.provenance import environment
environment.ensure_deterministic_environment()
print("go on", os.environ["PYTHONHASHSEED"], os.environ["CUBLAS_WORKSPACE_CONFIG"], hash("a"))
print(sorted(name for name in os.environ if "RESTART" in name))
"""


def run_script(*arguments: str, **variables: str) -> tuple[list[str], str]:
    clean = {name: value for name, value in os.environ.items() if name not in DETERMINISM}
    finished = subprocess.run(
        [sys.executable, *arguments],
        env=clean | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.splitlines(), finished.stderr


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train_something.py"
    path.write_text(SCRIPT)
    return path


def test_packages_are_listed_with_the_versions_that_are_imported():
    packages = read_environment()["packages"]
    for name in ("numpy", "pytest", "mental-health-classifier"):
        assert packages[name] == metadata.version(name)
    assert list(packages) == sorted(packages)
    installed = {distribution.metadata["Name"] for distribution in metadata.distributions()}
    assert len(packages) == len(
        {name.lower().replace("_", "-").replace(".", "-") for name in installed}
    )


def test_an_installation_without_a_name_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "broken-1.0.dist-info").mkdir()
    (tmp_path / "Odd_Name-2.0.dist-info").mkdir()
    (tmp_path / "Odd_Name-2.0.dist-info" / "METADATA").write_text("Name: Odd_Name\nVersion: 2.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    packages = read_environment()["packages"]
    assert packages["odd-name"] == "2.0"
    assert "broken" not in packages


def test_only_variables_that_change_results_are_recorded(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "CANARY")
    monkeypatch.setenv("MHC_TOKEN", "CANARY")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    recorded = read_environment()
    assert recorded["variables"]["OMP_NUM_THREADS"] == "3"
    assert "MKL_NUM_THREADS" not in recorded["variables"]
    assert "CANARY" not in str(recorded)


def test_hardware_is_described_without_torch(monkeypatch):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    hardware = read_hardware()
    assert hardware["torch_threads"] is None and hardware["gpus"] is None
    assert hardware["logical_cores"] == os.cpu_count()
    assert hardware["memory_bytes"] > 2**28


def test_threads_and_gpus_are_those_of_torch_where_it_is_loaded(monkeypatch):
    gpu = SimpleNamespace(name="Card", total_memory=8 * 2**30, major=9, minor=0)
    cuda = SimpleNamespace(
        is_available=lambda: True, device_count=lambda: 1, get_device_properties=lambda index: gpu
    )
    version = SimpleNamespace(cuda="12.8")
    torch = SimpleNamespace(get_num_threads=lambda: 3, cuda=cuda, version=version)
    monkeypatch.setitem(sys.modules, "torch", torch)
    hardware = read_hardware()
    assert hardware["torch_threads"] == 3 and hardware["cuda"] == "12.8"
    assert hardware["gpus"] == [
        {"name": "Card", "memory_bytes": 8 * 2**30, "compute_capability": "9.0"}
    ]
    cuda.is_available = lambda: False
    assert read_hardware()["gpus"] == []


def test_two_sockets_have_the_cores_of_both(monkeypatch):
    # Two sockets of two cores, two threads a core.
    processors = [(socket, core) for socket in (0, 1) for core in (0, 1) for _ in range(2)]
    text = "\n".join(
        f"model name\t: Maker Model 9\nphysical id\t: {socket}\ncore id\t\t: {core}\n"
        "flags\t\t: fpu avx2 secret avx512f\n"
        for socket, core in processors
    )
    monkeypatch.setattr(environment.Path, "read_text", lambda self: text)
    hardware = read_hardware()
    assert hardware["physical_cores"] == 4
    assert hardware["cpu_model"] == "Maker Model 9"
    assert hardware["cpu_flags"] == ["avx2", "avx512f"]


def test_python_starts_again_once_with_the_variables_and_the_same_command(script):
    lines, _ = run_script(str(script), "seed=2", "name=two words")
    start, again, go_on, leftover = lines
    assert start == again, "the same process with the same arguments"
    assert start.endswith("seed=2 name=two words")
    assert go_on.startswith("go on 0 :4096:8")
    assert leftover == "[]"


def test_sets_are_ordered_alike_in_every_start(script):
    assert run_script(str(script))[0][2] == run_script(str(script), PYTHONHASHSEED="77")[0][2]


def test_options_of_the_interpreter_survive_the_restart(script):
    lines, _ = run_script("-X", "utf8", "-m", script.stem, "seed=2", PYTHONPATH=str(script.parent))
    assert len(lines) == 4 and lines[0] == lines[1] and lines[0].endswith(" seed=2")
    lines, _ = run_script("-c", SCRIPT, "seed=2")
    assert len(lines) == 4 and lines[0] == lines[1] and lines[0].endswith(" seed=2")


def test_with_the_variables_set_python_goes_on(script):
    lines, errors = run_script(str(script), **DETERMINISM)
    assert [line.split()[0] for line in lines] == ["start", "go", "[]"]
    assert errors == ""


def test_a_variable_that_is_reset_at_every_start_does_not_restart_for_ever(script):
    reset = "import os\nos.environ['PYTHONHASHSEED'] = 'random'\n"
    (script.parent / "sitecustomize.py").write_text(reset)
    lines, _ = run_script(str(script), PYTHONPATH=str(script.parent))
    assert [line.split()[0] for line in lines] == ["start", "start", "go", "[]"]


def test_python_that_ignores_its_variables_is_warned_about(script):
    _, errors = run_script("-E", str(script))
    assert "Python ignores PYTHONHASHSEED" in errors


def test_where_nothing_differs_nothing_is_executed(monkeypatch):
    for name, value in DETERMINISM.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(os, "execve", lambda *_: pytest.fail("was started again"))
    ensure_deterministic_environment()


def test_idle_threads_sleep_unless_the_user_decided(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    monkeypatch.setenv("OPENBLAS_THREAD_TIMEOUT", "")
    monkeypatch.delenv("OPENBLAS_THREAD_TIMEOUT")
    let_idle_threads_sleep()
    assert os.environ["OMP_WAIT_POLICY"] == "ACTIVE"
    assert os.environ["OPENBLAS_THREAD_TIMEOUT"] == "4"


@pytest.mark.parametrize("module", ["cli.app", "tracking.provenance.environment"])
def test_what_reads_such_variables_is_not_loaded_before_they_are_set(module):
    script = f"import sys, mental_health_classifier.{module}\n"
    lines, _ = run_script("-c", script + "print(sorted({'numpy', 'torch'} & set(sys.modules)))")
    assert lines == ["[]"]


def test_the_driver_is_what_the_kernel_module_says_of_itself(monkeypatch):
    text = (
        "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024\n"
        "GCC version:  gcc version 12.2.0\n"
    )
    monkeypatch.setattr(Path, "read_text", lambda path: text)
    assert environment._read_gpu_driver() == "550.54.15"


def test_processes_are_counted_as_their_launcher_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WORLD_SIZE", "SLURM_STEP_NUM_TASKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SLURM_NTASKS", "4")  # of a script, which is one process
    assert number_of_processes() == 1
    monkeypatch.setenv("SLURM_STEP_NUM_TASKS", "4")
    assert number_of_processes() == 4
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert number_of_processes() == 2
