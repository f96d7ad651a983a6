from service.policies.budget import Budget, Budgets


def test_without_limits_nobody_is_ever_asked() -> None:
    budgets = Budgets()
    assert not budgets.are_limited
    assert budgets.spent(by_user=10**18, by_all=10**18) is None


def test_a_budget_is_spent_when_it_is_used_up_to_the_last_billionth() -> None:
    budgets = Budgets(user_nano_usd=100, deployment_nano_usd=1_000)
    assert budgets.are_limited
    assert [None, Budget.USER, Budget.DEPLOYMENT] == [
        budgets.spent(by_user=99, by_all=999),
        budgets.spent(by_user=100, by_all=100),
        budgets.spent(by_user=0, by_all=1_000),
    ]
