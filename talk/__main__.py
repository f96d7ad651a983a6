"""`python -m talk`: what `make talk` calls."""

import argparse
import asyncio
import os
import sys
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from talk.audio import load, save
from talk.connection import CannotConnect, fetch_options
from talk.conversation import hold_conversation
from talk.protocol import ALL_JSON, BINARY, OUTPUT_RATE_HZ
from talk.record import Choices, Conversation, Question, Typed
from talk.recording import RecordingError
from talk.report import JsonLines, Lines
from talk.sign_in import fetch_config, sign_in

_URL: Final = "ws://127.0.0.1:8000/ws"
_INTERRUPTED: Final = 130
# The user that emulators/cognito/pool.toml publishes; it opens nothing but the stand-in.
_DEMO: Final = ("demo@example.com", "Talk-to-me-1")
_EXAMPLES: Final = """\
examples:
  make talk FILE=question.wav                          one question, the reply in reply.wav
  make talk FILE="first.wav second.flac"               two turns of one conversation
  make talk FILE=question.mp3 ARGS="--language de-DE --voice tina"
  make talk FILE=question.wav ARGS="--barge-in-after 1" interrupt the reply after one second
  make talk ARGS="--text 'What can you do?'"           ask in writing
  make talk ARGS=--list-options                        the languages and voices there are

exit code: 0 every question got an audible reply, 1 one did not, 2 the question or an option cannot be used, 130 Ctrl-C
"""


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m talk",
        description="Ask the assistant with recordings, in real time, as a page with a microphone would.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "files", nargs="*", type=Path, metavar="FILE", help="WAV, FLAC, OGG or MP3; each is one turn"
    )
    parser.add_argument(
        "--text", action="append", default=[], metavar="TEXT", help="ask this in writing, after the files"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("reply.wav"), metavar="WAV", help="where the reply goes"
    )
    parser.add_argument(
        "--in-time",
        action="store_true",
        help="put the reply where it was heard, with the pauses, from the start on",
    )
    parser.add_argument(
        "--user",
        metavar="EMAIL",
        help=f"sign in as this user of the local Cognito stand-in (default there: {_DEMO[0]})",
    )
    parser.add_argument("--password", help="that user's password")
    parser.add_argument(
        "--token", help="sign in with this access token (default: TALK_TOKEN in the environment)"
    )
    parser.add_argument("--print-token", action="store_true", help="sign in, print the access token, and end")
    parser.add_argument("--url", default=_URL, help=f"address of the service (default {_URL})")
    parser.add_argument("--language", help="for example de-DE; the default is the service's")
    parser.add_argument("--voice", help="for example tina; the default is the service's")
    parser.add_argument(
        "--subprotocol", choices=(BINARY, ALL_JSON), default=BINARY, help="form of the audio messages"
    )
    parser.add_argument(
        "--no-end-of-utterance",
        action="store_true",
        help="let the model or the watchdog notice that the question is over",
    )
    parser.add_argument(
        "--barge-in-after",
        type=float,
        metavar="S",
        help="ask the second question (or the first again) S into the reply",
    )
    parser.add_argument(
        "--timeout", type=float, default=30.0, metavar="S", help="patience without progress (default 30)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document a line")
    parser.add_argument(
        "--list-options", action="store_true", help="print languages, voices and rates, and end"
    )
    return parser


def token(arguments: argparse.Namespace) -> str:
    """The access token to use: given, or got by signing in; raises CannotConnect."""
    given = arguments.token or os.environ.get("TALK_TOKEN")
    if given and arguments.user is None:
        return str(given)
    config = fetch_config(arguments.url, timeout_s=arguments.timeout)
    user, password = arguments.user, arguments.password
    if user is None:
        if urlsplit(config.authority).hostname not in {"127.0.0.1", "localhost"}:
            raise CannotConnect(
                f"this service takes the users of {config.authority}; give an access token with --token"
            )
        user, password = _DEMO
    return sign_in(config, user=user, password=password or "", timeout_s=arguments.timeout)


async def print_token(arguments: argparse.Namespace) -> int:
    print(await asyncio.to_thread(token, arguments))
    return 0


async def list_options(arguments: argparse.Namespace) -> int:
    options = await fetch_options(arguments.url, timeout_s=arguments.timeout)
    print(f"model      {options.get('model')}")
    defaults = options.get("defaults", {})
    print(f"default    {defaults.get('language')}, voice {defaults.get('voice')}")
    for language in options.get("languages", []):
        voices = ", ".join(voice["id"] for voice in language.get("voices", []))
        print(f"{language.get('code', ''):<10} {language.get('name', '')}: {voices}")
    return 0


async def talk(arguments: argparse.Namespace) -> int:
    questions: list[Question] = [load(path) for path in arguments.files]
    questions += [Typed(text=text) for text in arguments.text]
    if arguments.barge_in_after is not None and len(questions) == 1:
        questions *= 2
    dim = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    report = JsonLines(sys.stdout) if arguments.json else Lines(sys.stdout, dim=dim)
    conversation = await hold_conversation(
        arguments.url,
        questions,
        choices=Choices(
            language=arguments.language,
            voice=arguments.voice,
            subprotocol=arguments.subprotocol,
            end_of_utterance=not arguments.no_end_of_utterance,
            barge_in_after_s=arguments.barge_in_after,
            token=await asyncio.to_thread(token, arguments),
            timeout_s=arguments.timeout,
        ),
        announce=report.tell,
    )
    report.finish(conversation)
    keep_reply(conversation, arguments)
    return 0 if conversation.heard_replies else 1


def keep_reply(conversation: Conversation, arguments: argparse.Namespace) -> None:
    playback = conversation.playback
    reply = playback.placed(since=conversation.began_at) if arguments.in_time else playback.joined()
    if reply:
        save(arguments.out, reply, rate_hz=OUTPUT_RATE_HZ)
        if not arguments.json:
            print(f"{arguments.out}: {len(reply) / 2 / OUTPUT_RATE_HZ:.2f} s of reply")


def main() -> int:
    reader = parser()
    arguments = reader.parse_args()
    work = list_options if arguments.list_options else print_token if arguments.print_token else talk
    if work is talk and not arguments.files and not arguments.text:
        reader.error("name a recording (make talk FILE=question.wav), or ask in writing (--text)")
    try:
        return asyncio.run(work(arguments))
    except RecordingError as refusal:
        print(f"talk: {refusal}", file=sys.stderr)
        return 2
    except CannotConnect as refusal:
        print(f"talk: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("talk: ended by Ctrl-C", file=sys.stderr)
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
