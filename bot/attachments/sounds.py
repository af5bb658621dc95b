"""How long a sound lasts. Runs in a process of its own, see `bot.attachments.workshop`."""

import io
import math

from tinytag import TinyTag, TinyTagException

from bot.errors import FileRefused


def seconds(content: bytes) -> int:
    """Rounded up; 0 where the format does not tell (WebM). Raises FileRefused."""
    try:
        tag = TinyTag.get(file_obj=io.BytesIO(content), tags=False)
    except TinyTagException:
        return 0
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever a made-up file leads it to
        raise FileRefused("damaged") from None
    found = tag.duration or 0.0
    return math.ceil(found) if math.isfinite(found) and found > 0 else 0
