import pytest

from adapters.slack.emulator.blocks import check_blocks
from adapters.slack.emulator.values import ApiError, Json

PLAIN = {"type": "plain_text", "text": "ok"}
BUTTON: Json = {"type": "button", "action_id": "a", "text": PLAIN, "value": "v"}
THUMBS: Json = {
    "type": "feedback_buttons",
    "action_id": "f",
    "positive_button": {"text": PLAIN, "value": "good"},
    "negative_button": {"text": PLAIN, "value": "bad"},
}


def markdown(length: int) -> Json:
    return {"type": "markdown", "text": "x" * length}


GOOD: list[list[Json]] = [
    [markdown(12_000), markdown(1_200)],
    [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}, "accessory": BUTTON}],
    [{"type": "header", "text": PLAIN}],
    [{"type": "context", "elements": [PLAIN] * 10}],
    [{"type": "actions", "elements": [BUTTON]}],
    [{"type": "context_actions", "elements": [THUMBS]}],
    [{"type": "image", "image_url": "https://a.example/b.png", "alt_text": "b"}],
    [{"type": "divider"}] * 50,
]
BAD: list[list[Json]] = [
    [markdown(12_001)],
    [markdown(0)],
    [{"type": "section"}],
    [{"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3001}}],
    [{"type": "section", "text": {"type": "markdown", "text": "x"}}],
    [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    [{"type": "context", "elements": [PLAIN] * 11}],
    [{"type": "context", "elements": []}],
    [{"type": "actions", "elements": [BUTTON | {"value": "x" * 2001}]}],
    [{"type": "actions", "elements": [BUTTON | {"action_id": "x" * 256}]}],
    [{"type": "actions", "elements": [BUTTON, BUTTON]}],
    [{"type": "actions", "elements": [BUTTON | {"style": "loud"}]}],
    [{"type": "context_actions", "elements": [BUTTON]}],
    [{"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "f"}]}],
    [{"type": "image", "image_url": "https://a.example/b.png"}],
    [{"type": "divider", "block_id": "b"}, {"type": "divider", "block_id": "b"}],
    [{"type": "divider"}] * 51,
    [{"type": "poem"}],
    [{}],
]


@pytest.mark.parametrize("blocks", GOOD)
def test_good_blocks_pass_unchanged(blocks: list[Json]) -> None:
    assert check_blocks(blocks) == tuple(blocks)


@pytest.mark.parametrize("blocks", BAD)
def test_bad_blocks_are_refused_with_reasons(blocks: list[Json]) -> None:
    with pytest.raises(ApiError) as refusal:
        check_blocks(blocks)
    assert refusal.value.error == "invalid_blocks"
    assert refusal.value.more["response_metadata"]["messages"]


def test_legal_blocks_may_be_too_long_together() -> None:
    with pytest.raises(ApiError, match="msg_blocks_too_long"):
        check_blocks([markdown(7_000), markdown(7_000)])
