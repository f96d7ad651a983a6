"""From what was heard to comparable words."""

import re
from collections.abc import Mapping
from typing import Final

_CONTRACTIONS: Final = (
    (re.compile(r"\bwon't\b"), "will not"),
    (re.compile(r"\b(can't|cannot)\b"), "can not"),
    (re.compile(r"\blet's\b"), "let us"),
    (re.compile(r"n't\b"), " not"),
    (re.compile(r"'re\b"), " are"),
    (re.compile(r"'ve\b"), " have"),
    (re.compile(r"'ll\b"), " will"),
    (re.compile(r"'m\b"), " am"),
    (re.compile(r"\b(what|that|it|who|where|how|when|there)'?s\b"), r"\1 is"),
    (re.compile(r"\bwanna\b"), "want to"),
    (re.compile(r"\bgonna\b"), "going to"),
)
_COURTESY: Final = re.compile(
    r"^(?:(?:um+|uh+|er|so|well|ok|okay|now|and|but|hey|hi|hello|please|actually|alright|right|then)\s+"
    r"|(?:can|could|would|will) you (?:please |maybe |also )?(?:tell|explain to|explain|show|say to) (?:me )?(?:please )?"
    r"|(?:please )?(?:tell|explain to|show) (?:me|us) "
    r"|do you (?:happen to )?know "
    r"|i (?:would like|want|need|wanted) to (?:know|ask|ask you|find out) "
    r"|i was wondering |i wonder "
    r"|i have (?:a|another) question )+"
)
_TAIL: Final = re.compile(
    r"(?:\s+(?:please|then|though|exactly|really|by the way|for me|thanks|thank you))+$"
)

_IRREGULAR: Final[Mapping[str, str]] = {
    "understood": "understand",
    "spoke": "speak",
    "spoken": "speak",
    "heard": "hear",
    "said": "say",
    "told": "tell",
    "ran": "run",
    "made": "make",
    "kept": "keep",
    "sent": "send",
    "built": "build",
    "written": "write",
    "wrote": "write",
    "does": "do",
    "people": "person",
    "did": "do",
    "done": "do",
    "is": "is",
    "was": "was",
    "has": "have",
    "had": "have",
    "data": "data",
    "us": "us",
    "aws": "aws",
}
_SHORTEST_STEM: Final = 3


def plain(text: str) -> str:
    """Lower case, contractions apart, letters and digits only, one space between words."""
    text = text.lower().replace("\u2019", "'")
    for pattern, replacement in _CONTRACTIONS:
        text = pattern.sub(replacement, text)
    return " ".join(re.findall(r"[a-z0-9]+", text.replace("'", "")))


def question(text: str) -> str:
    """Return plain text without the courtesy around it, unless nothing else was said."""
    full = plain(text)
    core = _TAIL.sub("", _COURTESY.sub("", full + " ").strip())
    return core or full


def stems(text: str) -> list[str]:
    """Return the words of plain text without the endings that seldom change what they are about."""
    return [one_stem(word) for word in text.split()]


def one_stem(word: str) -> str:
    """Return one word without its ending; not always a word, but the same for all forms of it."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending, replacement in (("ies", "y"), ("ing", ""), ("ed", ""), ("es", "e"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss") and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)] + replacement
            break
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "aeiousl":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > _SHORTEST_STEM else word
