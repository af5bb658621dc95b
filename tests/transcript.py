"""The conversation in docs/quotas.md: a plan like that of a well-known chat service, set up by three commands."""

import asyncio
import tempfile

from bot.domain.quotas import Plan
from bot.storage import Storage
from bot.storage.migrate import upgrade
from tests.calls import card, catalog
from tests.conftest import ADMIN, Core, make_core

STRONG, LIGHT = 50, 150
TIERS = {"strong": ["gpt-strong"], "light": ["gpt-light"]}


def transcript() -> str:
    """As it stands in the document: who said what."""
    return asyncio.run(_transcript())


async def _transcript() -> str:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/a.db"
        await asyncio.to_thread(upgrade, url)
        storage = Storage.open(url)
        try:
            models = catalog(card("gpt-strong"), card("gpt-light"), chains=TIERS)
            spoken = await play(make_core(storage, catalog=models, plans=[Plan(name="free")]))
        finally:
            await storage.close()
    return "\n".join(["```text", *spoken, "```"])


async def play(core: Core) -> list[str]:
    """An admin sets the plan up; Ada uses it up."""
    spoken = []
    for words in (
        "/plan new chat",
        f"/plan set chat messages {STRONG} per week on strong",
        f"/plan set chat messages {LIGHT} per day on light",
        "/plan assign fake:ada chat",
    ):
        spoken += _lines("Admin", words) + _lines("Parley", await core.say(ADMIN, words))
    for number in range(1, STRONG + 2):
        answer = await core.say("ada", f"Question {number}?")
        if number in (1, STRONG + 1):
            spoken += _lines("Ada", f"Question {number}?") + _lines("Parley", answer)
        elif number == 2:
            spoken.append(f"        … and so on, until {STRONG} are answered …")
    return spoken + _lines("Ada", "/usage") + _lines("Parley", await core.say("ada", "/usage"))


def _lines(who: str, words: str) -> list[str]:
    first, *rest = words.splitlines()
    return [f"{who + ':':<8}{first}".rstrip(), *(f"        {line}".rstrip() for line in rest)]
