"""What clients of the API have asked, and what they are to be told of later."""

import sqlalchemy as sa
from alembic import op

revision = "tokens_2"
down_revision = "notices_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_accesses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("client", sa.String(length=255), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("path", sa.String(length=500), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_api_accesses"),
    )
    op.create_index("ix_api_accesses_company_id_at", "api_accesses", ["company_id", "at"])
    op.create_table(
        "api_standing_requests",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("client", sa.String(length=255), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name="fk_api_standing_requests_company_id",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name="pk_api_standing_requests"),
    )
    op.create_index("ix_api_standing_requests_company_id", "api_standing_requests", ["company_id"])


def downgrade() -> None:
    op.drop_table("api_standing_requests")
    op.drop_table("api_accesses")
