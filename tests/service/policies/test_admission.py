from service.policies.admission import Admission, Refusal
from service.policies.pressure import Level


def test_sessions_are_taken_up_to_the_number_and_none_while_draining() -> None:
    admission = Admission(max_sessions=2)

    assert admission.refusal(running_sessions=1, draining=False) is None
    assert Refusal.FULL is admission.refusal(running_sessions=2, draining=False)
    assert Refusal.DRAINING is admission.refusal(running_sessions=0, draining=True)


def test_nobody_new_is_taken_while_the_processor_is_full() -> None:
    refusals = [
        Admission(max_sessions=2).refusal(running_sessions=0, draining=False, level=level) for level in Level
    ]

    assert [None, None, Refusal.BUSY] == refusals
