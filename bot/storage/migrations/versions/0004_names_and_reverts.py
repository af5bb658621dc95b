"""names that can be searched and compared, acts that take back others"""

import sqlalchemy as sa
from alembic import op

from bot.domain.names import folded, skeleton

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_NAMES = ("platform", "user", "name", "username", "handle", "folded")
_identity = sa.table("identity", *(sa.column(name) for name in _NAMES))


def upgrade() -> None:
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index("ix_identity_platform_username")
        batch_op.add_column(sa.Column("handle", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("folded", sa.String(length=256), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_identity_handle"), ["handle"], unique=False)
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reverts", sa.BigInteger(), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_audit_reverts"), ["reverts"])
        batch_op.create_index(batch_op.f("ix_audit_actor"), ["actor"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_subject"), ["subject"], unique=False)
    _name_everybody()


def _name_everybody() -> None:
    """Whoever was met before can be found like whoever is met from now on."""
    connection = op.get_bind()
    for row in connection.execute(sa.select(_identity)).all():
        named = {"handle": row.username and skeleton(row.username)[:64], "folded": folded(row.name)[:256]}
        one = (_identity.c.platform == row.platform) & (_identity.c.user == row.user)
        connection.execute(sa.update(_identity).where(one).values(named))


def downgrade() -> None:
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_subject"))
        batch_op.drop_index(batch_op.f("ix_audit_actor"))
        batch_op.drop_constraint(batch_op.f("uq_audit_reverts"), type_="unique")
        batch_op.drop_column("reverts")
    with op.batch_alter_table("identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_identity_handle"))
        batch_op.drop_column("folded")
        batch_op.drop_column("handle")
        batch_op.create_index("ix_identity_platform_username", ["platform", "username"], unique=False)
