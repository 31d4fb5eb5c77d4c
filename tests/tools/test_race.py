from tools.race import race, race_items


def test_every_round_starts_with_another_call():
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "abc"}
    times = race(calls, rounds=3, repeats=1)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"
    assert {name: len(entries) for name, entries in times.items()} == {"a": 3, "b": 3, "c": 3}


def test_items_are_given_once_to_each_call_and_warm_up_is_left_out():
    seen = {"a": [], "b": []}
    calls = {name: items.append for name, items in seen.items()}
    times = race_items(calls, ["x", "y", "z"], warm_up=1)
    assert seen == {"a": ["x", "y", "z"], "b": ["x", "y", "z"]}
    assert [len(entries) for entries in times.values()] == [2, 2]
