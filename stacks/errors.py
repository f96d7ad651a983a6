"""The one way in which an impossible configuration ends: a sentence with key, value and remedy."""


class ConfigurationError(Exception):
    """Synthesis cannot go on; the sentence says which key holds which value and what to write instead."""

    def __init__(self, *, source: str, key: str, value: object, remedy: str) -> None:
        self.source, self.key, self.value, self.remedy = source, key, value, remedy
        super().__init__(f"{source}: {key} = {shown(value)}: {remedy}")


def shown(value: object) -> str:
    """Write a value as it stands in TOML, so that the reader finds it in the file."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return f'"{value}"'
        case list() | tuple():
            return "[" + ", ".join(shown(item) for item in value) + "]"
        case None:
            return "(missing)"
        case _:
            return str(value)
