"""Attachments and their bytes."""

from adapters.telegram.emulator.values import Json
from adapters.telegram.emulator.world import World

# What getFile serves (Bot API; a local server has no such limit).
LARGEST_DOWNLOAD = 20 * 1024 * 1024
_FOLDERS = {"document": "documents", "photo": "photos", "voice": "voice", "audio": "music", "video": "videos"}


# What a bot may upload (Bot API); the real service answers 413 to more.
LARGEST_UPLOAD = 50 * 1024 * 1024


def attachment(
    world: World,
    kind: str,
    content: bytes,
    filename: str,
    mime_type: str,
    *,
    size: tuple[int, int] | None = None,
    seconds: int = 1,
) -> Json:
    """Keep the bytes, and return the message fields that name them. `size` in pixels."""
    number = len(world.files) + 1
    file_id = f"BQACAgIAAx{number:06d}"
    body: Json = {"file_id": file_id, "file_unique_id": f"AgAD{number:06d}", "file_size": len(content)}
    suffix = filename.rpartition(".")[2] if "." in filename else "bin"
    path = f"{_FOLDERS.get(kind, 'documents')}/file_{number}.{suffix}"
    world.files[file_id] = ({**body, "file_path": path}, content)
    described = _described(kind, body, filename, mime_type)
    if isinstance(described, dict) and "duration" in described:
        described["duration"] = seconds
    if size and isinstance(described, list):
        described = [{**one, "width": size[0], "height": size[1]} for one in described]
    return {kind: described}


def _described(kind: str, body: Json, filename: str, mime_type: str) -> Json | list[Json]:
    if kind == "photo":
        return [{**body, "width": 640, "height": 480}]
    if kind == "sticker":
        size = {"width": 512, "height": 512, "is_animated": False, "is_video": False, "type": "regular"}
        return {**body, **size}
    named = {**body, "mime_type": mime_type}
    if kind in {"voice", "audio", "video"}:
        named["duration"] = 1
    if kind == "video":
        named |= {"width": 640, "height": 480}
    if kind != "voice":
        named["file_name"] = filename
    return named


def downloadable(world: World, path: str) -> bytes | None:
    for body, content in world.files.values():
        if body["file_path"] == path:
            return content
    return None
