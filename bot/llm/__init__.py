"""The model side: an OpenAI-compatible endpoint behind the Model port."""

import random

from bot.ports import Clock, Model


def open_model(base_url: str, key: str, clock: Clock) -> Model:
    """The endpoint at `base_url`, with retries. Sends nothing yet."""
    # Imported late: the SDK takes half a second and 50 MB, which the emulator and the commands do without.
    from bot.llm.client import OpenAIModel
    from bot.llm.retry import PatientModel

    return PatientModel(OpenAIModel.connect(base_url, key, clock), clock, random.random)
