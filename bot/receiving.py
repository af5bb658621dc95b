"""Before a turn begins: what came with the question is read, while nothing waits for it in the database."""

from dataclasses import replace
from functools import partial

from bot.access import Access
from bot.attachments.hearing import Hearing
from bot.attachments.material import Material, Room
from bot.attachments.reading import Hear, Reading
from bot.brain import Brain
from bot.domain.updates import Attachment
from bot.moderation import Moderation
from bot.opening import check_place
from bot.streaming import Preview
from bot.texts import Text, code, text
from bot.texts.catalogues import Catalogues
from bot.turns import Asked


class Receiving:
    """Makes material of the attachments of a question, for people who may ask at all."""

    def __init__(
        self,
        reading: Reading,
        hearing: Hearing | None,
        *,
        brain: Brain,
        access: Access,
        moderation: Moderation,
        catalogues: Catalogues,
    ) -> None:
        self._reading = reading
        self._hearing = hearing
        self._brain = brain
        self._access = access
        self._moderation = moderation
        self._catalogues = catalogues

    async def receive(self, asked: Asked) -> Asked:
        """The question with what came with it. Raises UserError, NotAdmitted.

        One that is asked again has its material on record already, and so has one that a crash cut off.
        """
        update = asked.update
        if not update.attachments or update.anew or update.edited:
            return asked
        async with asked.lease.begin() as work:
            account = (await self._access.admit(work, update)).account
            await check_place(work, update.place)
            await self._moderation.admit(work, account.id)
            begun = await work.history.begun(asked.arrival) if asked.begun_before else None
            if begun is not None:
                return replace(asked, update=replace(update, text=begun))
            conversation = await work.conversations.current(update.place.key, account_id=account.id)
            room = await self._brain.room(work, account, update, conversation)
        hear = partial(self._hearing.hear, asked, account, conversation) if self._hearing else None
        return replace(asked, material=await self._read(asked, room, hear))

    async def _read(self, asked: Asked, room: Room, hear: Hear | None) -> Material:
        said = _working(asked.update.attachments[0])
        catalogue = self._catalogues.of(asked.update.sender.reads)
        async with Preview(asked.reply, asked.remember, asked.lease.check) as preview:
            preview.waits(catalogue.render(said, slash=asked.platform.slash))
            return await self._reading.read(asked.platform, asked.update.attachments, room, hear)


def _working(attachment: Attachment) -> Text:
    """What somebody reads who waits."""
    name = code(attachment.safe_name)
    if attachment.kind in ("voice", "sound"):
        return text("🎤 Listening to {name} …", name=name)
    return text("📎 Reading {name} …", name=name)
