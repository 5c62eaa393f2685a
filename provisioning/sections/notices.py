"""Notices: who is told when something needs somebody."""

from provisioning.company_kinds import MAIL_ADDRESS, SECRET, WEB_ADDRESS
from provisioning.kinds import choice, list_of, perhaps
from provisioning.sections.forms import Field
from provisioning.sections.section import Section
from routing.model import NOTICE_KINDS, NoticeTarget

NOTICES = Section(
    "notices",
    NoticeTarget,
    (
        Field("kinds", list_of(choice(*NOTICE_KINDS), min_length=1), "What is told of."),
        Field("webhook", perhaps(WEB_ADDRESS, empty="none"), "Where each notice is sent, as JSON by POST."),
        Field(
            "secret_name",
            perhaps(SECRET, empty="not signed"),
            "Name of the secret, in the server's configuration, that signs what the webhook is sent (HMAC-SHA256).",
        ),
        Field("mail", perhaps(MAIL_ADDRESS, empty="none"), "Where each notice is mailed."),
    ),
    "Who is told when something needs somebody.",
    called="NAME",
    example="notices.desk",
    kind="notice",
)
