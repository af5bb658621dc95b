"""`POST /v1/audio/transcriptions`: what the vendor takes, what it says about the rest, and what it bills.

https://platform.openai.com/docs/api-reference/audio/createTranscription
"""

import io
import json
import struct
import wave
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web

from bot.llm.emulator import replies
from bot.llm.emulator.replies import Problem, Reply

MOST_BYTES = 25 * 1024 * 1024
FORMATS = ("flac", "m4a", "mp3", "mp4", "mpeg", "mpga", "oga", "ogg", "wav", "webm")
_SHORTEST = 0.1
_MARKS = (b"OggS", b"RIFF", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2", b"fLaC", b"\x1a\x45\xdf\xa3")
_TOKENS_PER_SECOND = 10
_BYTES_PER_SECOND = 4000
"""Of sounds whose length is not read here: 32 kbit/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A sound that was sent. `seconds` as the emulator measures them."""

    name: str
    content: bytes
    model: str
    seconds: float


def nothing_much(heard: Heard) -> str:
    """What is said in a sound unless a test says otherwise."""
    return f"I talked for {heard.seconds:.0f} seconds."


@dataclass(slots=True, kw_only=True, eq=False)
class HearingDesk:
    """Hears what it is sent; `says` decides what was said in it, `refusal` what the next call meets."""

    models: tuple[str, ...] = ("whisper-1", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")
    says: Callable[[Heard], str] = nothing_much
    heard: list[Heard] = field(default_factory=list)
    refusal: Reply | None = None

    async def transcribe(self, http: web.Request) -> Reply:
        form = await http.post()
        file, model = form.get("file"), str(form.get("model") or "")
        if not isinstance(file, web.FileField):
            return replies.missing("file")
        if not model:
            return Problem(message="you must provide a model parameter").reply(400)
        if model not in self.models:
            return replies.unknown_model(model)
        if self.refusal is not None:
            refusal, self.refusal = self.refusal, None
            return refusal
        return self._answer(file.filename, file.file.read(), model)

    def _answer(self, name: str, content: bytes, model: str) -> Reply:
        if len(content) > MOST_BYTES:
            said = f"Maximum content size limit ({MOST_BYTES}) exceeded ({len(content)} bytes read)"
            return Problem(message=f"413: {said}", type="server_error").reply(413)
        if name.rpartition(".")[2].lower() not in FORMATS:
            return Problem(message=f"Unrecognized file format. Supported formats: {list(FORMATS)}").reply(400)
        if not content.startswith(_MARKS) and content[4:8] != b"ftyp":
            said = "Audio file might be corrupted or unsupported"
            return Problem(message=said, param="file", code="invalid_value").reply(400)
        heard = Heard(name=name, content=content, model=model, seconds=_seconds(content))
        if heard.seconds < _SHORTEST:
            said = f"Audio file is too short. Minimum audio length is {_SHORTEST} seconds."
            return Problem(message=said, param="file", code="audio_too_short").reply(400)
        self.heard.append(heard)
        text = self.says(heard)
        body = {"text": text, "usage": _usage(heard, text)}
        return Reply(status=200, body=json.dumps(body).encode())


def _usage(heard: Heard, text: str) -> dict[str, object]:
    """Whisper is billed by the second, its successors by tokens."""
    if heard.model.startswith("whisper"):
        return {"type": "duration", "seconds": -int(-heard.seconds // 1)}
    sound = round(heard.seconds * _TOKENS_PER_SECOND)
    output = (len(text.encode()) + 3) // 4
    return {
        "type": "tokens",
        "input_tokens": sound,
        "input_token_details": {"text_tokens": 0, "audio_tokens": sound},
        "output_tokens": output,
        "total_tokens": sound + output,
    }


def _seconds(content: bytes) -> float:
    if content.startswith(b"OggS"):
        return _ogg_seconds(content)
    if content.startswith(b"RIFF"):
        try:
            with wave.open(io.BytesIO(content)) as sound:
                return float(sound.getnframes() / sound.getframerate())
        except (wave.Error, EOFError):
            return 0.0
    return len(content) / _BYTES_PER_SECOND


def _ogg_seconds(content: bytes) -> float:
    """Where the last page says that the sound is, at Opus's 48 kHz."""
    at = content.rfind(b"OggS")
    if len(content) < at + 14:
        return 0.0
    (samples,) = struct.unpack("<q", content[at + 6 : at + 14])
    return int(samples) / 48_000
