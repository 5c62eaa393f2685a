"""The company's own sounds, the greetings and the music in use, and PINs."""

import sqlalchemy as sa
from alembic import op

revision = "sounds_1"
down_revision = "companies_2"
branch_labels = None
depends_on = None


def _company() -> sa.Column[str]:
    return sa.Column("company_id", sa.String(length=255), nullable=False)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=255), nullable=nullable)


def _reference(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["company_id"], ["companies.id"], name=f"fk_{table}_company_id", initially="DEFERRED", deferrable=True
    )


def upgrade() -> None:
    op.create_table(
        "sounds",
        _company(),
        _text("name"),
        sa.Column("number", sa.Integer(), nullable=True),
        _text("kind"),
        _text("music_list", nullable=True),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("made_at", sa.Double(), nullable=False),
        _text("made_by"),
        _text("original_name"),
        _text("original_format"),
        _reference("sounds"),
        sa.PrimaryKeyConstraint("company_id", "name", name="pk_sounds"),
        sa.UniqueConstraint("company_id", "number", name="uq_sounds_company_id_number"),
    )
    op.create_table(
        "greetings_in_use",
        _company(),
        _text("number"),
        _text("slot"),
        _text("sound"),
        _reference("greetings_in_use"),
        sa.ForeignKeyConstraint(
            ["company_id", "sound"],
            ["sounds.company_id", "sounds.name"],
            name="fk_greetings_in_use_company_id_sound",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("company_id", "number", "slot", name="pk_greetings_in_use"),
    )
    op.create_table(
        "active_music",
        _company(),
        _text("music_list"),
        _reference("active_music"),
        sa.PrimaryKeyConstraint("company_id", name="pk_active_music"),
    )
    op.create_table(
        "pins",
        _company(),
        _text("owner"),
        _text("hash"),
        sa.Column("set_at", sa.Double(), nullable=False),
        _reference("pins"),
        sa.PrimaryKeyConstraint("company_id", "owner", name="pk_pins"),
    )


def downgrade() -> None:
    for table in ("pins", "active_music", "greetings_in_use", "sounds"):
        op.drop_table(table)
