"""Software and machine of a run, and the settings that make it deterministic."""

from __future__ import annotations

import logging
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

DETERMINISM = {
    # The order of sets and of everything derived from it.
    "PYTHONHASHSEED": "0",
    # Matrix products on NVIDIA GPUs; read once, when the library starts.
    # https://docs.nvidia.com/cuda/cublas/#results-reproducibility
    "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
}
"""Environment variables without which the same command can give another result."""

RECORDED_VARIABLES = frozenset(
    {
        *DETERMINISM,
        *("OMP_NUM_THREADS", "OMP_DYNAMIC", "MKL_NUM_THREADS", "MKL_CBWR", "MKL_DYNAMIC"),
        *("OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "VECLIB_MAXIMUM_THREADS"),
        *("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "ONEDNN_DEFAULT_FPMATH_MODE"),
        *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "NVIDIA_TF32_OVERRIDE"),
        *("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "CUDA_LAUNCH_BLOCKING"),
        *("TOKENIZERS_PARALLELISM", "RAYON_NUM_THREADS", "PYTHONOPTIMIZE"),
    }
)
"""Variables that can change a result. No others are recorded: environments hold passwords."""

CPU_FLAGS = frozenset(
    {
        *("avx", "avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8"),
        *("fma", "f16c", "asimd", "bf16", "sve", "sve2"),
    }
)
"""Instruction sets by which numerical libraries choose their kernels, and with them the last
digits."""

_RESTARTED = "MENTAL_HEALTH_CLASSIFIER_RESTARTED"


def number_of_processes() -> int:
    """How many processes torchrun or srun started for this command."""
    # Of the step: a script of sbatch is one process, whatever the job was given.
    return int(os.environ.get("WORLD_SIZE") or os.environ.get("SLURM_STEP_NUM_TASKS") or 1)


def let_idle_threads_sleep() -> None:
    """Makes threads that wait for each other sleep instead of spinning, unless the user decided.

    Spinning threads hold the processors that the thread they wait for needs: beside one busy
    process, a run on two processors took more than ten times as long. Results stay the same. To be
    called before NumPy and torch are imported, which read the variables when they are loaded.
    """
    # https://www.openmp.org/spec-html/5.2/openmpse83.html
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    # The exponent of two of the cycles that a thread spins for; 4 is the least, 26 the default.
    # https://github.com/OpenMathLib/OpenBLAS#setting-the-number-of-threads-using-environment-variables
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")


def ensure_deterministic_environment() -> None:
    """Makes sure that the variables of `DETERMINISM` are set, starting Python once more if needed.

    Python and CUDA read them when they start, so setting them later has no effect. To be called
    before anything heavy is imported. The same command runs again in the same process; child
    processes inherit the variables.
    """
    has_restarted = os.environ.pop(_RESTARTED, None) is not None
    if any(os.environ.get(name) != value for name, value in DETERMINISM.items()):
        os.environ.update(DETERMINISM)
        # Once only: something that resets a variable at every start would restart for ever.
        if sys.executable and not has_restarted:
            sys.stdout.flush()
            sys.stderr.flush()
            # orig_argv still has what argv lost: -m, -W, -X and other options of the interpreter.
            arguments = [sys.executable, *sys.orig_argv[1:]]
            os.execve(sys.executable, arguments, {**os.environ, _RESTARTED: "1"})
    if sys.flags.hash_randomization:
        log.warning(
            "Python ignores PYTHONHASHSEED here (option -E or -I, or a start-up file), so the same "
            "command may give another result. Start it without that."
        )


def read_environment() -> dict[str, Any]:
    """Python, operating system, installed packages, and the variables that can change a result."""
    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": platform.platform(),
        "packages": _read_packages(),
        "variables": {
            name: os.environ[name] for name in sorted(RECORDED_VARIABLES & os.environ.keys())
        },
    }


def read_hardware() -> dict[str, Any]:
    """Processor, memory and GPUs. None: not known."""
    cpu = _read_cpu()
    torch = sys.modules.get("torch")
    return {
        "machine": platform.machine(),
        "cpu_model": cpu["model"],
        "cpu_flags": cpu["flags"],
        "physical_cores": cpu["physical_cores"],
        "logical_cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "torch_threads": None if torch is None else torch.get_num_threads(),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "gpus": None if torch is None else _read_gpus(torch),
        "cuda": None if torch is None else torch.version.cuda,
        "gpu_driver": _read_gpu_driver(),
    }


def _read_packages() -> dict[str, str]:
    packages: dict[str, str] = {}
    for distribution in metadata.distributions():
        name, version = _name_and_version(distribution)
        if name and version:
            # The first on the path is the one that is imported.
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return dict(sorted(packages.items()))


def _name_and_version(distribution: metadata.Distribution) -> tuple[str | None, str | None]:
    # Only these two lines of the metadata: parsing whole descriptions takes ten times as long.
    head = (distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or "")[:2000]
    found = dict(re.findall(r"^(Name|Version): *(.+?)\s*$", head, flags=re.MULTILINE))
    return found.get("Name"), found.get("Version")


def _read_cpu() -> dict[str, Any]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return {"model": platform.processor() or None, "flags": None, "physical_cores": None}
    model = re.search(r"^model name\s*: (.*)$", text, flags=re.MULTILINE)
    flags = re.search(r"^(?:flags|Features)\s*: (.*)$", text, flags=re.MULTILINE)
    cores = re.findall(r"^(physical id|core id)\s*: (\d+)$", text, flags=re.MULTILINE)
    return {
        "model": model and model[1],
        "flags": flags and sorted(CPU_FLAGS.intersection(flags[1].split())),
        "physical_cores": len(set(zip(cores[::2], cores[1::2], strict=True))) or None,
    }


def _read_gpus(torch: Any) -> list[dict[str, Any]]:
    if not torch.cuda.is_available():
        return []
    gpus = [torch.cuda.get_device_properties(index) for index in range(torch.cuda.device_count())]
    return [
        {
            "name": gpu.name,
            "memory_bytes": gpu.total_memory,
            "compute_capability": f"{gpu.major}.{gpu.minor}",
        }
        for gpu in gpus
    ]


def _read_gpu_driver() -> str | None:
    """Version of NVIDIA's kernel module, which is what the machine itself says of its driver."""
    try:
        text = Path("/proc/driver/nvidia/version").read_text()
    except OSError:
        return None
    found = re.search(r"Kernel Module\D*(\d+(?:\.\d+)+)", text)
    return found and found[1]
