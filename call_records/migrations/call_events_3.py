"""What people's lamps have shown."""

import sqlalchemy as sa
from alembic import op

revision = "call_events_3"
down_revision = "call_events_2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_states",
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("writer", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("company", sa.String(length=255), nullable=False),
        sa.Column("person", sa.String(length=255), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("writer", "number", name="uq_person_states_writer_number"),
    )
    op.create_index("ix_person_states_person_at", "person_states", ["company", "person", "at"], unique=False)
    op.create_index("ix_person_states_at", "person_states", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("person_states")
