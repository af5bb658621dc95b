"""Files that go with answers: their names are strangers' words."""

import json

import pytest

from bot.domain.updates import MOST_FILE_BYTES, File


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.csv", "report.csv"),
        ("图表.png", "图表.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        (".bashrc", "bashrc"),
        ('a"; filename="evil.exe', "a; filename=evil.exe"),
        ("a\r\nContent-Type: text/html\r\n\r\n.png", "html.png"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("nul\x00byte.txt", "nulbyte.txt"),
        ("\ud800.txt", "txt"),
        ("...", "file"),
        ("", "file"),
        ("x" * 300 + ".csv", "x" * 80 + ".csv"),
        ("a." + "y" * 300, "a." + "y" * 19),
        ("z" * 300, "z" * 100),
    ],
)
def test_a_name_loses_what_could_mislead(name: str, safe: str) -> None:
    assert File(name=name, content=b"x", media_type="text/plain").safe_name == safe


def test_a_file_survives_being_stored() -> None:
    file = File(name="dot.png", content=bytes(range(256)), media_type="image/png")
    assert File.unpacked(json.loads(json.dumps(file.packed()))) == file


@pytest.mark.parametrize("size", [0, MOST_FILE_BYTES + 1])
def test_a_file_has_a_size_that_can_be_stored_and_sent(size: int) -> None:
    with pytest.raises(ValueError, match=f"{size} bytes"):
        File(name="large.bin", content=bytes(size), media_type="application/octet-stream")
