"""Personas: which one answers a turn, and what that means for its prompt."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog

from bot.domain.context import Weighed
from bot.domain.experiments import choice
from bot.domain.masks import NOTE
from bot.domain.models import Catalog
from bot.domain.personas import DEFAULT, Persona
from bot.domain.updates import Update
from bot.errors import ConfigError
from bot.ports import Clock, TokenCounter
from bot.settings import Settings
from bot.storage import Account, UnitOfWork

_log = structlog.get_logger(__name__)

_WEIGHED = 500
"""Prompts whose tokens are remembered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who answers a turn.

    `system` is the prompt, the same at every turn; `note` is what its variables stand for now, "" without any, and
    goes with the question. `variant` is the one the conversation has in an experiment. `masked`: whoever answers sees
    no personal data, as the prompt says.
    """

    persona: Persona
    system: Weighed
    note: Weighed
    variant: int | None = None
    masked: bool = False

    def asking(self, question: Weighed) -> Weighed:
        """The question with the note before it."""
        if not self.note.text:
            return question
        text = f"{self.note.text}\n\n{question.text}"
        return replace(question, text=text, tokens=self.note.tokens + question.tokens + 1)


class Personas:
    """The operator's personas and those that admins wrote.

    Args:
        files: by name; DEFAULT is among them.
        models: the chains and models that a persona may name.
        zone: where people are who have not said where they are.
    """

    def __init__(
        self,
        files: Mapping[str, Persona],
        *,
        tokens: TokenCounter,
        clock: Clock,
        zone: tzinfo,
        models: Sequence[str] = (),
    ) -> None:
        self.files = files
        self.models = models
        self._tokens = tokens
        self._clock = clock
        self._zone = zone
        self._weighed: OrderedDict[str, Weighed] = OrderedDict()

    async def all(self, work: UnitOfWork) -> Mapping[str, Persona]:
        """Every persona by name, as it is now."""
        written = await work.personas.written()
        return dict(sorted({**self.files, **{name: self._read(name, text) for name, text in written.items()}}.items()))

    async def here(self, work: UnitOfWork, conversation: int, account: int) -> str:
        """The name of who answers."""
        chosen = await work.personas.in_force(conversation, account, otherwise=DEFAULT)
        return self._of(chosen.name, chosen.text).name

    async def cast(
        self, work: UnitOfWork, update: Update, account: Account, *, conversation: int, turn: int, masked: bool = False
    ) -> Cast:
        """Who answers a turn; a conversation keeps the variant it has in an experiment."""
        chosen = await work.personas.in_force(conversation, account.id, otherwise=DEFAULT)
        persona, variant = self._of(chosen.name, chosen.text), None
        if variants := await work.personas.variants(persona.name):
            drawn = variants[choice([one.share for one in variants], conversation)]
            await work.personas.mark(turn, drawn.id)
            persona, variant = self._read(persona.name, drawn.text) if drawn.text else persona, drawn.id
        note = persona.note(self._values(update, account))
        return Cast(
            persona=persona,
            system=await self._weigh(_fixed(persona, masked=masked)),
            note=await self._weigh(note, keep=False),
            variant=variant,
            masked=masked,
        )

    def _values(self, update: Update, account: Account) -> Mapping[str, str]:
        zone = ZoneInfo(account.zone) if account.zone else self._zone
        now = self._clock.now().astimezone(zone)
        return {
            "name": update.sender.name,
            "date": f"{now:%A, %d %B %Y, %H:%M} ({zone})",
            "platform": update.place.platform.title(),
        }

    def _of(self, name: str, text: str | None) -> Persona:
        """A persona by name. One that is no more is the default one: nobody is left without an answer."""
        if text is not None:
            return self._read(name, text)
        return self.files.get(name) or self.files[DEFAULT]

    def _read(self, name: str, text: str) -> Persona:
        try:
            return Persona.read(name, text)
        except ValueError as error:
            # It was read when it was written: an older version knew something that this one does not.
            _log.warning("persona_unreadable", persona=name, reason=str(error))
            return replace(self.files[DEFAULT], name=name)

    async def _weigh(self, text: str, *, keep: bool = True) -> Weighed:
        """A text and its tokens, which for prompts are counted once."""
        if found := self._weighed.get(text):
            return found
        weighed = Weighed(text=text, tokens=await self._tokens.count(text) if text else 0)
        if keep:
            self._weighed[text] = weighed
        if len(self._weighed) > _WEIGHED:
            self._weighed.popitem(last=False)
        return weighed


def _fixed(persona: Persona, *, masked: bool) -> str:
    parts = (persona.fixed, NOTE) if masked else (persona.fixed,)
    return "\n\n".join(part for part in parts if part)


def personas_of(settings: Settings, catalog: Catalog, tokens: TokenCounter, clock: Clock) -> Personas:
    """The operator's personas. Raises ConfigError."""
    models = [*catalog.chains, *(name for card in catalog.models.values() for name in (card.ref, card.name))]
    files = read_files(settings.personas, settings.system_prompt, models)
    return Personas(files, tokens=tokens, clock=clock, zone=ZoneInfo(settings.timezone), models=models)


def read_files(folder: Path | None, prompt: str, models: Sequence[str]) -> Mapping[str, Persona]:
    """The personas of a folder (`NAME.md`); the default one has the operator's prompt unless there is a file of it.

    Raises ConfigError with every mistake at once; `models` are the chains and models that may be named.
    """
    found: dict[str, Persona] = {DEFAULT: Persona(name=DEFAULT, prompt=prompt)}
    problems: list[str] = []
    if folder is not None and not folder.is_dir():
        raise ConfigError([f"PERSONAS is no folder: {folder}"])
    for path in sorted(folder.glob("*.md")) if folder else ():
        try:
            found[path.stem] = checked(Persona.read(path.stem, path.read_text("utf-8")), models)
        except (OSError, ValueError) as error:
            problems.append(f"{path}: {error}")
    if problems:
        raise ConfigError(problems)
    return found


def checked(persona: Persona, models: Sequence[str]) -> Persona:
    """The persona, whose model there is. Raises ValueError."""
    if persona.model and persona.model not in models:
        raise ValueError(f"there is no chain and no model {persona.model!r}")
    return persona
