"""What MkDocs cannot do by itself: pages that live outside of docs/, and links that leave it.

Documents link to each other and to sources as paths of the repository, so that they work on a forge. Here the same
links are made to work on the site: to pages where there is one, else to a copy of the file.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]

PAGES = {
    "README.md": "index.md",
    "ARCHITECTURE.md": "architecture.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "reporting.md",
    "benchmarks/README.md": "benchmarks.md",
}
"""Documents beside docs/, and what they are called on the site."""

DECISIONS = "adr/index.md"

LINK = re.compile(r"(?P<before>\]\()(?P<path>[^)\s#]+)(?P<after>(?:#[^)\s]*)?\))")
CODE = re.compile(r"(^```.*?^```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
ADDRESS = re.compile(r"[a-z]+:")
FOREIGN = re.compile(r"""(?:\bsrc|<link rel="?(?:stylesheet|icon|preconnect)"? href)="?(https?:[^"> ]+)""")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the documents beside docs/, the list of decisions, and every file of the repository that a page links to."""
    for document, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / document)))
    files.append(File.generated(config, DECISIONS, content=_decisions()))
    linked = {found for page in files.documentation_pages() for found in _linked(page)}
    for path in sorted(linked):
        if files.get_file_from_path(_on_site(path)) is None and (ROOT / path).is_file():
            files.append(File.generated(config, _on_site(path), abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Lead every link to where its target is on the site, and write tables as Python-Markdown reads them."""
    here = page.file.src_uri
    if here == PAGES["README.md"]:
        page.meta["hide"] = ["navigation"]

    def led(found: re.Match[str]) -> str:
        if ADDRESS.match(found["path"]):
            return found[0]
        target = posixpath.relpath(_on_site(_resolved(here, found["path"])), posixpath.dirname(here) or ".")
        return f"{found['before']}{target}{found['after']}"

    parts = CODE.split(markdown)
    return "".join(_code(part) if CODE.fullmatch(part) else LINK.sub(led, part) for part in parts)


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001
    """Refuse a page that would load something from elsewhere."""
    if found := FOREIGN.search(output):
        raise PluginError(f"{page.file.src_uri} loads {found[1]}: the site has to be complete")
    return output


def _code(code: str) -> str:
    """On a forge a pipe in a table is escaped also within code; here it is not, and the backslash would be seen."""
    return code if code.startswith("```") else code.replace("\\|", "|")


def _linked(page: File) -> Iterator[str]:
    """Paths in the repository that a page links to."""
    prose = CODE.sub("", page.content_string)
    paths = (found["path"] for found in LINK.finditer(prose))
    return (_resolved(page.src_uri, path) for path in paths if not ADDRESS.match(path))


def _resolved(page: str, path: str) -> str:
    """What a link means in the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(_in_repository(page)), path))


def _in_repository(page: str) -> str:
    return next((document for document, name in PAGES.items() if name == page), f"docs/{page}")


def _on_site(path: str) -> str:
    if path in PAGES:
        return PAGES[path]
    if path == "docs/adr":
        return DECISIONS
    inside = path.removeprefix("docs/")
    # What begins with a dot is served by few web servers.
    return inside if inside != path else f"source/{path.lstrip('.')}"


def _decisions() -> str:
    records = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    titles = (record.read_text("utf-8").partition("\n")[0].removeprefix("# ") for record in records)
    lines = (f"- [{title}]({record.name})" for title, record in zip(titles, records, strict=True))
    return "\n".join(["# Decisions", "", "What was decided, why, and what it costs.", "", *lines, ""])
