from service.policies.closure import Closure


def test_only_explicit_closure_ends_the_prompt_and_so_has_no_tools() -> None:
    assert (True, False) == (Closure.EXPLICIT.ends_prompt, Closure.EXPLICIT.offers_tools)
    assert (False, True) == (Closure.CONTINUOUS.ends_prompt, Closure.CONTINUOUS.offers_tools)


def test_only_continuous_closure_trusts_the_models_ears() -> None:
    assert [Closure.CONTINUOUS] == [closure for closure in Closure if closure.trusts_model_endpointing]
