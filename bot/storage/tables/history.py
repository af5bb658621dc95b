"""Conversations and their turns."""

import sqlalchemy as sa

from bot.storage.tables.base import NAMES_PLACE, BigId, merged, metadata, partial
from bot.storage.tables.sealed import SealedBytes, SealedText


class TurnState:
    """ANSWERED turns alone are part of the context, even when they were cut short. REPLACED: another branch goes on."""

    RUNNING, ANSWERED, FAILED, REPLACED = range(4)


conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("place", sa.String(160), nullable=False, info=NAMES_PLACE),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    # Who began it.
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="SET NULL")),
    # NULL: nobody has named it yet.
    sa.Column("title", SealedText("conversation.title")),
    sa.Column("archived_at", sa.BigInteger),
    # Who answers in it (bot.domain.personas); NULL leaves it to the place and the account.
    sa.Column("persona", sa.String(32)),
    # Nothing of it is left but this row, to which what its calls cost refers.
    sa.Column("forgotten_at", sa.BigInteger),
)
sa.Index("ix_conversation_current", conversation.c.place, conversation.c.id)

# Which conversation goes on at a place.
place = sa.Table(
    "place",
    metadata,
    sa.Column("key", sa.String(160), primary_key=True, info=NAMES_PLACE),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    # Whoever goes back to an old conversation does not want it to be left for a fresh one at once.
    sa.Column("chosen_at", sa.BigInteger, nullable=False),
    sa.Column("persona", sa.String(32), info=merged(lambda stays, goes: stays or goes)),
)

# What was decided for a group as a whole.
group_setting = sa.Table(
    "group_setting",
    metadata,
    sa.Column("key", sa.String(160), primary_key=True, info=NAMES_PLACE),
    # The thread in which alone questions are answered; NULL: in all of them.
    sa.Column("only_in", sa.String(64)),
)

turn = sa.Table(
    "turn",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    # No foreign key: an inbox row is pruned long before the history is. NULL: the turn was copied, from a conversation
    # that was forked or from a file.
    sa.Column("inbox_id", sa.BigInteger, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("question", SealedText("turn.question"), nullable=False),
    sa.Column("question_tokens", sa.Integer, nullable=False),
    sa.Column("answer", SealedText("turn.answer")),
    sa.Column("answer_tokens", sa.Integer),
    # stop, length, content_filter, stopped (by the person), interrupted (the stream broke off), steered (it gave way to
    # the person's next message)
    sa.Column("ending", sa.String(32)),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("finished_at", sa.BigInteger),
    # How many pictures go with the question.
    sa.Column("pictures", sa.SmallInteger, nullable=False, server_default="0"),
    # What the question was made of: [[the platform's id of the message, characters], …].
    sa.Column("messages", sa.JSON(none_as_null=True)),
    # The turn that took the place of this one; it stays when this one comes back, for whoever undoes that.
    sa.Column("replaced_by", sa.BigInteger),
    # The variant of an experiment that answered.
    sa.Column("variant_id", sa.BigInteger),
)
sa.Index("ix_turn_history", turn.c.conversation_id, turn.c.id, **partial(turn.c.state == TurnState.ANSWERED))
sa.Index("ix_turn_account", turn.c.account_id, turn.c.started_at)

# Pictures of questions, as models see them. They go when their turn goes.
picture = sa.Table(
    "picture",
    metadata,
    sa.Column("turn_id", sa.ForeignKey("turn.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    sa.Column("position", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("media_type", sa.String(32), nullable=False),
    sa.Column("width", sa.Integer, nullable=False),
    sa.Column("height", sa.Integer, nullable=False),
    sa.Column("content", SealedBytes("picture.content"), nullable=False),
)
