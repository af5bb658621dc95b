"""Conversations and their turns."""

import sqlalchemy as sa

from bot.storage.tables.base import BigId, metadata, partial


class TurnState:
    """ANSWERED turns alone are part of the context, also when they were cut short. REPLACED: asked again since."""

    RUNNING, ANSWERED, FAILED, REPLACED = range(4)


conversation = sa.Table(
    "conversation",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    sa.Column("place", sa.String(160), nullable=False),
    sa.Column("started_at", sa.BigInteger, nullable=False),
)
sa.Index("ix_conversation_current", conversation.c.place, conversation.c.id)

turn = sa.Table(
    "turn",
    metadata,
    sa.Column("id", BigId, primary_key=True),
    # No foreign key: an inbox row is pruned long before the history is.
    sa.Column("inbox_id", sa.BigInteger, nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversation.id", ondelete="CASCADE"), nullable=False),
    sa.Column("account_id", sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("question", sa.Text, nullable=False),
    sa.Column("question_tokens", sa.Integer, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("answer_tokens", sa.Integer),
    # stop, length, content_filter, stopped (by the person), interrupted (the stream broke off)
    sa.Column("ending", sa.String(32)),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("finished_at", sa.BigInteger),
)
sa.Index("ix_turn_history", turn.c.conversation_id, turn.c.id, **partial(turn.c.state == TurnState.ANSWERED))
sa.Index("ix_turn_account", turn.c.account_id)
