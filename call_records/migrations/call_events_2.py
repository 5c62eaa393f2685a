"""What happens to members of queues: active, passive, pauses with their reasons, phones gone and back."""

import sqlalchemy as sa
from alembic import op

revision = "call_events_2"
down_revision = "call_events_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "member_events",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("writer", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("company", sa.String(length=255), nullable=False),
        sa.Column("queue", sa.String(length=255), nullable=False),
        sa.Column("member", sa.String(length=255), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("writer", "number", name="uq_member_events_writer_number"),
    )
    op.create_index("ix_member_events_company_at", "member_events", ["company", "at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_member_events_company_at", table_name="member_events")
    op.drop_table("member_events")
