from __future__ import annotations

import pytest

from lab.errors import BadApp
from lab.host_routes import Routes, decoded
from lab.host_runtime import Function

GUID = "0b3f6a2e-9e5b-4f7c-8f0e-2f6f6f0a1b2c"


def function(name: str, route: str | None, *methods: str) -> Function:
    trigger = {"type": "httpTrigger", "name": "req", "route": route, "methods": methods}
    return Function(name=name, id=name, trigger=trigger, outputs=())


def who(routes: Routes, path: str, method: str = "GET") -> str | None:
    found = routes.find(method, decoded(path.encode()))
    return found and found[0].name


@pytest.mark.parametrize(
    ("route", "path", "values"),
    [
        ("a/{x}", "/a/b%20c", {"x": "b c"}),
        ("a/{x?}", "/a", {}),
        ("a/{x=1}", "/a/", {"x": "1"}),
        ("{x}-{y}.html", "/one-two.html", {"x": "one", "y": "two"}),
        ("{*rest}", "/", {}),
        ("{*rest}", "/a/b", {"rest": "a/b"}),
        (
            "a/{x:guid}",
            "/a/0b3f6a2e-9e5b-4f7c-8f0e-2f6f6f0a1b2c",
            {"x": "0b3f6a2e-9e5b-4f7c-8f0e-2f6f6f0a1b2c"},
        ),
        ("a/{x:length(2,3):alpha}", "/a/abc", {"x": "abc"}),
        ("a/{x:range(1,10)}", "/a/10", {"x": "10"}),
        (r"a/{x:regex(^v\d$)}", "/a/v1", {"x": "v1"}),
        (None, "/named", {}),
    ],
)
def test_a_route_gives_its_values(route: str | None, path: str, values: dict[str, str]) -> None:
    found = Routes([function("named", route)], "").find("GET", decoded(path.encode()))
    assert found
    assert found[1] == values


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("a/{x}", "/a"),
        ("a/{x}", "/a/b/c"),
        ("a/{x:int}", "/a/1x"),
        ("a/{x:bool}", "/a/yes"),
        ("a/{x:length(2,3)}", "/a/abcd"),
        ("a/{x:min(5)}", "/a/4"),
        ("a/{x:max(5)}", "/a/6"),
        (r"a/{x:regex(^v\d$)}", "/a/w1"),
        ("a.c", "/abc"),
    ],
)
def test_a_route_refuses_what_is_not_its(route: str, path: str) -> None:
    assert who(Routes([function("f", route)], ""), path) is None


def test_the_most_specific_route_wins_whatever_the_order() -> None:
    functions = [
        function("rest", "{*rest}"),
        function("any", "a/{x}"),
        function("number", "a/{x:int}"),
        function("literal", "a/b"),
    ]
    for order in (functions, functions[::-1]):
        routes = Routes(order, "api")
        assert who(routes, "/api/a/b") == "literal"
        assert who(routes, "/api/a/1") == "number"
        assert who(routes, "/api/a/c") == "any"
        assert who(routes, "/api/a/b/c") == "rest"


def test_one_path_may_have_a_function_per_method() -> None:
    routes = Routes([function("get", "a", "GET"), function("post", "a", "post")], "")
    assert who(routes, "/a", "GET") == "get"
    assert who(routes, "/a", "POST") == "post"
    assert who(routes, "/a", "HEAD") is None


@pytest.mark.parametrize("route", ["a/{x:odd}", "a/{x", "a/{}"])
def test_a_route_that_cannot_be_understood_stops_the_app(route: str) -> None:
    with pytest.raises(BadApp, match="f: the route"):
        Routes([function("f", route)], "")
