"""The first tables of provisioning."""

import sqlalchemy as sa
from alembic import op

revision = "companies_1"
down_revision = None
branch_labels = ("provisioning",)
depends_on = None


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("domain", sa.String(length=255), nullable=False),
        sa.Column("country", sa.String(length=255), nullable=False),
        sa.Column("time_zone", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=255), nullable=False),
        sa.Column("outside_prefix", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("domain", name=op.f("uq_companies_domain")),
    )
    op.create_table(
        "menus",
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("extension", sa.String(length=255), nullable=True),
        sa.Column("prompt", sa.String(length=255), nullable=False),
        sa.Column("silence_seconds", sa.Double(), nullable=False),
        sa.Column("silence_prompt", sa.String(length=255), nullable=False),
        sa.Column("invalid_prompt", sa.String(length=255), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("operator", sa.String(255), nullable=True),
        sa.Column("timeout_destination", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_menus_company_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("company_id", "name", name=op.f("pk_menus")),
    )
    op.create_table(
        "opening_hours",
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_opening_hours_company_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("company_id", "name", name=op.f("pk_opening_hours")),
    )
    op.create_table(
        "people",
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("extension", sa.String(length=255), nullable=False),
        sa.Column("ring_seconds", sa.Double(), nullable=False),
        sa.Column("on_busy", sa.String(255), nullable=True),
        sa.Column("on_no_answer", sa.String(255), nullable=True),
        sa.Column("outside_number", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_people_company_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("company_id", "id", name=op.f("pk_people")),
    )
    op.create_table(
        "queues",
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("extension", sa.String(length=255), nullable=True),
        sa.Column("strategy", sa.String(length=255), nullable=False),
        sa.Column("ring_seconds", sa.Double(), nullable=False),
        sa.Column("wrap_up_seconds", sa.Double(), nullable=False),
        sa.Column("max_waiting", sa.Integer(), nullable=False),
        sa.Column("max_wait_seconds", sa.Double(), nullable=False),
        sa.Column("position_every_seconds", sa.Double(), nullable=False),
        sa.Column("music", sa.String(length=255), nullable=False),
        sa.Column("welcome_prompt", sa.String(length=255), nullable=True),
        sa.Column("on_full", sa.String(255), nullable=False),
        sa.Column("on_no_members", sa.String(255), nullable=False),
        sa.Column("on_timeout", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_queues_company_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("company_id", "name", name=op.f("pk_queues")),
    )
    op.create_table(
        "accounts",
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("realm", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.String(length=255), nullable=False),
        sa.Column("ha1_md5", sa.String(length=32), nullable=False),
        sa.Column("ha1_sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "person_id"],
            ["people.company_id", "people.id"],
            name=op.f("fk_accounts_company_id_person_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_accounts_company_id"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("username", "realm", name=op.f("pk_accounts")),
    )
    op.create_index(op.f("ix_accounts_company_id"), "accounts", ["company_id"], unique=False)
    op.create_table(
        "main_numbers",
        sa.Column("number", sa.String(length=255), nullable=False),
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("open", sa.String(255), nullable=False),
        sa.Column("closed", sa.String(255), nullable=False),
        sa.Column("hours", sa.String(length=255), nullable=True),
        sa.Column("greeting", sa.String(length=255), nullable=True),
        sa.ForeignKeyConstraint(
            ["company_id", "hours"],
            ["opening_hours.company_id", "opening_hours.name"],
            name=op.f("fk_main_numbers_company_id_hours"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_main_numbers_company_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_main_numbers")),
    )
    op.create_index(op.f("ix_main_numbers_company_id"), "main_numbers", ["company_id"], unique=False)
    op.create_table(
        "menu_keys",
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("menu", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("destination", sa.String(255), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "menu"],
            ["menus.company_id", "menus.name"],
            name=op.f("fk_menu_keys_company_id_menu"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_menu_keys_company_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("company_id", "menu", "key", name=op.f("pk_menu_keys")),
    )
    op.create_table(
        "open_periods",
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("hours", sa.String(length=255), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("end_minute", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "hours"],
            ["opening_hours.company_id", "opening_hours.name"],
            name=op.f("fk_open_periods_company_id_hours"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_open_periods_company_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("company_id", "hours", "weekday", "start_minute", name=op.f("pk_open_periods")),
    )
    op.create_table(
        "queue_members",
        sa.Column("company_id", sa.String(length=255), nullable=False),
        sa.Column("queue", sa.String(length=255), nullable=False),
        sa.Column("person_id", sa.String(length=255), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id", "person_id"],
            ["people.company_id", "people.id"],
            name=op.f("fk_queue_members_company_id_person_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "queue"],
            ["queues.company_id", "queues.name"],
            name=op.f("fk_queue_members_company_id_queue"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["companies.id"],
            name=op.f("fk_queue_members_company_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("company_id", "queue", "person_id", name=op.f("pk_queue_members")),
    )


def downgrade() -> None:
    op.drop_table("queue_members")
    op.drop_table("open_periods")
    op.drop_table("menu_keys")
    op.drop_index(op.f("ix_main_numbers_company_id"), table_name="main_numbers")
    op.drop_table("main_numbers")
    op.drop_index(op.f("ix_accounts_company_id"), table_name="accounts")
    op.drop_table("accounts")
    op.drop_table("queues")
    op.drop_table("people")
    op.drop_table("opening_hours")
    op.drop_table("menus")
    op.drop_table("companies")
