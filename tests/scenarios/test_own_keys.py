"""A key of one's own, from where it is typed to the endpoint that is asked with it."""

import os
from base64 import b64encode
from pathlib import Path

from adapters.slack.emulator import Channel
from adapters.telegram.emulator import Person, TelegramEmulator
from bot.domain.models import Endpoint
from bot.llm.emulator import ModelEmulator
from bot.ownkeys import OwnKeys
from bot.seals import KEY, Seals
from bot.storage import Storage
from tests.calls import card, catalog
from tests.conftest import make_core
from tests.databases import on, rows
from tests.scenarios.office import Office
from tests.scenarios.process import BotProcess, settings

SECRET = "sk-hers-abcdefgh-1234"


def chat(telegram: TelegramEmulator, person: Person) -> list[str]:
    return [message.text for message in telegram.messages(person.chat)]


def stored(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("parley.db*"))


async def test_on_telegram_the_message_with_the_key_is_gone_and_only_she_is_answered(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(b64encode(os.urandom(KEY)).decode())
    async with TelegramEmulator() as telegram, ModelEmulator(key=SECRET, answer=lambda _: "hers") as model:
        environment = settings(telegram, model) | {"ENCRYPTION_KEYS_FILE": "keys", "OWN_KEYS": "true"}
        async with BotProcess(tmp_path, environment) as bot:
            await bot.ready(telegram)
            ada, ben = (telegram.person(id=number, first_name=name) for number, name in ((1, "Ada"), (2, "Ben")))
            ada.says("/key set sk-not-known")
            await telegram.until(lambda: "does not take your key" in str(chat(telegram, ada)), 15)
            ada.says(f"/key set {SECRET}")
            await telegram.until(lambda: "🔑 Kept" in str(chat(telegram, ada)), 15)
            await telegram.until(lambda: "sk-" not in str(chat(telegram, ada)), 15)
            ada.says("hello")
            ben.says("hello")
            await telegram.until(lambda: "hers" in chat(telegram, ada), 15)
            await telegram.until(lambda: "operator has to look into it" in str(chat(telegram, ben)), 15)
            log = bot.log
        assert SECRET not in log
    assert SECRET.encode() not in stored(tmp_path)


@on("sqlite")
async def test_on_slack_a_form_takes_the_key(office: Office, database_url: str) -> None:
    async def takes(_endpoint: Endpoint) -> None:
        return

    storage, models = Storage.open(database_url, Seals.of([bytes(KEY)])), catalog(card("big"))
    core = make_core(storage, catalog=models, own_keys=OwnKeys(models, takes), others=[office.platform])
    ada = office.slack.person("U1", name="ada")
    room: Channel = office.slack.dm(ada)
    async with office.open(core):
        await ada.runs("/parley", "key set", room)
        await office.until(lambda: office.slack.modals)
        await ada.fills(office.slack.modals[-1]["id"], {"Key": SECRET})
        told = await office.told(room, "🔑 Kept, encrypted: …1234 for main.")
    assert told.ephemeral_for == "U1"
    await storage.close()
    assert [payload for (payload,) in rows(database_url, "SELECT payload FROM inbox") if SECRET in str(payload)] == []
