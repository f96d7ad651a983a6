from service.session.usage import UsageLedger
from service.wire.sonic_output import Usage


def usage(tokens: int) -> Usage:
    return Usage(input_speech=tokens, input_text=0, output_speech=0, output_text=0)


def test_a_new_stream_counts_from_nothing_and_the_session_goes_on() -> None:
    ledger = UsageLedger()
    ledger.count(usage(5))
    ledger.count(usage(8))
    ledger.next_stream()
    ledger.count(usage(3))

    assert usage(11) == ledger.total


def test_the_client_is_told_at_most_once_a_second_and_only_news() -> None:
    ledger = UsageLedger()
    assert ledger.due_at() is None

    ledger.count(usage(5))
    ledger.tell(100.0)
    assert ledger.due_at() is None

    ledger.count(usage(6))
    assert 101.0 == ledger.due_at()


def test_each_token_is_announced_once() -> None:
    ledger = UsageLedger()
    ledger.count(usage(5))

    assert usage(5) == ledger.take()
    assert ledger.take() is None
