"""Draws charts: JSON from standard input, pictures to standard output. `python -m bot.charts png light`."""

import json
import sys
from typing import cast

from bot.charts.drawing import Format, Tone, drawn
from bot.charts.parcels import packed

if __name__ == "__main__":
    kind, tone = cast("Format", sys.argv[1]), cast("Tone", sys.argv[2])
    sys.stdout.buffer.write(packed(drawn(chart, kind, tone) for chart in json.load(sys.stdin)))
