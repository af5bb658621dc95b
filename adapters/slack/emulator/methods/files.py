"""files.getUploadURLExternal, files.completeUploadExternal, files.info."""

from collections.abc import Mapping

from adapters.slack.emulator.core import Core
from adapters.slack.emulator.methods.catalogue import Method
from adapters.slack.emulator.requests import Args
from adapters.slack.emulator.values import ApiError, Json, Message


def get_upload_url(core: Core, args: Args) -> Json:
    name, length = args.required("filename"), args.number("length", 0)
    if length <= 0:
        raise ApiError("invalid_arguments")
    file_id = core.workspace.new_id("F")
    core.counter.files[file_id] = {"id": file_id, "name": name, "size": length, "user": core.workspace.bot.id}
    return {"upload_url": f"{core.origin}/upload/{file_id}", "file_id": file_id}


def complete_upload(core: Core, args: Args) -> Json:
    """Without a channel the files stay private."""
    asked = args.array("files", "invalid_arguments")
    if not asked:
        raise ApiError("invalid_arguments")
    files = [_completed(core, item) for item in asked]
    channels = args.text("channel_id") or args.text("channels")
    for name in filter(None, channels.split(",")):
        _share(core, name, files, args)
    return {"files": files}


def _completed(core: Core, item: Json) -> Json:
    file = core.counter.files.get(item.get("id", ""))
    if file is None or file["id"] not in core.counter.uploads:
        raise ApiError("file_not_found")
    address = f"{core.origin}/files/{file['id']}"
    file |= {"title": item.get("title") or file["name"], "url_private": address, "url_private_download": address}
    return file


def _share(core: Core, name: str, files: list[Json], args: Args) -> None:
    room = core.workspace.writable(name)
    message = Message(
        ts=core.workspace.new_ts(),
        channel=room.id,
        user=core.workspace.bot.id,
        from_bot=True,
        text=args.text("initial_comment"),
        thread_ts=core.workspace.root(room, args.optional("thread_ts")),
        files=tuple(files),
    )
    core.post(message)


def info(core: Core, args: Args) -> Json:
    if args.text("file") not in core.counter.files:
        raise ApiError("file_not_found")
    return {"file": core.counter.files[args.text("file")], "comments": []}


METHODS: Mapping[str, Method] = {
    "files.getUploadURLExternal": Method(handler=get_upload_url, tier=4, scope="files:write"),
    "files.completeUploadExternal": Method(handler=complete_upload, tier=4, scope="files:write"),
    "files.info": Method(handler=info, tier=4),
}
