"""Draws one chart: JSON from standard input, a picture to standard output. `python -m bot.charts png light`."""

import json
import sys
from typing import cast

from bot.charts.drawing import Format, Tone, drawn

if __name__ == "__main__":
    sys.stdout.buffer.write(drawn(json.load(sys.stdin), cast("Format", sys.argv[1]), cast("Tone", sys.argv[2])))
