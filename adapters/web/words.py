"""Every sentence of the demo page. They are rendered on the server, in the language the browser asks for."""

from collections.abc import Mapping

from bot.texts import Text, text
from bot.texts.catalogues import Catalogue, Catalogues

WORDS: Mapping[str, Text] = {
    "title": text("Parley demo"),
    "tagline": text("One bot, one core, two platforms"),
    "scripted": text("Scripted model — not a real language model"),
    "about": text("What is real here?"),
    "about_real": text(
        "Real: the Telegram and Slack adapters, the core with its quotas and its database, and every connection "
        "between them."
    ),
    "about_emulated": text(
        "Emulated: the servers of Telegram and Slack, with their limits on how fast a bot may write. "
        "No account and no token is used."
    ),
    "about_scripted": text(
        "The model is scripted: it recognises a few words and repeats the rest. Set OPENAI_API_KEY or "
        "OPENAI_BASE_URL, and MODEL, to talk to a real one."
    ),
    "about_model": text("The model is real: what you write here is sent to the endpoint in your settings."),
    "about_end": text("Nothing is kept: each start of the demo begins afresh."),
    "platforms": text("Platforms"),
    "connected": text("Connected"),
    "reconnecting": text("Connection lost, trying again…"),
    "speaking": text("Speaking as"),
    "member": text("member"),
    "admin": text("admin"),
    "rooms": text("Chats"),
    "channels": text("Channels"),
    "apps": text("Apps"),
    "bot": text("bot"),
    "app": text("app"),
    "only_you": text("Only visible to you"),
    "edited": text("edited"),
    "thinking": text("Thinking…"),
    "writing": text("Parley is writing…"),
    "everybody": text("Ada, Root and Parley"),
    "group_rule": text("Mention {name} to get an answer", name="@parley_bot"),
    "channel_rule": text("Mention {name} to get an answer", name="@parley"),
    "messages": text("Messages"),
    "empty": text("Nothing has been said here yet. Try one of the suggestions below."),
    "latest": text("Newest messages"),
    "unread": text("new messages"),
    "suggestions": text("Suggestions"),
    "compose": text("Write a message"),
    "compose_telegram": text("Message"),
    "compose_slack": text("Message or /parley help"),
    "keys": text("Enter sends, Shift+Enter begins a new line."),
    "send": text("Send"),
    "stop": text("Stop"),
    "reply": text("Reply in thread"),
    "in_thread": text("Replying in a thread"),
    "cancel": text("Back to the channel"),
    "unknown_command": text(
        "Slack knows no such command. Commands begin with /parley here, for example /parley usage."
    ),
    "no_command_in_thread": text("Slack takes no slash commands in threads. Write “@parley stop” instead."),
    "offline": text("Not sent: the connection is lost. It will be back in a moment."),
    "refused": text("That did not work."),
}

ASKED: Mapping[str, Text] = {
    "table": text("Show me a table"),
    "code": text("Show me some code"),
    "long": text("Write something long"),
}


def words_in(catalogue: Catalogue) -> dict[str, str]:
    """Every word of the page in one language."""
    return {name: catalogue.render(sentence) for name, sentence in WORDS.items()}


def questions_in(catalogue: Catalogue, *, scripted: bool) -> dict[str, dict[str, str]]:
    """Suggested questions: what the button says, and what is asked. The scripted model knows English words only."""
    return {
        name: {
            "label": catalogue.render(sentence),
            "says": sentence.message if scripted else catalogue.render(sentence),
        }
        for name, sentence in ASKED.items()
    }


def preferred(accept_language: str, catalogues: Catalogues) -> Catalogue:
    """The first language of an Accept-Language header that there is a catalogue for."""
    for tag in _tags(accept_language):
        found = catalogues.of(tag)
        if found.language.partition("_")[0] == tag.partition("-")[0].lower():
            return found
    return catalogues.of(None)


def _tags(header: str) -> list[str]:
    """`de-AT;q=0.5, fr` → `["fr", "de-AT"]`: by weight, then as they stand."""
    weighed = [(_weight(entry), entry.partition(";")[0].strip()) for entry in header.split(",")]
    return [tag for weight, tag in sorted(weighed, key=lambda one: -one[0]) if weight > 0 and tag]


def _weight(entry: str) -> float:
    value = entry.partition(";")[2].replace(" ", "").removeprefix("q=")
    try:
        return float(value) if value else 1.0
    except ValueError:
        return 0.0
