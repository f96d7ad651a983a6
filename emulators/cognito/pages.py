"""The two pages people see: sign in, and what is wrong. Plain HTML and one style sheet; no script at all."""

import base64
import hashlib
from collections.abc import Sequence
from html import escape
from http import HTTPStatus
from typing import Final

from starlette.responses import HTMLResponse

from emulators.cognito.pool import User

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #16181d; --soft: #5b6270; --paper: #f4f5f8; --card: #fff; --line: #868d9b;
  --accent: #3a4fd8; --on-accent: #fff; --wrong: #a8071a; --wrong-paper: #fff1f0; }
@media (prefers-color-scheme: dark) { :root { --ink: #eef0f5; --soft: #a9b0c0; --paper: #101218; --card: #191c25;
  --line: #767e90; --accent: #9aa8ff; --on-accent: #10131f; --wrong: #ffb3ad; --wrong-paper: #3a1618; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 25rem; background: var(--card); padding: 2rem; border-radius: 1rem;
  box-shadow: 0 1px 3px rgb(0 0 0 / .12), 0 12px 40px rgb(0 0 0 / .1); border: 1px solid transparent; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; line-height: 1.25; letter-spacing: -.01em; }
p { margin: 0 0 1rem; color: var(--soft); }
label { display: block; margin: 1rem 0 .375rem; font-weight: 600; font-size: .9375rem; }
input { width: 100%; min-height: 2.75rem; padding: .5rem .75rem; font: inherit; color: inherit; background: transparent;
  border: 1px solid var(--line); border-radius: .5rem; }
button { width: 100%; min-height: 2.875rem; margin-top: 1.5rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid transparent; border-radius: .5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role=alert] { margin: 1rem 0 0; padding: .75rem; color: var(--wrong); background: var(--wrong-paper);
  border-left: .25rem solid currentColor; border-radius: .375rem; }
aside { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .875rem; color: var(--soft); }
code { font-family: ui-monospace, monospace; color: var(--ink); overflow-wrap: anywhere; }
dl { margin: .5rem 0 0; display: grid; grid-template-columns: auto 1fr; gap: .25rem .75rem; }
dd { margin: 0; }
"""

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# `form-action` would also forbid the redirect to the client's address after the form, so it is left out.
_HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none';"
    " base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def sign_in_page(
    *, csrf: str, problem: str, email: str, users: Sequence[User], status: HTTPStatus
) -> HTMLResponse:
    """The form; a problem is announced, and the field it is about is described by it."""
    alert = f'<p role="alert" id="problem">{escape(problem)}</p>' if problem else ""
    described = ' aria-invalid="true" aria-describedby="problem"' if problem else ""
    focus_email, focus_password = ("", " autofocus") if email else (" autofocus", "")
    body = f"""<h1>Sign in</h1>
<p>to talk with the voice assistant</p>
{alert}
<form method="post">
<input type="hidden" name="_csrf" value="{escape(csrf)}">
<label for="username">Email address</label>
<input id="username" name="username" type="email" autocomplete="username" required value="{escape(email)}"
 spellcheck="false" autocapitalize="none"{described}{focus_email}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required{described}{focus_password}>
<button type="submit">Sign in</button>
</form>
{_who_there_is(users)}"""
    return _page("Sign in", body, status)


def error_page(sentence: str) -> HTMLResponse:
    """What went wrong, for somebody who sets up a client."""
    body = f"<h1>This sign-in cannot go on</h1><p>{escape(sentence)}</p>"
    return _page("An error was encountered", body, HTTPStatus.BAD_REQUEST)


def _who_there_is(users: Sequence[User]) -> str:
    if not users:
        return ""
    rows = "".join(
        f"<dt><code>{escape(user.email)}</code></dt><dd><code>{escape(user.password)}</code></dd>"
        for user in users
    )
    return (
        "<aside>This is a stand-in for Amazon Cognito on your own machine. Its users and passwords:"
        f"<dl>{rows}</dl></aside>"
    )


def _page(title: str, body: str, status: HTTPStatus) -> HTMLResponse:
    document = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return HTMLResponse(document, status_code=status, headers=_HEADERS)
