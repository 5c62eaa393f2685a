"""How Alembic runs the migrations: on the connection that lampfield.database hands it."""

from alembic import context

from call_records.models import Base as CallRecordsBase
from provisioning.models import Base as ProvisioningBase

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[ProvisioningBase.metadata, CallRecordsBase.metadata],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
