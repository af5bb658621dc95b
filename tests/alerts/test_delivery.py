"""An alert reaches an admin through the real adapters, over real sockets."""

from adapters.slack.emulator import SlackEmulator, Tiers
from adapters.slack.platform import SlackPlatform
from adapters.telegram.emulator import Limits, TelegramEmulator
from adapters.telegram.platform import TelegramPlatform
from bot.clock import SystemClock
from bot.commands import all_commands
from bot.domain.people import Identity
from bot.errors import UpstreamDown
from bot.llm.ways import Trouble
from bot.ports import Platform
from bot.storage import Storage
from tests.conftest import make_core

TOLD = "main/gpt keeps failing and is left alone for a while."


async def alert(storage: Storage, platform: Platform, admin: str) -> None:
    """Let the watch find something, and everybody hear of it."""
    core = make_core(storage, others=[platform], more_admins=[Identity.parse(admin)])
    core.troubles.append(Trouble(subject="main/gpt", reason=UpstreamDown("503")))
    await core.watch.look()
    await core.work()
    await platform.close()


async def test_on_telegram_it_comes_into_the_private_chat(storage: Storage) -> None:
    async with TelegramEmulator(token="100:TEST", limits=Limits.off()) as telegram:
        ada = telegram.person(id=11, first_name="Ada")
        ada.says("/start")
        platform = TelegramPlatform("100:TEST", api_url=telegram.url, commands=all_commands(), clock=SystemClock())
        await alert(storage, platform, "telegram:11")
        (message,) = [one for one in telegram.messages(ada.chat) if one.sender.is_bot]
    assert TOLD in message.text


async def test_on_slack_it_comes_as_a_direct_message(storage: Storage) -> None:
    async with SlackEmulator(limits=Tiers.off()) as slack:
        ada = slack.person("U1", name="ada")
        platform = SlackPlatform(
            "xoxb-test", app_token="xapp-test", api_url=slack.url, commands=all_commands(), clock=SystemClock()
        )
        await alert(storage, platform, "slack:T1/U1")
        (message,) = slack.messages(slack.dm(ada))
    assert TOLD in message.text.replace("`", "")


async def test_an_admin_whom_telegram_does_not_let_us_write_to_is_given_up(storage: Storage) -> None:
    async with TelegramEmulator(token="100:TEST", limits=Limits.off()) as telegram:
        stranger = telegram.person(id=12, first_name="Ben")
        platform = TelegramPlatform("100:TEST", api_url=telegram.url, commands=all_commands(), clock=SystemClock())
        await alert(storage, platform, "telegram:12")
        assert telegram.messages(stranger.chat) == []
    async with storage.begin() as work:
        assert await work.inbox.claim(10, owner="test", ttl=1000) == []
