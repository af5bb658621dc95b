"""A conversation exported to a file and imported again, through both platforms' emulators and the real adapters."""

import json

from adapters.slack.emulator import SlackEmulator, Tiers
from adapters.slack.platform import SlackPlatform
from adapters.telegram.emulator import Limits, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.storage import Storage
from tests.conftest import make_core
from tests.scenarios.serving import serving

TOKEN = "100:TEST"
RECORD = {
    "format": "parley-conversation",
    "version": 1,
    "title": "Soup",
    "written_at": "2026-11-26T08:00:00+00:00",
    "turns": [
        {
            "question": "how long?",
            "asked_at": "2026-11-26T07:00:00+00:00",
            "answer": "an hour",
            "answered_at": "2026-11-26T07:00:05+00:00",
            "ending": "stop",
            "state": "answered",
            "replaced_by": None,
        }
    ],
}
FILE = json.dumps(RECORD).encode()


async def test_on_telegram_a_file_with_a_caption_is_imported_and_exported(storage: Storage) -> None:
    async with TelegramEmulator(token=TOKEN, limits=Limits.off()) as tg:
        platform = TelegramPlatform(TOKEN, api_url=tg.url, commands=all_commands(), clock=SystemClock(), poll_seconds=1)
        core, ada = make_core(storage, others=[platform]), tg.person(id=11, first_name="Ada")
        async with serving(core, platform):
            ada.sends(FILE, filename="soup.json", mime_type="application/json", caption="/import")
            await tg.until(lambda: len(tg.messages(ada.chat)) == 2)
            ada.says("/export html")
            await tg.until(lambda: len(tg.messages(ada.chat)) == 4)
        imported, exported = tg.messages(ada.chat)[1], tg.messages(ada.chat)[3]
        assert imported.text.startswith("Imported: 1 question.")
        assert exported.media["document"]["file_name"] == "Soup.html"
        await platform.close()


async def test_on_slack_a_file_with_a_word_is_imported(storage: Storage) -> None:
    async with SlackEmulator(limits=Tiers.off()) as slack:
        platform = SlackPlatform(
            "xoxb-test", app_token="xapp-test", api_url=slack.url, commands=all_commands(), clock=SystemClock()
        )
        core, ada = make_core(storage, others=[platform]), slack.person("U1", name="ada")
        async with serving(core, platform):
            await slack.until(lambda: slack.connections == 2)
            room = slack.dm(ada)
            await ada.says("import", room, files=(slack.file("soup.json", FILE),))
            await slack.until(lambda: any("Imported: 1 question." in one.visible for one in slack.messages(room.id)))
            await ada.says("export json", room)
            await slack.until(lambda: any(one.files and one.from_bot for one in slack.messages(room.id)))
        await platform.close()
