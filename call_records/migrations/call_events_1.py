"""The first tables of call_records."""

import sqlalchemy as sa
from alembic import op

revision = "call_events_1"
down_revision = None
branch_labels = ("call_records",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "call_events",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("writer", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("writer", "number", name="uq_call_events_writer_number"),
    )
    op.create_index("ix_call_events_call", "call_events", ["call", "id"], unique=False)
    looked_for = sa.text("kind IN ('CallArrived', 'CallEnded')")
    op.create_index(
        "ix_call_events_kind_at", "call_events", ["kind", "at"], sqlite_where=looked_for, postgresql_where=looked_for
    )


def downgrade() -> None:
    op.drop_index("ix_call_events_kind_at", table_name="call_events")
    op.drop_index("ix_call_events_call", table_name="call_events")
    op.drop_table("call_events")
