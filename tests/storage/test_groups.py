from bot.storage import Storage

GROUP = "telegram:-1001"


async def test_a_group_is_answered_everywhere_until_somebody_decides_otherwise(storage: Storage) -> None:
    async with storage.begin() as work:
        assert await work.groups.only(GROUP) is None
        await work.groups.answer_only_in(GROUP, "7")
        assert await work.groups.only(GROUP) == ("7", "")
        assert await work.groups.only("telegram:-1002") is None
        await work.groups.answer_only_in(GROUP, None)
        assert await work.groups.only(GROUP) is None


async def test_the_thread_is_called_what_its_conversation_is_called(storage: Storage) -> None:
    async with storage.begin() as work:
        await work.conversations.start(f"{GROUP}#7", title="Ask Parley")
        await work.groups.answer_only_in(GROUP, "7")
        assert await work.groups.only(GROUP) == ("7", "Ask Parley")
