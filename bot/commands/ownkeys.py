"""A key of one's own for a model endpoint: given, shown by its end, forgotten."""

from datetime import UTC, datetime

from bot.commands.call import Call
from bot.commands.declaration import Command
from bot.commands.inquiry import Inquiry
from bot.commands.questionnaires import Blank, Questionnaire
from bot.domain.secrets import usable
from bot.ownkeys import OwnKeys
from bot.storage import UnitOfWork
from bot.texts import Text, Typed, code, lines, text, words

_SHOWN = 4
"""Characters of a key that tell its owner which one it is."""


async def key(call: Call) -> Text | Inquiry:
    if not call.update.place.private:
        return text("Not where others read along. If you have shown a key here, revoke it where you got it.")
    if call.own_keys is None or not call.work.own_keys.safe:
        return text("This bot takes no keys of people's own.")
    match call.words:
        case []:
            return await _shown(call, call.own_keys)
        case ["set", secret] if len(call.own_keys.endpoints) == 1:
            return _given(call, call.own_keys, next(iter(call.own_keys.endpoints)), secret)
        case ["set", endpoint, secret] if endpoint in call.own_keys.endpoints:
            return _given(call, call.own_keys, endpoint, secret)
        case ["forget", *endpoint] if len(endpoint) < 2:
            return await _forgotten(call, *endpoint)
    raise call.bad_argument()


async def _shown(call: Call, own: OwnKeys) -> Text:
    held = [one for one in await call.work.own_keys.of(call.account.id) if one.endpoint in own.endpoints]
    if not held:
        return lines(
            text("You have given no key. With {key} your answers are asked with yours, and you pay.", key=_typed(own)),
            text("Endpoints: {names}", names=code(", ".join(own.endpoints))),
        )
    told = [
        text(
            "🔑 {endpoint}: …{end}, since {date}. Your answers from there are paid by it.",
            endpoint=one.endpoint,
            end=one.secret[-_SHOWN:],
            date=datetime.fromtimestamp(one.since / 1000, UTC),
        )
        for one in held
    ]
    return lines(*told, text("{forget} deletes it.", forget=Typed("key forget")))


def _given(call: Call, own: OwnKeys, endpoint: str, secret: str) -> Inquiry:
    """Kept as soon as its endpoint has taken it."""
    if not usable(secret):
        raise call.bad_argument()

    async def check() -> None:
        await own.check(endpoint, secret)

    async def keep(work: UnitOfWork, _found: None) -> Text:
        await work.own_keys.put(call.account.id, endpoint, secret)
        return lines(
            text("🔑 Kept, encrypted: …{end} for {endpoint}.", end=secret[-_SHOWN:], endpoint=endpoint),
            text("If your message with the key is still here, please delete it."),
        )

    return Inquiry(ask=check, use=keep)


async def _forgotten(call: Call, endpoint: str | None = None) -> Text:
    if not await call.work.own_keys.forget(call.account.id, endpoint):
        return text("You have given no such key.")
    return text("Forgotten. From now on the bot's own key is used again.")


async def _form(call: Call) -> Questionnaire | None:
    """Where there are forms, a key need not stand in any chat."""
    if call.own_keys is None or len(call.words) > 1 or not call.update.place.private:
        return None
    options = [(words(name), name) for name in call.own_keys.endpoints]
    return call.ask_for(
        text("Your own key"),
        "key set",
        Blank(label=text("Endpoint"), kind="choice", options=options, value=options[0][1] if options else ""),
        Blank(label=text("Key"), longest=500),
    )


def _typed(own: OwnKeys) -> Typed:
    return Typed("key set KEY" if len(own.endpoints) == 1 else "key set ENDPOINT KEY")


COMMANDS = (
    Command(
        name="key",
        summary=text("Use a key of your own for the model"),
        handler=key,
        usage="[set [ENDPOINT] KEY|forget [ENDPOINT]]",
        example="set sk-…",
        topic="limits",
        secret=True,
        forms={"set": _form},
    ),
)
