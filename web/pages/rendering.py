"""Pages as HTML: templates, the language of each browser, and what guards it all."""

from datetime import datetime
from pathlib import Path
from typing import Any

from mako.lookup import TemplateLookup
from markupsafe import Markup, escape
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.pages.cookies import LANGUAGE, keep, kept
from web.pages.words import LANGUAGES, Words, language_of, load_words

TEMPLATES = Path(__file__).with_name("templates")
A_YEAR = 365 * 86_400
GUARDS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""No script, no frame, nothing from elsewhere, and nothing kept on a disk."""


class Guarded:
    """Puts the guards on each answer of an application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(GUARDS)
            await send(message)

        await self._app(scope, receive, sending)


class Renderer:
    """Fills templates. What is filled in is escaped."""

    def __init__(self) -> None:
        self._words = load_words()
        self._templates = TemplateLookup(
            [str(TEMPLATES)], default_filters=["h"], strict_undefined=True, input_encoding="utf-8"
        )

    def words(self, request: Request) -> Words:
        """What is said to this browser."""
        return self._words[language(request)]

    def page(self, request: Request, template: str, seal: str = "", status: int = 200, **facts: Any) -> Response:
        """A page; `seal` is carried by its forms. A language that was chosen with it is kept by the browser."""
        spoken = language(request)
        html = self._templates.get_template(template).render(
            words=self._words[spoken],
            languages=LANGUAGES,
            spoken=spoken,
            root=request.scope["root_path"],
            seal=seal,
            filled=filled,
            moment=moment,
            **facts,
        )
        answer = HTMLResponse(html, status)
        if request.query_params.get("language") == spoken:
            keep(request, answer, LANGUAGE, spoken, A_YEAR)
        return answer


def language(request: Request) -> str:
    """The language of this browser."""
    chosen = (request.query_params.get("language", ""), kept(request, LANGUAGE))
    return language_of(chosen, request.headers.get("accept-language", ""))


def to_page(request: Request, path: str) -> RedirectResponse:
    """Sends the browser on to a page of ours, which it asks for by GET."""
    return RedirectResponse(f"{request.scope['root_path']}{path}", 303)


def filled(text: str, **parts: str) -> Markup:
    """The text with its parts as HTML; those that are no Markup are escaped."""
    return Markup(escape(text)).format(**parts)


def moment(at: datetime) -> Markup:
    """A moment to the minute, as everybody reads it whose language is one of ours."""
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), f"{at:%Y-%m-%d %H:%M}")
