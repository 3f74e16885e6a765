"""Time whole commands from process start: a night, help, an error, a list.

Run as ``python -m benchmarks.night``; prints one JSON line a command: median seconds of five runs
and the peak memory of the process in MB.  The program is compiled to bytecode before, as one that
is installed from a wheel is.
"""

from __future__ import annotations

import compileall
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.make_district import make_district

ROUNDS = 5
PACKAGES = ("auditor", "connectors", "reports")
AUDIT = [sys.executable, "-m", "auditor"]


def time_command(label: str, arguments: list[str], *, forget: Path | None = None) -> None:
    """Run a command six times, the first uncounted; the store in ``forget`` is removed before."""
    seconds = []
    for _ in range(ROUNDS + 1):
        for file in forget.glob("audit.sqlite*") if forget else ():
            file.unlink()
        start = time.perf_counter()
        subprocess.run([*AUDIT, *arguments], capture_output=True, check=False)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    median = round(statistics.median(seconds[1:]), 3)
    print(json.dumps({"command": label, "median_s": median, "peak_mb": round(peak)}), flush=True)


def main() -> None:
    """Time the commands, the small ones first: the peak is that of the largest so far."""
    for package in PACKAGES:
        compileall.compile_dir(package, quiet=2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = str(folder / "audit.toml")
        time_command("--help", ["--help"])
        time_command("run, no settings", ["run", "-c", str(folder / "none.toml")])
        make_district(folder, staff=600, schools=6, profiles=50_000)
        night = ["run", "-q", "-c", config]
        label = "run, 600 staff, 6 schools, 50,000 profiles"
        subprocess.run([*AUDIT, *night], check=True)
        time_command("findings list", ["findings", "list", "-c", config])
        time_command(label, night, forget=folder)


if __name__ == "__main__":
    main()
