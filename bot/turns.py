"""One turn as it goes along: asked, begun, spoken."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from bot.access import acquainted
from bot.attachments.material import Material
from bot.domain.bursts import Message, joined
from bot.domain.completions import Lost
from bot.domain.context import Fitted, Weighed
from bot.domain.models import Chain, Guard, Key, Purpose
from bot.domain.updates import Update
from bot.errors import QuotaExceeded
from bot.inbox import Lease
from bot.memory import Past
from bot.personas import Cast
from bot.ports import Completion, Platform, Ref, Reply
from bot.quotas import Reserved
from bot.storage import Account
from bot.storage.calls import Payer


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question on its way to an answer: what was said, where the answer grows, and the right to give it.

    `material` is what was made of the attachments.
    """

    lease: Lease
    platform: Platform
    update: Update
    reply: Reply
    material: Material = field(default_factory=Material)

    @property
    def arrival(self) -> int:
        return self.lease.claim.id

    def by(self, account: Account) -> Self:
        """The same, with what is known of who asks. An answer of which nothing is shown yet speaks their language."""
        update = acquainted(self.update, account)
        if update.sender.reads == self.update.sender.reads or self.reply.ref is not None:
            return replace(self, update=update)
        return replace(self, update=update, reply=self.platform.reply(update, self.lease.claim.ref))

    async def remember(self, ref: Ref) -> None:
        """What another process needs to finish what stands on the screen."""
        async with self.lease.begin() as work:
            await work.inbox.remember(self.lease.claim, ref)

    @property
    def begun_before(self) -> bool:
        """Whether its turn may be on record: by a command that asks again, an edit, or before a crash."""
        return self.update.anew or self.update.edited or self.lease.claim.attempts > 1

    @property
    def asks(self) -> bool:
        """Whether there is anything to answer: words, or something that came with them and can be read."""
        return bool(self.update.text.strip()) or not self.material.useless

    @property
    def words(self) -> str:
        """What the question says: the words, and the text of what came with them."""
        return joined([self.update.text, self.material.text]) if self.material.text else self.update.text

    @property
    def messages(self) -> Sequence[Message]:
        """What `words` is made of; the text of attachments belongs to no message."""
        known = self.update.messages
        return [*known, ("", len(self.material.text))] if self.material.text and known else known


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a model is asked, and on whose behalf: what its row in the record of calls begins with."""

    purpose: Purpose
    arrival: int
    account: int
    conversation: int
    platform: str
    payer: Payer = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A turn whose question is on record.

    `left` is the conversation that was left for this one on its own, `merged` is of how many messages the question is,
    `own` are keys of the person's by endpoint.
    """

    conversation: int
    left: int | None
    account: Account
    turn: int
    question: Weighed
    guard: Guard
    past: Past
    cast: Cast
    merged: int = 0
    own: Mapping[str, Key] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A turn after its first transaction.

    `chain` are the models it goes to, `fitted` is what they will see, `room` how many tokens the answer may have,
    `reserved` what the turn got. `spared` is the limit for whose sake a lighter chain was taken. `cast` is who
    answers, `guard` is how large it may become. `left` and `merged` as in
    `Opened`; `own` are the keys it is asked with, if they are the person's, who then pays.
    """

    conversation: int
    account: Account
    turn: int
    question: Weighed
    chain: Chain
    fitted: Fitted
    room: int
    reserved: Reserved
    cast: Cast
    spared: QuotaExceeded | None = None
    guard: Guard = field(default_factory=Guard)
    merged: int = 0
    left: int | None = None
    own: Mapping[str, Key] = field(default_factory=dict)

    @property
    def pictured(self) -> bool:
        """Whether pictures go to the model."""
        return any(one.pictures for one in (self.question, *(turn.question for turn in self.fitted.turns)))

    def cause(self, asked: Asked) -> Cause:
        return Cause(
            purpose="chat",
            arrival=asked.arrival,
            account=self.account.id,
            conversation=self.conversation,
            platform=asked.platform.name,
            payer="own" if self.own else "",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the stream went. `ending` as in the table `turn`; `completion` knows who answered and what it took.

    `lost` are attempts that were paid for and gave no answer.
    """

    answer: str
    ending: str
    completion: Completion
    lost: Sequence[Lost] = ()

    @property
    def cached(self) -> bool:
        """Whether it was given again, or together with somebody else's: then it took no tokens."""
        return self.completion.call is not None and self.completion.call.cached
