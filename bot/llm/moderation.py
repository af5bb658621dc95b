"""An endpoint's moderation API: which of the vendor's categories a text falls into."""

import openai

from bot.domain.models import Endpoint
from bot.llm.completion import BROKEN
from bot.llm.errors import translate
from bot.ports import Clock

_SECONDS = 5.0
"""A person waits for their answer meanwhile."""


class ModerationApi:
    """`POST /moderations`, as OpenAI has it (free of charge there) and some others have too."""

    def __init__(self, client: openai.AsyncOpenAI, model: str, clock: Clock) -> None:
        self._client = client
        self._model = model
        self._clock = clock

    @classmethod
    def connect(cls, endpoint: Endpoint, model: str, clock: Clock) -> "ModerationApi":
        """Sends nothing yet."""
        client = openai.AsyncOpenAI(
            api_key=endpoint.keys[0].secret,
            base_url=endpoint.base_url,
            max_retries=1,
            timeout=_SECONDS,
            http_client=openai.DefaultAioHttpClient(),
        )
        return cls(client, model, clock)

    async def categories(self, text: str) -> list[str]:
        """The categories it falls into, none if it is harmless. Raises ModelError."""
        try:
            answer = await self._client.moderations.create(input=text, model=self._model)
        except BROKEN as error:
            raise translate(error, self._clock.now()) from None
        found = answer.results[0].categories.model_dump(by_alias=True) if answer.results else {}
        return sorted(name for name, hit in found.items() if hit is True)

    async def close(self) -> None:
        await self._client.close()
