"""Postings are read from their index alone."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KEY = "ALTER TABLE posting DROP CONSTRAINT pk_posting, ADD CONSTRAINT pk_posting PRIMARY KEY (memory_id, term, number)"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f'{_KEY} INCLUDE ("count", length)')


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_KEY)
