"""The record of processing that data protection law asks of operators (GDPR, article 30), by the settings in force."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from html import escape
from importlib.metadata import version

from bot.admin.opening import open_database
from bot.catalogs import offline_catalog
from bot.disclosure import Disclosure, Recipient, disclosure_of
from bot.domain.personal import KINDS
from bot.errors import ConfigError
from bot.llm.catalog import read_catalog, surroundings
from bot.masking import masking_of
from bot.needs import model_problems
from bot.settings import Settings
from bot.storage.limits import StoredPlan

Rows = Sequence[Sequence[str]]

_ASKS = "*(yours to fill in)*"

_USES = {
    "answers": ("answers what people write", "conversations, titles and summaries"),
    "moderation": ("says whether a message is allowed", "single messages"),
    "transcription": ("writes down voice messages", "sound"),
}

_ENTRY = {
    "open": "anybody on the platforms",
    "list": "those on the operator's list",
    "invitation": "those with an invitation",
    "approval": "those whom an admin let in",
}

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #8888; padding: .3rem .6rem; text-align: left; vertical-align: top; }
@media print { body { margin: 0; max-width: none; font-size: 11pt; } }
"""


async def record_of(settings: Settings, now: datetime) -> str:
    """The record as Markdown. Raises ConfigError if the settings or the database cannot be read."""
    if problems := model_problems(settings):
        raise ConfigError(problems)
    if settings.parley_models is not None:
        read_catalog(settings.parley_models, surroundings())  # what follows makes do without it
    catalog, masking = offline_catalog(settings), masking_of(settings)
    storage = await open_database(settings)
    sealed = storage.seals.current is not None
    try:
        async with storage.begin() as work:
            plans = await work.limits.plans()
    finally:
        await storage.close()
    disclosure = disclosure_of(settings, catalog, masking, sealed=sealed)
    return record(disclosure, plans, default_plan=settings.default_plan, now=now)


def record(disclosure: Disclosure, plans: dict[str, StoredPlan], *, default_plan: str, now: datetime) -> str:
    """What is done with people's data, as Markdown; what no setting says is left open."""
    parts = [
        "# Record of processing: Parley",
        f"Made of the settings in force by `parley privacy`, Parley {version('parley')}, {now:%Y-%m-%d %H:%M %Z}.",
        _section("Who is responsible", _table(("What", "Who"), [(one, _ASKS) for one in _RESPONSIBLE])),
        _section("What for", "Answering what people ask in chats, within limits. Legal basis: " + _ASKS),
        _section("Whose data, and which", _table(("Data", "Of whom"), _categories(disclosure))),
        _section("Who receives it", _table(("Server", "What for", "Gets", "Hidden", "Sent"), _recipients(disclosure))),
        _section("How long it is kept", _table(("What", "How long"), _terms(disclosure, plans, default_plan))),
        _section("How it is protected", _listed(_measures(disclosure))),
        _section("What people can do", _table(("Right", "How"), _RIGHTS)),
    ]
    return "\n\n".join(parts) + "\n"


def as_page(markdown: str) -> str:
    """The same as a page that loads nothing."""
    import pyromark

    body = pyromark.html(markdown, options=pyromark.Options.ENABLE_TABLES)
    title = escape(markdown.partition("\n")[0].removeprefix("# "))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )


_RESPONSIBLE = (
    "Controller, with address",
    "Data protection officer",
    "Agreement with each recipient below (article 28)",
)

_RIGHTS = (
    ("To be told", "`/privacy` in the chat, in the person's language"),
    ("To have a copy, and to take it elsewhere", "`/export everything`: a ZIP of JSON and pictures; `/export json`"),
    ("To be forgotten", "`/forget`: deleted from all tables, caches and free pages, asked twice"),
    ("To correct", "editing a message on the platform, `/settings`"),
    ("To object", "stop writing; `/forget everything`. An admin can block a person (`/block`)"),
)


def _categories(disclosure: Disclosure) -> Iterator[Sequence[str]]:
    people = f"people who write to the bot: {_ENTRY[disclosure.entry]}"
    yield "messages, answers, the text of files, transcripts of voice messages", f"{people}; whoever they write about"
    if disclosure.sees_images:
        yield "pictures", people
    yield "name, username, id, language and kind of membership, as the platform tells them", people
    yield "choices (language, model, persona, time zone, plan)", people
    yield "use and cost: numbers by person and conversation, without words", people
    yield "what admins changed, and when", "admins, and those whom it was about"


def _recipients(disclosure: Disclosure) -> Iterator[Sequence[str]]:
    for name, host in disclosure.platforms.items():
        yield host, f"{name}, the platform: people write there", "messages and answers", "–", "encrypted"
    for one in disclosure.recipients:
        purpose, gets = _USES[one.use]
        models = ", ".join(f"`{model}`" for model in one.models)
        pictures = ", pictures" if one.use == "answers" and disclosure.sees_images else ""
        sent = "encrypted" if one.encrypted else "**not encrypted**"
        yield one.host, f"{purpose} ({models})", gets + pictures, _hidden(disclosure, one), sent
    for what, host in disclosure.wordless.items():
        yield host, what, "no words of anybody", "–", "as its address says"


def _hidden(disclosure: Disclosure, recipient: Recipient) -> str:
    masking = disclosure.masking
    if not masking.active or not recipient.maskable:
        return "nothing"
    kinds = ", ".join(dict.fromkeys([*KINDS, *(kind for kind, _ in masking.patterns)]))
    if recipient.use == "moderation" or not masking.plans:
        return kinds
    others = [f"{'yes' if masks else 'no'} on {plan}" for plan, masks in sorted(masking.plans.items())]
    usual = "yes" if masking.base else "no"
    return f"{kinds}: {', '.join(others)}, {usual} on other plans; always in groups, titles and summaries"


def _terms(disclosure: Disclosure, plans: dict[str, StoredPlan], default_plan: str) -> Iterator[Sequence[str]]:
    limited = {name: plan.keep for name, plan in sorted(plans.items()) if plan.keep is not None}
    for name, days in limited.items():
        default = ", the default" if name == default_plan else ""
        yield f"words of people on the plan {name}{default}", f"{days} days, or until forgotten"
    yield "words of other people" if limited else "words", "until the person has them forgotten"
    yield "events as platforms sent them, and answers on their way", f"{disclosure.events_days} days"
    if disclosure.cache_seconds:
        yield "answers kept for the same question", f"{disclosure.cache_seconds} seconds, 7 days more for outages"
    yield "use, cost, limits, and what admins changed", "as long as the bot is run"
    yield "logs, backups, and what recipients keep", _ASKS


def _measures(disclosure: Disclosure) -> Iterator[str]:
    sealed = "encrypted with a key of the operator's" if disclosure.sealed else "not encrypted by Parley"
    yield f"Kept in {' and '.join(disclosure.stores)}; what was said is {sealed}."
    readers = "admins may read conversations on the dashboard, each look is on record" if disclosure.staff_reads else ""
    yield f"Who can read words: whoever has the database{'; ' + readers if readers else ', no admin through the bot'}."
    yield "A prompt holds one conversation; recall searches what the same person may see."
    yield "Logs, metrics and traces hold no words and no secrets."
    yield "Decoders of files run in processes of their own, without secrets."
    yield "Roles, an audit log, and commands that hurt ask first."


def _section(title: str, body: str) -> str:
    return f"## {title}\n\n{body}"


def _table(columns: Sequence[str], rows: Iterator[Sequence[str]] | Rows) -> str:
    lines = [columns, ["---"] * len(columns), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _listed(lines: Iterator[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
