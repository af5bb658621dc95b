"""A short version of `make soak`: three workers, both platforms, and everything breaks."""

from pathlib import Path

import pytest

from tests.scenarios.soak import Soak


@pytest.mark.slow
@pytest.mark.postgresql
@pytest.mark.timeout(240)
async def test_whatever_breaks_everybody_is_answered_in_order_and_charged_once(tmp_path: Path) -> None:
    report = await Soak(tmp_path, turns=40, people=10, seed=7, pause=3.0, every=1.5).run()
    assert report.sound, str(report)
    assert report.answered_once >= 35
