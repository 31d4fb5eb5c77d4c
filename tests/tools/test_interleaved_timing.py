from tools.studies.interleaved_timing import race


def test_every_round_starts_with_another_call():
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "abc"}
    times = race(calls, rounds=3, repeats=1)
    assert "".join(order) == "abc" + "abc" + "bca" + "cab"
    assert {name: len(entries) for name, entries in times.items()} == {"a": 3, "b": 3, "c": 3}
