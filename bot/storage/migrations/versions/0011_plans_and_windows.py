"""plans and windows"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SUMS = "messages, input, output, tokens, cost"


def upgrade() -> None:
    create_tables()
    extend_tables()
    move_allowances()
    sum_up()
    op.drop_table("allowance")


def create_tables() -> None:
    op.create_table(
        "usage",
        sa.Column("subject", sa.String(length=240), nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tier", sa.String(length=64), nullable=False),
        sa.Column("model", sa.String(length=256), nullable=False),
        sa.Column("messages", sa.BigInteger(), nullable=False),
        sa.Column("input", sa.BigInteger(), nullable=False),
        sa.Column("output", sa.BigInteger(), nullable=False),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "level", "starts_at", "tier", "model", name=op.f("pk_usage")),
    )
    op.create_table(
        "plan",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_plan")),
    )
    op.create_table(
        "quota",
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("meter", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=256), nullable=False),
        sa.Column("span", sa.String(length=8), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "meter", "scope", "span", name=op.f("pk_quota")),
    )
    op.create_table(
        "credit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=256), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_credit_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit")),
    )
    op.create_index(op.f("ix_credit_account_id"), "credit", ["account_id"], unique=False)
    op.create_table(
        "draw",
        sa.Column("inbox_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "credit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["credit_id"], ["credit.id"], name=op.f("fk_draw_credit_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("inbox_id", "credit_id", name=op.f("pk_draw")),
    )
    op.create_index("ix_draw_credit", "draw", ["credit_id"], unique=False)
    op.create_table(
        "warning",
        sa.Column("subject", sa.String(length=240), nullable=False),
        sa.Column("meter", sa.String(length=16), nullable=False),
        sa.Column("scope", sa.String(length=256), nullable=False),
        sa.Column("span", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "meter", "scope", "span", name=op.f("pk_warning")),
    )
    op.create_table(
        "request",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.String(length=500), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=160), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_request_account_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
    )
    op.create_index("ix_request_open", "request", ["account_id"], unique=False, **where("state = 0"))


def extend_tables() -> None:
    op.add_column("account", sa.Column("plan", sa.String(length=32), nullable=True))
    op.add_column("account", sa.Column("plan_until", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("counted_from", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("account", sa.Column("frozen_at", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("zone", sa.String(length=64), nullable=True))
    op.add_column("charge", sa.Column("input", sa.Integer(), server_default="0", nullable=False))
    op.add_column("charge", sa.Column("output", sa.Integer(), server_default="0", nullable=False))
    op.add_column("charge", sa.Column("cost", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("charge", sa.Column("chat", sa.String(length=160), server_default="", nullable=False))
    op.add_column("charge", sa.Column("pooled", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("charge", sa.Column("tier", sa.String(length=64), server_default="", nullable=False))
    op.add_column("charge", sa.Column("model", sa.String(length=256), server_default="", nullable=False))
    op.add_column("charge", sa.Column("bucket", sa.BigInteger(), server_default="0", nullable=False))
    op.create_index("ix_charge_open", "charge", ["account_id"], unique=False, **where("state = 0"))
    op.create_index("ix_charge_open_chat", "charge", ["chat"], unique=False, **where("state = 0"))


def where(condition: str) -> dict[str, Any]:
    return {"postgresql_where": sa.text(condition), "sqlite_where": sa.text(condition)}


def move_allowances() -> None:
    """What admins had decided per day becomes limits, additions become credits."""
    op.execute(
        "INSERT INTO quota (subject, meter, scope, span, amount) "
        "SELECT 'account:' || account_id, meter, '', 'day', CASE WHEN per_day = -1 THEN NULL ELSE per_day END "
        "FROM allowance WHERE per_day IS NOT NULL"
    )
    op.execute(
        "INSERT INTO credit (account_id, meter, scope, amount, until) "
        "SELECT account_id, meter, '', bonus, bonus_until FROM allowance WHERE bonus > 0"
    )
    op.execute(
        "UPDATE account SET counted_from = coalesce("
        "(SELECT max(counted_from) FROM allowance WHERE allowance.account_id = account.id), 0)"
    )


def sum_up() -> None:
    """What was settled so far, in the sums that limits are now read from."""
    op.execute("UPDATE charge SET bucket = at - at % 300000")
    levels = {0: ("bucket", ", bucket"), 1: ("at - at % 86400000", ", at - at % 86400000"), 2: ("0", "")}
    for level, (starts_at, also_by) in levels.items():
        op.execute(
            f"INSERT INTO usage (subject, level, starts_at, tier, model, {SUMS}) "  # noqa: S608 - constants of ours
            f"SELECT 'account:' || account_id, {level}, {starts_at}, '', '', sum(messages), 0, 0, sum(tokens), 0 "
            f"FROM charge WHERE state = 1 GROUP BY account_id{also_by}"
        )


def decided_per_day() -> None:
    """Limits per day of messages and tokens, and credits of them, are all that there was; the rest goes."""
    mine = "WHERE subject = 'account:' || account.id AND quota.meter = metered.meter AND scope = '' AND span = 'day'"
    theirs = "WHERE account_id = account.id AND credit.meter = metered.meter AND scope = ''"
    op.execute(
        "INSERT INTO allowance (account_id, meter, per_day, bonus, bonus_until, counted_from) "  # noqa: S608 - constants of ours
        f"SELECT account.id, metered.meter, (SELECT coalesce(amount, -1) FROM quota {mine}), "
        f"coalesce((SELECT sum(amount) FROM credit {theirs}), 0), "
        f"coalesce((SELECT max(until) FROM credit {theirs}), 0), account.counted_from "
        "FROM account CROSS JOIN (SELECT 'messages' AS meter UNION SELECT 'tokens') AS metered "
        f"WHERE EXISTS (SELECT 1 FROM quota {mine}) OR EXISTS (SELECT 1 FROM credit {theirs})"
    )


def downgrade() -> None:
    op.create_table(
        "allowance",
        sa.Column("account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("meter", sa.String(length=16), nullable=False),
        sa.Column("per_day", sa.BigInteger(), nullable=True),
        sa.Column("bonus", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bonus_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("counted_from", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_allowance_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "meter", name=op.f("pk_allowance")),
    )
    decided_per_day()
    op.drop_index("ix_charge_open_chat", table_name="charge", **where("state = 0"))
    op.drop_index("ix_charge_open", table_name="charge", **where("state = 0"))
    with op.batch_alter_table("charge") as table:
        for name in ("bucket", "model", "tier", "pooled", "chat", "cost", "output", "input"):
            table.drop_column(name)
    with op.batch_alter_table("account") as table:
        for name in ("zone", "frozen_at", "counted_from", "plan_until", "plan"):
            table.drop_column(name)
    for name in ("request", "warning", "draw", "credit", "quota", "plan", "usage"):
        op.drop_table(name)
