"""What models write, on its way to people: whole, and cut anywhere while it grows."""

from unittest.mock import patch

from adapters.slack import outbound
from adapters.slack.emulator.blocks import check_blocks
from adapters.slack.links import honest
from adapters.slack.markup import MESSAGE_LIMIT, escape, joint, settled, split
from adapters.slack.messages import content
from adapters.slack.outbound import parts
from adapters.slack.wording import readable
from adapters.telegram import markup
from adapters.telegram.emulator.entities import check
from adapters.telegram.growing import preview
from adapters.telegram.markup import render
from adapters.telegram.rich import rich
from adapters.telegram.splitting import LIMIT, utf16_len
from bot.domain.completions import joined
from bot.domain.links import aside, disguise, mail_address, web_link
from bot.domain.updates import Place
from bot.extracts import extracts
from tests.fuzz.words import text_of

CHANNEL = Place(platform="slack", chat="T1/C1", private=False)


class _Loud:
    """In place of a log: a defect that costs somebody only the looks of an answer is one all the same."""

    def exception(self, *_: object, **__: object) -> None:
        raise  # noqa: PLE0704


def telegram_markdown(data: bytes) -> None:
    markdown = _said(data)
    with patch.object(markup, "log", _Loud()):
        messages = [*render(markdown, quiet=True), preview(markdown)]
    for text, entities in messages:
        assert utf16_len(text) <= LIMIT
        assert check(text, entities, lambda _: None) is not None or not entities
    rich(markdown)


def slack_markdown(data: bytes) -> None:
    markdown = _said(data)
    with patch.object(outbound, "log", _Loud()):
        messages = parts(CHANNEL, markdown)
    for part in messages:
        check_blocks(content(part["text"])["blocks"])
    half = escape(markdown[: settled(markdown)])
    assert joint(half) <= len(half)
    assert all(len(piece) <= MESSAGE_LIMIT for piece in split(half))


def slack_wording(data: bytes) -> None:
    """Slack's text as a person typed it."""
    readable(_said(data), person=lambda user, name: f"@{name or user}")


def links(data: bytes) -> None:
    label, _, url = _said(data).partition("\n")
    web_link(url)
    mail_address(url)
    disguise(label, url)
    aside(label, url)
    honest(f"[{label}]({url})")


def files_of_answers(data: bytes) -> None:
    extracts(joined([_said(data)]))


def _said(data: bytes) -> str:
    try:
        return text_of(data)
    except UnicodeDecodeError:
        return data.decode("latin-1")
