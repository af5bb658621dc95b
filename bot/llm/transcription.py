"""Sounds become words through an endpoint's audio API: `POST /audio/transcriptions`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import httpx2
import openai

from bot.domain.models import Catalog, Endpoint, ModelCard
from bot.domain.sounds import SoundUsage
from bot.errors import FileRefused, UpstreamDown
from bot.llm.errors import translate
from bot.ports import Clock

_SECONDS = 120.0
"""For the upload and the whole answer; a sound of ten minutes takes some 20 s."""

_UNHEARD = (400, 413, 415, 422)
"""What endpoints say about a sound that they cannot read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was said, who wrote it down and what that took."""

    text: str
    model: str
    usage: SoundUsage


def transcriber_card(catalog: Catalog, named: str) -> ModelCard:
    """The model of that name: at the endpoint that it begins with (`groq/whisper-large-v3`), else the first chain's."""
    place, _, name = named.partition("/")
    if name and place in catalog.endpoints:
        return ModelCard(endpoint=place, name=name, known_as=name, window=0)
    return ModelCard(endpoint=catalog.default.first.endpoint, name=named, known_as=named, window=0)


class Transcriber:
    """One model at one endpoint. Each call is one attempt: whoever spoke can send it again."""

    def __init__(self, card: ModelCard, client: openai.AsyncOpenAI, clock: Clock) -> None:
        self.card = card
        self._client = client
        self._clock = clock

    @classmethod
    def connect(cls, card: ModelCard, endpoint: Endpoint, clock: Clock) -> Self:
        """Sends nothing yet."""
        client = openai.AsyncOpenAI(
            api_key=endpoint.keys[0].secret,
            base_url=endpoint.base_url,
            max_retries=0,
            timeout=httpx2.Timeout(_SECONDS, connect=5.0),
            http_client=openai.DefaultAioHttpClient(),
        )
        return cls(card, client, clock)

    async def transcribe(self, sound: bytes, name: str) -> Transcript:
        """What is said in a sound; `name` ends as its format wants. Raises FileRefused, ModelError."""
        try:
            answer = await self._client.post(
                "/audio/transcriptions",
                body={"model": self.card.name, "response_format": "json"},
                files={"file": (name, sound)},
                options={"headers": {"Content-Type": "multipart/form-data"}},
                cast_to=object,
            )
        except openai.APIStatusError as error:
            if error.status_code in _UNHEARD:
                raise FileRefused("damaged") from None
            raise translate(error, self._clock.now()) from None
        except (openai.OpenAIError, ValueError) as error:
            raise translate(error, self._clock.now()) from None
        if not isinstance(answer, Mapping) or not isinstance(answer.get("text"), str):
            raise UpstreamDown("a transcription without text")
        return Transcript(
            text=answer["text"].strip(),
            model=str(answer.get("model") or self.card.name),
            usage=read_sound_usage(answer.get("usage")),
        )

    async def close(self) -> None:
        await self._client.close()


def read_sound_usage(raw: Any) -> SoundUsage:
    """What a vendor says that it took: `{"type": "duration", "seconds": 7}` or tokens; many servers say nothing."""
    if not isinstance(raw, Mapping):
        return SoundUsage(estimated=True)
    details = raw.get("input_token_details")
    parts = details if isinstance(details, Mapping) else {}
    total, sound = _count(raw.get("input_tokens")), _count(parts.get("audio_tokens"))
    usage = SoundUsage(
        seconds=_count(raw.get("seconds")),
        sound_tokens=sound or (0 if parts else total),
        text_tokens=_count(parts.get("text_tokens")),
        output=_count(raw.get("output_tokens")),
    )
    return usage if usage.seconds or total else SoundUsage(estimated=True)


def _count(value: object) -> int:
    """Rounded up; 0 for what is no sound number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**31:
        return 0
    return -int(-value // 1)
