"""How Alembic runs the migrations: on the connection that lampfield.database hands it."""

from alembic import context

import provisioning.accesses
import provisioning.sound_rows
import provisioning.standing_requests
import provisioning.tokens  # noqa: F401  its table is among those compared
from call_records.models import Base as CallRecordsBase
from lampfield.voicemail.table import Base as VoicemailBase
from provisioning.models import Base as ProvisioningBase

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=[ProvisioningBase.metadata, CallRecordsBase.metadata, VoicemailBase.metadata],
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
