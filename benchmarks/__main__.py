"""`make bench`: everything the README claims, one table after the other."""

import subprocess
import sys

SUBJECTS = (
    "benchmarks.startup",
    "benchmarks.turns",
    "benchmarks.workers",
    "benchmarks.full",
    "benchmarks.shaping",
    "benchmarks.chunks",
    "benchmarks.recall",
    "benchmarks.limits",
    "benchmarks.hostile",
)


def main() -> int:
    """Run each benchmark; the exit code of the first that failed."""
    for subject in SUBJECTS:
        print(f"\n## {subject}\n", flush=True)
        if code := subprocess.run([sys.executable, "-m", subject], check=False).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
