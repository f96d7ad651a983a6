from service.policies.watchdog import Watchdog


def test_the_watchdog_is_patient_for_two_seconds() -> None:
    assert 12.0 == Watchdog().expires_at(10.0)
