"""Pictures, made fit for models. Runs in a process of its own, see `bot.attachments.workshop`."""

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from bot.domain.pictures import LONGEST_EDGE, Picture
from bot.errors import FileRefused

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP")
_QUALITY = 88
_LEAST = 8
"""Pixels; vendors refuse less, and nobody would see anything on it."""


def picture(content: bytes, *, pixels: int) -> Picture:
    """Scaled down, turned upright, on white where it is transparent; where it was taken is left out.

    Of an animation the first picture. Raises FileRefused for more than so many `pixels` before they are unpacked.
    """
    try:
        with Image.open(io.BytesIO(content), formats=_FORMATS) as image:
            return _packed(_scaled(_small_enough(image, pixels)))
    except (FileRefused, MemoryError):
        raise
    except Image.DecompressionBombError:
        raise FileRefused("bomb") from None
    except UnidentifiedImageError:
        raise FileRefused("damaged") from None
    except Exception:  # noqa: BLE001 - decoders meet made-up files with whatever they stumble over
        raise FileRefused("damaged") from None


def _small_enough(image: Image.Image, pixels: int) -> Image.Image:
    if image.width * image.height > pixels:
        raise FileRefused("bomb")
    return image


def _scaled(image: Image.Image) -> Image.Image:
    # JPEGs are decoded at a fraction of their size where that is enough.
    image.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
    if min(upright.size) < _LEAST:
        raise FileRefused("damaged")
    return upright


def _packed(image: Image.Image) -> Picture:
    if image.mode != "RGB":
        seen = image.convert("RGBA")
        image = Image.new("RGB", seen.size, "white")
        image.paste(seen, mask=seen.getchannel("A"))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=_QUALITY, optimize=True, exif=b"")
    return Picture(content=out.getvalue(), media_type="image/jpeg", width=image.width, height=image.height)
