"""parse_mode=MarkdownV2 (td MessageEntity.cpp, do_parse_markdown_v2)."""

import re
from dataclasses import dataclass

from adapters.telegram.emulator.formatting.builder import Builder, FindUser, byte_offset, unparseable
from adapters.telegram.emulator.values import Json

_RESERVED = frozenset("_*[]()~`>#+-=|{}.!\n")
# Longest first: "__" is never two italics, nor "```" three code marks.
_MARKS = (("```", "pre"), ("__", "underline"), ("||", "spoiler"), ("![", "custom_emoji"), ("*", "bold"))
_MORE_MARKS = (("_", "italic"), ("~", "strikethrough"), ("`", "code"), ("[", "text_link"))
_ENDS = {kind: mark for mark, kind in (*_MARKS, *_MORE_MARKS)} | {"text_link": "]", "custom_emoji": "]"}
_NAMES = {"pre": "Pre", "text_link": "TextUrl", "custom_emoji": "CustomEmoji", "blockquote": "BlockQuote"}
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})


@dataclass(slots=True)
class _Open:
    kind: str
    offset: int
    position: int
    language: str = ""


def parse_markdown(text: str, user: FindUser) -> tuple[str, list[Json]]:
    scanner = _Scanner(text, user)
    scanner.run()
    return scanner.out.text, scanner.out.entities


class _Scanner:
    """One pass over the text, with the marks that are open."""

    def __init__(self, text: str, user: FindUser) -> None:
        self.text = text
        self.out = Builder(user)
        self.stack: list[_Open] = []
        self.position = 0

    def run(self) -> None:
        while self.position < len(self.text):
            self._step()
        self._end_quote()
        if self.stack:
            raise self._unended(self.stack[-1])

    def _step(self) -> None:
        if self._at_line_start() and self._quote_begins():
            return
        character = self.text[self.position]
        if character == "\\" and self._escapes():
            return
        if self._ends():
            self._close()
        elif self._literal(character):
            self._write(character)
        elif character == "\n":
            self._newline()
        else:
            self._open(character)

    def _write(self, character: str) -> None:
        self.out.write(character)
        self.position += 1

    def _literal(self, character: str) -> bool:
        if self._in_code():
            return character != "`" or self.stack[-1].kind == "pre"
        return character not in _RESERVED

    def _in_code(self) -> bool:
        return bool(self.stack) and self.stack[-1].kind in {"code", "pre"}

    def _escapes(self) -> bool:
        following = self.text[self.position + 1 : self.position + 2]
        if not following or not 0 < ord(following) < 127:
            return False
        self.out.write(following)
        self.position += 2
        return True

    def _at_line_start(self) -> bool:
        start = self.position == 0 or self.text[self.position - 1] == "\n"
        return start and not self._in_code()

    def _quote_begins(self) -> bool:
        match = re.compile(r"(\*\*)?>").match(self.text, self.position)
        if match is None:
            return False
        quoting = bool(self.stack) and self.stack[0].kind in _QUOTES
        if not quoting:
            kind = "expandable_blockquote" if match.group(1) else "blockquote"
            self.stack.insert(0, _Open(kind, self.out.units, self.position))
        self.position = match.end()
        return True

    def _newline(self) -> None:
        following = self.text[self.position + 1 : self.position + 2]
        if following != ">":
            self._end_quote()
        self._write("\n")

    def _end_quote(self) -> None:
        if not self.stack or self.stack[0].kind not in _QUOTES:
            return
        if len(self.stack) > 1:
            if self.stack[-1].kind != "spoiler" or self.stack[-1].offset != self.out.units:
                raise self._unended(self.stack[-1])
            # A trailing "||" is how an expandable quote says where it folds.
            self.stack.pop()
            self.stack[0].kind = "expandable_blockquote"
        quote = self.stack.pop()
        self.out.mark(quote.kind, quote.offset)

    def _ends(self) -> bool:
        if not self.stack or self.stack[-1].kind in _QUOTES:
            return False
        kind = self.stack[-1].kind
        if not self.text.startswith(_ENDS[kind], self.position):
            return False
        return kind != "italic" or not self.text.startswith("__", self.position)

    def _close(self) -> None:
        opened = self.stack.pop()
        self.position += len(_ENDS[opened.kind])
        if opened.kind == "text_link":
            self.out.mark_link(self._url() or self.out.text_since(opened.offset), opened.offset)
        elif opened.kind == "custom_emoji":
            url = self._url() or ""
            self.out.mark("custom_emoji", opened.offset, custom_emoji_id=url.rpartition("=")[2])
        else:
            self.out.mark(opened.kind, opened.offset, language=opened.language)

    def _url(self) -> str | None:
        if not self.text.startswith("(", self.position):
            return None
        match = re.compile(r"\(((?:\\.|[^)\\])*)\)", re.DOTALL).match(self.text, self.position)
        if match is None:
            raise unparseable(f"Can't find end of a URL at byte offset {byte_offset(self.text, self.position)}")
        self.position = match.end()
        return re.sub(r"\\(.)", r"\1", match.group(1))

    def _open(self, character: str) -> None:
        for mark, kind in (*_MARKS, *_MORE_MARKS):
            if self.text.startswith(mark, self.position):
                opened = _Open(kind, self.out.units, self.position)
                self.position += len(mark)
                opened.language = self._language() if kind == "pre" else ""
                self.stack.append(opened)
                return
        raise unparseable(f"Character '{character}' is reserved and must be escaped with the preceding '\\'")

    def _language(self) -> str:
        """What follows the fence on its line, and the newline after it."""
        match = re.compile(r"([^\s`]*)\n").match(self.text, self.position)
        if match is None:
            return ""
        self.position = match.end()
        return match.group(1)

    def _unended(self, opened: _Open) -> Exception:
        name = _NAMES.get(opened.kind, opened.kind.capitalize())
        where = byte_offset(self.text, opened.position)
        return unparseable(f"Can't find end of {name} entity at byte offset {where}")
