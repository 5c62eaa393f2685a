"""Who is told when something needs somebody."""

import sqlalchemy as sa
from alembic import op

revision = "notices_1"
down_revision = "tokens_1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name="fk_notices_company_id", initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("company_id", "name", name="pk_notices"),
    )


def downgrade() -> None:
    op.drop_table("notices")
