"""Files shared in channels and direct messages, in three steps: an address, the bytes, the place."""

from adapters.slack.calls import Calls
from bot.domain.updates import File

_GET_URL = "files.getUploadURLExternal"
_COMPLETE = "files.completeUploadExternal"


class Uploads:
    """Shares files. Raises PlatformError; an upload that is not completed is seen by nobody."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def share(self, channel: str, thread: str, file: File) -> str:
        """Share a file where everybody of the channel sees it; its id. Messages with files have no ts of ours."""
        name = file.safe_name
        ticket = await self._calls.final(_GET_URL, filename=name, length=len(file.content))
        await self._calls.upload(str(ticket["upload_url"]), file.content)
        shared = [{"id": ticket["file_id"], "title": name}]
        await self._calls.final(_COMPLETE, files=shared, channel_id=channel, thread_ts=thread or None)
        return str(ticket["file_id"])

    async def room(self, user: str) -> str:
        """Where a file is for one person alone: there are none that only one member of a channel sees."""
        room = await self._calls.final("conversations.open", users=user)
        return str(room["channel"]["id"])
