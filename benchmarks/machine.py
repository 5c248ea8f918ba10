"""What a figure was measured on, and what else kept that machine busy meanwhile."""

from __future__ import annotations

import os
import platform
from typing import Any

from mental_health_classifier.tracking.provenance.environment import read_hardware


def describe_machine() -> dict[str, Any]:
    """Processor, processors that this process may use, memory, load, versions."""
    hardware = read_hardware()
    return {
        "processor": hardware["cpu_model"] or hardware["machine"],
        "processors": hardware["usable_cores"] or hardware["logical_cores"],
        "memory_gb": round(hardware["memory_bytes"] / 2**30, 1),
        "load_1_5_15_minutes": [round(load, 2) for load in os.getloadavg()],
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def machine_line(machine: dict[str, Any]) -> str:
    """The same in one line."""
    load = ", ".join(map(str, machine["load_1_5_15_minutes"]))
    return (
        f"{machine['processor']}, {machine['processors']} processors, {machine['memory_gb']} GB, "
        f"{machine['system']}, Python {machine['python']}; load {load}"
    )
