import aiohttp

from adapters.slack.emulator import SlackEmulator, Tiers
from adapters.slack.emulator.tiers import Limiter

BOT = {"Authorization": "Bearer xoxb-test"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def waits(limiter: Limiter, method: str, tier: int, *, calls: int, channel: str = "") -> list[int]:
    return [limiter.wait(method, tier, channel) for _ in range(calls)]


def test_a_tier_two_method_takes_twenty_calls_at_once() -> None:
    assert waits(Limiter(Tiers(), Clock()), "chat.startStream", 2, calls=21) == [0] * 20 + [3]


def test_methods_do_not_share_their_limits() -> None:
    limiter = Limiter(Tiers(), Clock())
    waits(limiter, "chat.startStream", 2, calls=20)
    assert limiter.wait("chat.stopStream", 2) == 0


def test_a_minute_refills_the_tier() -> None:
    clock = Clock()
    limiter = Limiter(Tiers(), clock)
    waits(limiter, "chat.appendStream", 4, calls=101)
    clock.now = 60
    assert waits(limiter, "chat.appendStream", 4, calls=101)[-2:] == [0, 1]


def test_posting_is_limited_per_channel_after_a_short_burst() -> None:
    limiter = Limiter(Tiers(post_burst=3), Clock())
    assert waits(limiter, "chat.postMessage", 0, calls=4, channel="C1") == [0, 0, 0, 1]
    assert limiter.wait("chat.postMessage", 0, "C2") == 0


def test_limits_can_be_turned_off() -> None:
    assert not any(waits(Limiter(Tiers.off(), Clock()), "chat.startStream", 2, calls=100))


async def test_the_server_answers_429_with_retry_after(http: aiohttp.ClientSession) -> None:
    tiers = Tiers(per_window={3: 1})
    async with SlackEmulator(limits=tiers) as slack:
        url = slack.url + "team.info"
        async with http.post(url, headers=BOT) as response:
            assert response.status == 200
        async with http.post(url, headers=BOT) as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "60"
            assert await response.json() == {"ok": False, "error": "ratelimited"}
        assert [one.error for one in slack.calls] == [None, "ratelimited"]
