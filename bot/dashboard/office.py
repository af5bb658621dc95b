"""The office: pages for whoever is signed in, their commands, and files of what a page shows.

Every look is one transaction. Commands are run by the handlers that run them in a chat, with the same rights, and go
into the same audit log.
"""

from collections.abc import Sequence

from bot.admin.desk import Desk, Outcome, offered
from bot.answers import Reader
from bot.charts.studio import Studio
from bot.commands.declaration import Answer, Choice
from bot.dashboard.album import Album
from bot.dashboard.doors import Doors, Guest
from bot.dashboard.looking import Inside, Look
from bot.dashboard.pages import all_pages
from bot.dashboard.values import Asked, Item, Listing, Page, Picture, Said, UnknownPage
from bot.domain.people import Identity, Sender
from bot.domain.updates import File
from bot.ports import Clock
from bot.storage import Storage
from bot.switchboard import Switchboard
from bot.texts import code, lines, text
from bot.texts.catalogues import Catalogue


class Office:
    """What a web server needs of the core.

    Args:
        storage: where everything is.
        switchboard: makes calls of commands; those that are of use in chats alone are not run here.
        inside: what pages look into.
        doors: who gets in.
        studio: draws.
        clock: time.
        platforms: names of platforms whose people may be named before they have written anything.
    """

    def __init__(
        self,
        storage: Storage,
        switchboard: Switchboard,
        *,
        inside: Inside,
        doors: Doors,
        studio: Studio,
        clock: Clock,
        platforms: Sequence[str],
    ) -> None:
        self._storage = storage
        self._switchboard = switchboard
        self._book = switchboard.book
        self._offered = offered(switchboard.book)
        self._inside = inside
        self._album = Album(studio, clock)
        self._clock = clock
        self._platforms = platforms
        self._views = all_pages()
        self.doors = doors

    async def enter(self, link: str) -> str | None:
        """Use a link: the secret of a new session, None if the link is none (any more). Raises StorageError."""
        async with self._storage.begin() as work:
            return await self.doors.enter(work, link)

    async def vouched(self, who: Identity) -> str | None:
        """The same for somebody whom an identity provider knows."""
        async with self._storage.begin() as work:
            return await self.doors.vouched(work, who)

    async def guest(self, secret: str) -> Guest | None:
        """Whose session it is."""
        async with self._storage.begin() as work:
            return await self.doors.guest(work, secret)

    async def leave(self, guest: Guest, secret: str) -> None:
        """End a session."""
        async with self._storage.begin() as work:
            await self.doors.leave(work, guest, secret=secret)

    def reader(self, catalogue: Catalogue) -> Reader:
        """Renders what pages and answers say."""
        return Reader(catalogue, "/")

    def menu(self, guest: Guest) -> list[Item]:
        """The pages somebody may see."""
        return [Item(page=one.name, title=one.title) for one in self._views.values() if guest.role >= one.role]

    async def page(self, guest: Guest, asked: Asked, *, whole: bool = False, revealed: bool = False) -> Page:
        """A page; `whole` for a file, `revealed` with what is shown on request. Raises UnknownPage, StorageError."""
        view = self._views.get(asked.page)
        if view is None or guest.role < view.role:
            raise UnknownPage
        # What is shown on request is put on record.
        async with self._storage.begin() if revealed else self._storage.look() as work:
            look = Look(
                work=work,
                asked=asked,
                guest=guest,
                inside=self._inside,
                now=self._clock.now(),
                whole=whole,
                revealed=revealed,
            )
            page = await view.show(look)
        self._album.keep(_key(guest, asked), [one for one in page.sections if isinstance(one, Picture)])
        return page

    async def run(self, guest: Guest, words: Sequence[str], reader: Reader) -> Outcome:
        """Run a command as if it were typed in a chat. Raises UnknownPage for one that is of no use here."""
        if not words or self._offered.get(words[0]) is None:
            raise UnknownPage
        account = guest.account
        sender = Sender(
            identity=account.identity,
            name=account.name,
            username=account.username,
            language=account.language,
            belonging=account.belonging,
        )
        return await Desk(self._storage, self._switchboard, sender, self._platforms).run(words, reader.words)

    async def done(self, number: int) -> Said | None:
        """What an act of the audit log changed, with the way to take it back."""
        async with self._storage.begin() as work:
            record = await work.audit.record(number)
        reversal = self._book.reversal(record.action) if record else None
        if record is None or reversal is None or "after" not in record.facts:
            return None
        said = lines(
            text(
                "{action} of {subject}: {before} → {after}",
                action=code(record.action),
                subject=code(record.subject),
                before=reversal.said(record.facts["before"]),
                after=reversal.said(record.facts["after"]),
            ),
            text("No. {number} in the audit log.", number=number),
        )
        back = Choice(label=text("↩ Take it back"), command=f"revert {number}")
        return Said(answer=Answer(said=said, choices=[back]), tone="good")

    async def sheet(self, guest: Guest, asked: Asked, name: str, reader: Reader) -> File:
        """A table of a page, whole, for a spreadsheet. Raises UnknownPage."""
        page = await self.page(guest, asked, whole=True)
        found = [one for one in page.sections if isinstance(one, Listing) and one.name == name]
        if not found:
            raise UnknownPage
        return reader.sheet(name, found[0].table)

    async def picture(self, guest: Guest, asked: Asked, name: str, reader: Reader, *, dark: bool) -> bytes:
        """A chart of a page as SVG. Raises UnknownPage, PictureFailed."""
        if not (pictures := self._album.kept(_key(guest, asked))):
            page = await self.page(guest, asked)
            pictures = [one for one in page.sections if isinstance(one, Picture)]
        found = [one for one in pictures if one.name == name]
        if not found:
            raise UnknownPage
        return await self._album.picture(found[0], pictures, reader.words, "dark" if dark else "light")


def _key(guest: Guest, asked: Asked) -> tuple[object, ...]:
    """One page as one person sees it."""
    return guest.account.id, guest.role, asked.page, asked.about, *sorted(asked.words.items())
