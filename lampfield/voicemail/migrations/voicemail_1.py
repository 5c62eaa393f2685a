"""The first table of voicemail."""

import sqlalchemy as sa
from alembic import op

revision = "voicemail_1"
down_revision = None
branch_labels = ("voicemail",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voicemail_messages",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("company", sa.String(length=255), nullable=False),
        sa.Column("box", sa.String(length=255), nullable=False),
        sa.Column("call", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("caller_number", sa.String(length=255), nullable=False),
        sa.Column("caller_name", sa.String(length=255), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("heard_at", sa.Double(), nullable=True),
        sa.Column("deleted_at", sa.Double(), nullable=True),
        sa.Column("saved", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_voicemail_messages_company_box", "voicemail_messages", ["company", "box"])


def downgrade() -> None:
    op.drop_index("ix_voicemail_messages_company_box", table_name="voicemail_messages")
    op.drop_table("voicemail_messages")
