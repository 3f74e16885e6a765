"""Fail when coverage of auditor/ is under its floor.  Use: coverage_floor.py FILE"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FLOOR = 90.0


def main() -> int:
    """Add up the files of auditor/ and compare with the floor."""
    files = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["files"]
    own = [one["summary"] for name, one in files.items() if name.startswith("auditor/")]
    seen = sum(one["covered_lines"] + one["covered_branches"] for one in own)
    whole = sum(one["num_statements"] + one["num_branches"] for one in own)
    share = 100 * seen / whole
    print(f"auditor/: {share:.1f} % of lines and branches, floor {FLOOR:.0f} %")
    return 0 if share >= FLOOR else 1


if __name__ == "__main__":
    sys.exit(main())
