"""What people are told about what is kept of them, and that they get all of it."""

import io
import json
import zipfile
from collections.abc import Mapping

import pytest
import sqlalchemy as sa

from bot.commands import transcripts
from bot.disclosure import Disclosure, Recipient
from bot.domain.models import Catalog
from bot.domain.transcripts import Person, Sight, Talk, Transcript
from bot.masking import Masking
from bot.storage import Storage
from bot.storage.merging import ownership
from bot.storage.tables import turn
from bot.transcripts.archive import to_archives
from bot.transcripts.reading import from_record
from tests.attachments import samples
from tests.conftest import ADMIN, Core, make_core
from tests.test_memory import UNLIMITED
from tests.test_retention import keep

VENDOR = Recipient(host="api.example.com", use="answers", models=["m"])
EAR = Recipient(host="ear.example.com", use="transcription", models=["w"])
SEES = Catalog.single(base_url="http://fake/v1", key=None, model="fake-1", window=8000, sees_images=True)


class TestPrivacy:
    async def test_it_names_who_is_sent_what_one_writes(self, storage: Storage) -> None:
        core = make_core(storage, disclosure=Disclosure(recipients=[VENDOR, VENDOR, EAR]))
        said = await core.say("ada", "/privacy")
        assert "• `api.example.com`: answers it\n• `ear.example.com`: writes down what you say" in said
        assert "looks whether it is allowed" not in said
        assert "are hidden from models" not in said
        assert "the dashboard" not in said

    async def test_it_says_for_how_long_words_are_kept_on_ones_own_plan(self, core: Core) -> None:
        assert "words kept: until they are forgotten" in await core.say("ada", "/privacy")
        await keep(core, "free", 90)
        assert "words kept: 90 days" in await core.say("ada", "/privacy")

    async def test_it_says_whether_models_see_ones_data_here(self, storage: Storage) -> None:
        masking = Masking(plans={"vip": True})
        core = make_core(storage, disclosure=Disclosure(masking=masking), masking=masking)
        assert "are hidden from models" not in await core.say("ada", "/privacy")
        assert "are hidden from models" in await core.say("ada", "/privacy", chat="group")
        await core.say(ADMIN, "/plan assign @ada vip")
        assert "are hidden from models" in await core.say("ada", "/privacy")

    async def test_it_says_that_admins_may_read_along(self, storage: Storage) -> None:
        core = make_core(storage, disclosure=Disclosure(staff_reads=True))
        assert "admins, on the dashboard; each look is put on record" in await core.say("ada", "/privacy")

    async def test_it_leads_to_everything_and_to_forgetting(self, core: Core) -> None:
        await core.say("ada", "/privacy")
        assert core.platform.buttons[-1] == ["export", "export everything", "forget"]


def unpacked(core: Core) -> Mapping[str, bytes]:
    """The files of all archives that came with the last answer."""
    archives = [zipfile.ZipFile(io.BytesIO(file.content)) for file in core.platform.files[-1]]
    return {name: archive.read(name) for archive in archives for name in archive.namelist()}


class TestEverything:
    async def test_every_conversation_comes_and_can_be_imported_again(self, core: Core) -> None:
        for words in ("/new Numbers", "one", "/new Letters", "a"):
            await core.say("ada", words)
        await core.say("ada", "in a group", chat="group")
        await core.say("ben", "of ben", chat="group")
        await core.say("ada", "/export everything")
        files = unpacked(core)
        about = json.loads(files["about.json"])
        listed = [(one["title"], one["place"]) for one in about["conversations"]]
        assert listed[:2] == [("Numbers", "fake:ada"), ("Letters", "fake:ada")]
        records = [from_record(files[one["file"]]) for one in about["conversations"]]
        assert [entry.question for one in records for entry in one.entries] == ["one", "a", "in a group"]

    async def test_what_else_is_stored_comes_and_nothing_of_others(self, core: Core) -> None:
        await core.say("ada", "hello")
        await core.say("ben", "hello")
        await core.say("ada", "/quota request 10 more")
        await core.say("ada", "/export everything")
        files = {name: json.loads(content) for name, content in unpacked(core).items() if name.startswith("records/")}
        assert [row["user"] for row in files["records/identity.json"]] == ["ada"]
        assert files["records/request.json"][0]["what"]
        assert {row["subject"] for row in files["records/usage.json"]} == {"account:1"}
        assert len(files["records/call.json"]) == 1
        assert "turn" not in str([*files])

    async def test_pictures_come_along(self, storage: Storage) -> None:
        core = make_core(storage, catalog=SEES, window=8000, daily=UNLIMITED)
        core.platform.uploads["photo.png"] = samples.picture(64, 48)
        await core.say("ada", "what is it?", file="photo.png", kind="picture")
        await core.say("ada", "/export everything")
        assert unpacked(core)["pictures/1-1-0.jpg"][:2] == b"\xff\xd8"

    async def test_pictures_that_are_too_many_are_left_out_and_too_many_words_refused(
        self, storage: Storage, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        core = make_core(storage, catalog=SEES, window=8000, daily=UNLIMITED)
        core.platform.uploads["photo.png"] = samples.picture(64, 48)
        await core.say("ada", "what is it?", file="photo.png", kind="picture")
        async with storage.begin() as work:
            words, pictures = await work.belongings.size(1)
        monkeypatch.setattr(transcripts, "_MOST", words + pictures - 1)
        assert "Your pictures are left out" in await core.say("ada", "/export everything")
        assert not any(name.startswith("pictures/") for name in unpacked(core))
        monkeypatch.setattr(transcripts, "_MOST", words - 1)
        assert "too much for a chat" in await core.say("ada", "/export everything")

    async def test_it_is_not_said_where_others_read_along(self, core: Core) -> None:
        assert "in a direct message" in await core.say("ada", "/export everything", chat="group")
        assert core.platform.files[-1] == []

    async def test_it_holds_nothing_that_opens_anything(self, core: Core) -> None:
        await core.say("ada", "/link")
        await core.say("ada", "/export everything")
        assert "digest" not in str(json.loads(unpacked(core)["records/link_code.json"]))

    def test_what_opens_something_is_marked_in_every_table_of_an_accounts(self) -> None:
        columns = [one for column, _, _ in ownership(1, 2) for one in column.table.columns if column.table is not turn]
        opening = [one for one in columns if one.name.endswith(("digest", "secret", "password", "api_key", "sealed"))]
        assert opening
        assert all(one.info.get("secret") for one in opening)

    async def test_after_forgetting_no_words_are_left_in_it(self, core: Core) -> None:
        await core.say("ada", "xyzzy")
        async with core.storage.begin() as work:
            await work.forgetting.forget(1)
        await core.say("ada", "/export everything")
        assert b"xyzzy" not in b"".join(unpacked(core).values())

    async def test_what_does_not_fit_into_one_file_comes_in_several(self, core: Core) -> None:
        await core.say("ada", "hello")
        async with core.storage.begin() as work:
            now = (await work.inbox._connection.execute(sa.select(turn.c.started_at))).scalar_one()
        assert now
        at = core.clock.now()
        shots = [
            Sight(conversation=1, turn=number, position=0, media_type="image/jpeg", content=bytes([number]) * 40_000)
            for number in range(3)
        ]
        talk = Talk(id=1, place="fake:ada", transcript=Transcript(title="", written_at=at, entries=[]))
        person = Person(written_at=at, talks=[talk], pictures=shots, records={})
        archives = to_archives(person, 2_000)
        assert len(archives) > 1
        assert all(len(one) <= 2_000 for one in archives)
        with pytest.raises(ValueError, match="too large"):
            to_archives(person, 500)
