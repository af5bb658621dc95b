"""What sendPhoto takes for a picture."""

from adapters.telegram.emulator.refusals import bad_request

# Bytes; the Bot API speaks of 10 MB, TDLib counts binary ones.
LARGEST_PHOTO = 10 * 1024 * 1024
# Pixels of width and height together, and how many times longer one may be than the other.
LONGEST_SIDES = 10_000
STEEPEST_RATIO = 20
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_UNKNOWN = (640, 480)


def check_picture(content: bytes) -> tuple[int, int]:
    """Width and height of a picture, in pixels. Those of a JPEG are not read.

    Raises:
        ApiError: 400, it is too large or none at all.
    """
    if len(content) > LARGEST_PHOTO:
        size = f"file of size {len(content)} bytes is too big for a photo"
        raise bad_request(f"{size}; the maximum size is {LARGEST_PHOTO} bytes")
    if content.startswith(_JPEG):
        return _UNKNOWN
    if not content.startswith(_PNG) or content[12:16] != b"IHDR" or len(content) < 24:
        raise bad_request("IMAGE_PROCESS_FAILED")
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    if width + height > LONGEST_SIDES or max(width, height) > STEEPEST_RATIO * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")
    return width, height
