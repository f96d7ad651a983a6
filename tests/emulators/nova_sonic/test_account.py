from emulators.nova_sonic.account import Account


def test_the_quota_is_the_accounts_and_given_back() -> None:
    account = Account(credentials={}, quota=2)

    assert [True, True, False] == [account.take_stream() for _ in range(3)]
    account.give_back_stream()
    assert account.take_stream()


def test_a_lower_quota_holds_for_new_streams_only() -> None:
    account = Account(credentials={}, quota=2)
    account.take_stream()
    account.take_stream()
    account.quota = 1

    assert 2 == account.open_streams
    account.give_back_stream()
    assert not account.take_stream()


def test_the_peak_is_remembered() -> None:
    account = Account(credentials={})
    account.take_stream()
    account.take_stream()
    account.give_back_stream()
    account.take_stream()

    assert (3, 2) == (account.counters.streams_opened, account.counters.streams_peak)
