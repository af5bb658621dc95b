"""What a message asks: by itself, or as the edit of one that was asked before."""

from dataclasses import replace

from bot.attendance import attended
from bot.bursts import Bursts
from bot.chat import Chat
from bot.domain.updates import Update
from bot.inbox import Lease
from bot.ports import Platform


class Questions:
    """Turns messages into questions for the chat, and completes the lease of those that are none."""

    def __init__(self, *, chat: Chat, bursts: Bursts) -> None:
        self._chat = chat
        self._bursts = bursts

    async def answer(self, lease: Lease, platform: Platform, update: Update) -> None:
        """Answer a message that is no command."""
        gathered = self._edited(lease, update) if update.edited else self._bursts.gather(lease, platform, update)
        asked = await attended(platform, update, gathered)
        if asked is not None:
            await self._chat.answer(lease, platform, asked)
            return
        async with lease.begin() as work:
            await lease.complete(work)

    async def ask(self, lease: Lease, platform: Platform, update: Update, question: str) -> None:
        """Answer a question that a command asks for a person. No message of theirs says it."""
        await self._chat.answer(lease, platform, replace(update, text=question, invocation=None, message=""))

    async def ask_again(self, lease: Lease, platform: Platform, update: Update, question: str) -> None:
        """Answer a question that a command began to ask once more."""
        await self._chat.answer(lease, platform, replace(update, text=question, invocation=None, anew=True))

    async def _edited(self, lease: Lease, update: Update) -> Update | None:
        """The question from which an edit goes on; None if it was no question here, or is the same as before.

        A message that is for the bot only since it was edited is a question like any other.
        """
        async with lease.begin() as work:
            account = await work.people.meet(update.sender)
            question = await work.history.edited(
                lease.claim.id,
                conversation_id=await work.conversations.current(update.place.key, account_id=account.id),
                account_id=account.id,
                message=update.message,
                text=update.text,
                # Others in a group do not lose what they said since.
                alone=not update.place.private,
            )
            if question is None and not await work.inbox.heard(lease.claim.id):
                return replace(update, edited=False)
        return None if question is None else replace(update, text=question)
