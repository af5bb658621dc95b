"""`make fuzz`: each harness under atheris, from its corpus; a table of what was run.

    python -m tests.fuzz [NAME …] [--seconds 60]

What breaks a parser is left in `.fuzz/NAME/crash-…`; put it into the corpus, and mend the parser.
"""

import argparse
import re
import subprocess
import sys
import time

from tests.fuzz.harnesses import CORPUS, HARNESSES


def row(name: str, seconds: int) -> tuple[str, bool]:
    """Run one; its line of the table, and whether it held."""
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.fuzz.hunt", name, str(seconds)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    runs = re.findall(r"number_of_executed_units: (\d+)", said.stderr)
    held = said.returncode == 0 and bool(runs)
    if not held:
        print(said.stdout[-2000:], said.stderr[-4000:], file=sys.stderr)
    seen, took = len(list((CORPUS / name).iterdir())), time.monotonic() - began
    return f"| `{name}` | {seen} | {int(runs[-1]) if runs else 0:,} | {took:.0f} | {0 if held else 1} |", held


def main() -> int:
    parser = argparse.ArgumentParser(description="Fuzz the parsers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(HARNESSES)} (default: all)")
    parser.add_argument("--seconds", type=int, default=60, help="for each (default 60)")
    options = parser.parse_args()
    print("| Harness | Seeds | Runs | Seconds | Crashes |\n|---|---:|---:|---:|---:|", flush=True)
    broken = 0
    for name in options.names or HARNESSES:
        line, held = row(name, options.seconds)
        print(line, flush=True)
        broken += not held
    return min(broken, 1)


if __name__ == "__main__":
    sys.exit(main())
