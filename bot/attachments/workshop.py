"""Has files opened by a process of their own: what was made up to break a reader breaks that process alone.

It has little memory and time, sees neither tokens nor keys, and writes no file.
"""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, cast, get_args

import structlog

from bot.attachments.limits import AttachmentLimits
from bot.attachments.sniffing import What
from bot.domain.pictures import Picture
from bot.errors import FileRefused
from bot.errors.files import Flaw

_log = structlog.get_logger(__name__)

_NEEDED = ("PATH", "HOME", "LANG", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "SYSTEMROOT")
"""All that the process inherits."""

_AT_ONCE = 2
_PATIENCE = 3
"""Wall time, as a multiple of the processor's: the machine may be busy."""


class Workshop:
    """Opens files, two at once. Nothing here is called inside of a transaction."""

    def __init__(self, limits: AttachmentLimits) -> None:
        self._limits = limits
        self._desks = asyncio.Semaphore(_AT_ONCE)

    async def picture(self, content: bytes) -> Picture:
        """A picture as models take it. Raises FileRefused."""
        facts, packed = await self._open("picture", content)
        return Picture(content=packed, **facts)

    async def document(self, content: bytes) -> tuple[str, int, int]:
        """The text of a PDF, how many pages it is of, and how many there are. Raises FileRefused."""
        facts, _ = await self._open("pdf", content)
        return str(facts["text"]), int(facts["read"]), int(facts["pages"])

    async def text(self, content: bytes) -> str:
        """A text in letters that have to be guessed. Raises FileRefused."""
        facts, _ = await self._open("text", content)
        return str(facts["text"])

    async def seconds(self, content: bytes) -> int:
        """How long a sound lasts; 0 if it does not tell. Raises FileRefused."""
        facts, _ = await self._open("sound", content)
        return int(facts["seconds"])

    async def _open(self, what: What, content: bytes) -> tuple[Mapping[str, Any], bytes]:
        async with self._desks:
            answer = await self._answer(what, content)
        told, _, packed = answer.partition(b"\n")
        facts = json.loads(told)
        if (why := facts.get("refused")) is not None:
            raise FileRefused(cast("Flaw", why) if why in get_args(Flaw) else "damaged")
        return facts, packed

    async def _answer(self, what: What, content: bytes) -> bytes:
        environment = {name: os.environ[name] for name in _NEEDED if name in os.environ}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot.attachments",
            what,
            json.dumps(self._limits.of_process()),
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=environment,
        )
        try:
            async with asyncio.timeout(self._limits.processor_seconds * _PATIENCE):
                answer, trouble = await process.communicate(content)
        except TimeoutError:
            raise FileRefused("slow") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode:
            reason = trouble.decode(errors="replace")[-300:]
            _log.warning("file_not_opened", what=what, code=process.returncode, reason=reason)
            # Killed by the system: its time or its memory was up.
            raise FileRefused("slow" if process.returncode < 0 else "damaged")
        return answer
