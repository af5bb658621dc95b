"""Files are opened by a process of their own, whatever is in them."""

import io
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.attachments.documents import document
from bot.attachments.images import picture
from bot.attachments.limits import AttachmentLimits
from bot.attachments.sniffing import sniff
from bot.attachments.sounds import seconds
from bot.attachments.texts import clean, other_text, unicode_text
from bot.attachments.workshop import Workshop
from bot.domain.pictures import LONGEST_EDGE, Picture
from bot.errors import FileRefused
from tests.attachments import samples

PIXELS = 50_000_000


def opened(content: bytes, pages: int = 9, characters: int = 9000) -> str:
    return document(content, pages=pages, characters=characters, seconds=20).text


def refusal_of(broken: bytes, reader: Callable[[bytes], object]) -> str | None:
    """Why a file is refused; None if it is read. Any other error fails the test."""
    try:
        reader(broken)
    except FileRefused as error:
        return error.why
    return None


def refused(content: bytes, reader: Callable[[bytes], object]) -> str:
    with pytest.raises(FileRefused) as caught:
        reader(content)
    return caught.value.why


def seen(content: bytes) -> Picture:
    return picture(content, pixels=PIXELS)


@pytest.mark.parametrize("kind", samples.KINDS)
def test_pictures_of_every_kind_become_one_that_models_take(kind: str) -> None:
    found = seen(samples.picture(64, 48, kind))
    assert (found.width, found.height, found.media_type) == (64, 48, "image/jpeg")
    with Image.open(io.BytesIO(found.content)) as image:
        assert image.format == "JPEG"
        assert image.size == (64, 48)


def test_a_large_picture_is_scaled_down() -> None:
    found = seen(samples.picture(4000, 1000, "JPEG"))
    assert (found.width, found.height) == (LONGEST_EDGE, 384)


def test_a_picture_is_turned_upright_and_where_it_was_taken_is_left_out() -> None:
    out, notes = io.BytesIO(), Image.Exif()
    notes[0x0112] = 6  # lies on its side
    notes.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (80, 40)).save(out, "JPEG", exif=notes)
    found = seen(out.getvalue())
    assert (found.width, found.height) == (40, 80)
    with Image.open(io.BytesIO(found.content)) as image:
        assert not dict(image.getexif())


def test_what_is_transparent_becomes_white() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (20, 20), (255, 0, 0, 0)).save(out, "PNG")
    with Image.open(io.BytesIO(seen(out.getvalue()).content)) as image:
        assert image.getpixel((9, 9)) == (255, 255, 255)


def test_a_bomb_is_not_unpacked() -> None:
    assert refused(samples.bomb(), seen) == "bomb"
    assert refused(samples.bomb(8000, 8000), seen) == "bomb"


def test_a_file_that_only_begins_like_a_picture_is_damaged() -> None:
    assert refused(b"\xff\xd8\xff and then nothing", seen) == "damaged"


@given(content=st.binary(max_size=300), kind=st.sampled_from(samples.KINDS), cut=st.floats(0, 1))
@settings(max_examples=60)
def test_no_picture_however_broken_does_anything_but_be_refused(content: bytes, kind: str, cut: float) -> None:
    whole = samples.picture(40, 30, kind)
    at = int(len(whole) * cut)
    for broken in (content, whole[:at], whole[:at] + content + whole[at:], whole[:at] + content):
        assert refusal_of(broken, seen) in {None, "damaged", "bomb"}


def test_the_text_of_a_document_is_read_page_by_page() -> None:
    assert opened(samples.pdf(["first page", "second page"])) == "first page\n\nsecond page"


def test_a_document_is_read_as_far_as_the_limits_reach() -> None:
    whole = samples.pdf([f"page {number}" for number in range(9)])
    cut = document(whole, pages=4, characters=9000, seconds=20)
    assert (cut.read, cut.pages) == (4, 9)
    assert cut.text.endswith("page 3")
    assert len(opened(whole, characters=10)) == 10


def test_a_document_without_text_says_so() -> None:
    assert refused(samples.pdf([""]), opened) == "empty"


def test_a_document_with_a_password_says_so() -> None:
    assert refused(samples.locked_pdf("hush"), opened) == "locked"


def test_a_document_that_unpacks_without_end_is_refused() -> None:
    assert refused(samples.unpacking_pdf(200), opened) in {"bomb", "damaged", "empty"}


@given(content=st.binary(max_size=200), cut=st.floats(0, 1))
@example(content=b"", cut=0.0)
@settings(max_examples=60)
def test_no_document_however_broken_does_anything_but_be_refused(content: bytes, cut: float) -> None:
    whole = samples.pdf(["some words", "and more"])
    at = int(len(whole) * cut)
    for broken in (b"%PDF-" + content, whole[:at], whole[:at] + content + whole[at:]):
        assert refusal_of(broken, opened) in {None, "damaged", "bomb", "empty", "locked"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_is_read_however_it_is_written(encoding: str) -> None:
    assert unicode_text("Grüße, 你好, привет\r\n".encode(encoding)) == "Grüße, 你好, привет\n"


@pytest.mark.parametrize(
    ("words", "encoding"),
    [
        ("Le café était déjà fermé à midi.", "cp1252"),
        ("Größe und Maße übersichtlich ändern.", "cp1252"),
        ("Привет, мир! Это обычный текст в старой кодировке.", "cp1251"),
        ("中文文本文件，使用旧的编码保存，需要猜测。", "gbk"),
    ],
)
def test_older_letters_are_guessed(words: str, encoding: str) -> None:
    content = words.encode(encoding)
    assert unicode_text(content) is None
    assert other_text(content) == words


def test_what_is_no_text_is_refused() -> None:
    assert refused(b"MZ\0\0\1\2\3" * 40, unicode_text) == "kind"
    assert refused(b"\xd0\xcf\x11\xe0" + b"\0\xff" * 99, other_text) == "kind"
    assert refused(b"  \n ", unicode_text) == "empty"


@given(content=st.binary(max_size=400))
@settings(max_examples=100)
def test_whatever_is_taken_for_text_can_be_stored_and_sent(content: bytes) -> None:
    read = list[str]()

    def reader(broken: bytes) -> None:
        text = unicode_text(broken)
        read.append(other_text(broken) if text is None else text)

    assert refusal_of(content, reader) in {None, "kind", "empty"}
    assert all("\0" not in text and text.encode().decode() == text for text in read)


@given(text=st.text(max_size=200))
def test_cleaning_takes_nothing_that_can_be_seen(text: str) -> None:
    cleaned = clean(text)
    assert [one for one in cleaned if one.isprintable()] == [one for one in text if one.isprintable()]
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("content", "length"), [(samples.wav(2.5), 3), (samples.ogg(4.2), 5), (b"\x1a\x45\xdf\xa3 ", 0)]
)
def test_how_long_a_sound_lasts_is_read_from_it(content: bytes, length: int) -> None:
    assert seconds(content) == length


@given(content=st.binary(max_size=200), cut=st.floats(0, 1), whole=st.sampled_from([samples.wav(0.1), samples.ogg()]))
@settings(max_examples=60)
def test_no_sound_however_broken_does_anything_but_be_refused(content: bytes, cut: float, whole: bytes) -> None:
    at = int(len(whole) * cut)
    for broken in (content, whole[:at], whole[:at] + content + whole[at:]):
        assert refusal_of(broken, seconds) in {None, "damaged"}


def test_files_are_told_by_their_first_bytes() -> None:
    assert {sniff(samples.picture(kind=kind), "file") for kind in samples.KINDS} == {"picture"}
    assert sniff(samples.pdf(["x"]), "file") == "pdf"
    assert sniff(samples.wav(), "file") == sniff(samples.ogg(), "file") == "sound"
    assert sniff(b"print('hello')", "picture") == "text"
    assert sniff(b"\x1a\x45\xdf\xa3 webm", "voice") == "sound"


class TestInAProcessOfItsOwn:
    async def test_it_reads_what_is_sound(self) -> None:
        workshop = Workshop(AttachmentLimits())
        assert (await workshop.picture(samples.picture(90, 60))).width == 90
        assert await workshop.document(samples.pdf(["one", "two"])) == ("one\n\ntwo", 2, 2)
        assert await workshop.text("déjà vu, à la carte, où ça".encode("cp1252")) == "déjà vu, à la carte, où ça"
        assert await workshop.seconds(samples.ogg(7)) == 7

    async def test_it_says_what_is_wrong(self) -> None:
        workshop = Workshop(AttachmentLimits())
        with pytest.raises(FileRefused, match="locked"):
            await workshop.document(samples.locked_pdf("hush"))

    async def test_what_takes_too_much_memory_breaks_that_process_alone(self) -> None:
        workshop = Workshop(AttachmentLimits(memory=90 * 1024 * 1024))
        with pytest.raises(FileRefused):
            await workshop.picture(samples.picture(6000, 6000))

    async def test_what_takes_too_long_is_killed(self) -> None:
        workshop = Workshop(AttachmentLimits(processor_seconds=0))
        with pytest.raises(FileRefused, match="slow"):
            await workshop.document(samples.pdf(["x"]))
