"""LiteLLM's proxy, a gateway that people really put before a vendor: here before our emulator.

It is large and has pins of its own, so that it has an environment of its own. `make litellm` makes that and runs
the suite of faults through it; without PARLEY_LITELLM, which names its program, nothing here is used.
"""

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from tests.processes import free_port, running

PROGRAM = os.environ.get("PARLEY_LITELLM")

_CONFIG = """\
model_list:
  - model_name: scripted-1
    litellm_params: {{model: openai/scripted-1, api_base: "http://127.0.0.1:{behind}/v1", api_key: sk-behind}}
litellm_settings: {{num_retries: 0, telemetry: false}}
router_settings: {{num_retries: 0, disable_cooldowns: true}}
general_settings: {{master_key: {key}}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Where it listens, and at which port it expects the vendor."""

    url: str
    behind: int


@contextmanager
def proxying(program: str, folder: Path, key: str) -> Iterator[Proxy]:
    port, behind = free_port(), free_port()
    config = folder / "litellm.yaml"
    config.write_text(_CONFIG.format(behind=behind, key=key))
    command = [program, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
    # Without it, prices are fetched from GitHub at the start.
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    with running(command, port, patience=120, environment=environment, log=folder / "litellm.log"):
        _warm_up(port, key)
        yield Proxy(url=f"http://127.0.0.1:{port}/v1", behind=behind)


def _warm_up(port: int, key: str) -> None:
    """The first call takes seconds. Nobody is behind the proxy yet, which it says with an error."""
    body = {"model": "scripted-1", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as proxy:
        proxy.request("POST", "/v1/chat/completions", json.dumps(body), headers)
        proxy.getresponse().read()
