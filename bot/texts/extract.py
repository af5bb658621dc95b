"""Brings the catalogues up to date with the sentences in the code: `make texts`.

`python -m bot.texts.extract de` begins a catalogue for German. Sentences that are no longer said are removed, new
ones wait for their translation with an empty `msgstr`; until then people read them in English.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po

from bot.texts.catalogues import languages

ROOT = Path(__file__).parents[2]

PACKAGES = ("bot", "adapters")

_FORMS = {"text": 1, "plural": 2}
"""How many arguments of a call are forms of its sentence."""

Sentence = str | tuple[str, str]
"""As gettext identifies it: the English sentence, or its singular and plural."""


def sentences(root: Path = ROOT) -> list[Sentence]:
    """Every sentence in the packages below `root`, each once, in alphabetical order.

    Raises ValueError if one is not written out where it is used: nobody could translate it.
    """
    sources = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    found = {sentence for path in sources for sentence in sentences_in(path.read_text("utf-8"), str(path))}
    return sorted(found, key=lambda one: (one,) if isinstance(one, str) else one)


def sentences_in(source: str, name: str) -> Iterator[Sentence]:
    """The sentences of one module; `name` is for errors.

    Babel's own extraction takes every `something.text("…")` for a sentence; here only the bare names of `bot.texts`
    count, and only where they are imported from there.
    """
    tree = ast.parse(source, name)
    spoken = _spoken(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in spoken:
            yield _sentence(node.args[: _FORMS[node.func.id]], f"{name}:{node.lineno}")


def _spoken(tree: ast.Module) -> set[str]:
    """Which of the two functions a module has from `bot.texts`."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "bot.texts"]
    return {alias.name for node in imports for alias in node.names} & _FORMS.keys()


def _sentence(arguments: Sequence[ast.expr], where: str) -> Sentence:
    forms = [one.value for one in arguments if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    match forms:
        case [message] if len(arguments) == 1:
            return message
        case [one, many]:
            return one, many
    raise ValueError(f"{where}: a sentence has to be written out where it is used")


def updated(language: str, known: bytes, wanted: Iterable[Sentence]) -> bytes:
    """The .po of a language with exactly the wanted sentences; `known` is the one until now, or empty."""
    before = read_po(BytesIO(known), locale=language)
    after = Catalog(locale=language)
    for sentence in wanted:
        _carry_over(sentence, before, after)
    written = BytesIO()
    write_po(written, after, width=110, no_location=True, omit_header=True)
    return _header(after).encode() + written.getvalue()


def _carry_over(sentence: Sentence, before: Catalog, after: Catalog) -> None:
    """A sentence with its translation and the translators' notes, if it is still the same sentence."""
    old = before.get(sentence)
    if old is None or old.id != sentence:
        after.add(sentence)
        return
    after.add(sentence, old.string, flags=old.flags, user_comments=old.user_comments)


def _header(catalog: Catalog) -> str:
    """What readers of the file need, without the dates and versions that would differ with each run."""
    return (
        'msgid ""\n'
        'msgstr ""\n'
        f'"Language: {catalog.locale_identifier}\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )


def update(folder: Path, language: str, wanted: Iterable[Sentence]) -> None:
    """Bring one catalogue below the `locale` folder up to date, or begin it."""
    path = folder / language / "LC_MESSAGES" / "parley.po"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = path.read_bytes() if path.exists() else b""
    path.write_bytes(updated(language, known, wanted))


def main(more: Sequence[str]) -> None:
    wanted = sentences()
    for language in sorted({*languages()[1:], *more}):
        update(ROOT / "bot" / "texts" / "locale", language, wanted)


if __name__ == "__main__":
    main(sys.argv[1:])
