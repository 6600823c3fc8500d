"""Named tokens of the API in a site file: each mistake has its message, and none is there in clear."""

from collections.abc import Callable
from pathlib import Path

import pytest

from config.api_tokens import Role, digest_of
from config.load import check

Said = Callable[..., tuple[list[str], list[str]]]

DIGEST = "a" * 64


def table(text: str) -> str:
    return f"[[server.api.tokens]]\n{text}\n"


def test_a_token_is_kept_as_its_hash_whether_it_is_given_so_or_lies_in_the_environment(
    tmp_path: Path, small: str
) -> None:
    """And names its role, its client or its agent."""
    site = tmp_path / "site.toml"
    tokens = [
        f'name = "nadia"\nrole = "supervisor"\nsha256 = "{DIGEST}"',
        'name = "acme"\nrole = "tenant"\nclient = "acme"\ntoken_env = "ACD_ANNA"',
        f'name = "anna-desktop"\nrole = "agent"\nagent = "anna"\nsha256 = "{DIGEST}"',
    ]
    site.write_text("".join(map(table, tokens)) + small)
    found, errors, _ = check(site, {"ACD_ANNA": "invented"})
    assert not errors
    assert found is not None
    assert [(one.name, one.role, one.client, one.agent) for one in found.server.api.tokens] == [
        ("nadia", Role.SUPERVISOR, "", ""),
        ("acme", Role.TENANT, "acme", ""),
        ("anna-desktop", Role.AGENT, "", "anna"),
    ]
    assert [one.digest for one in found.server.api.tokens] == [DIGEST, digest_of("invented"), DIGEST]


@pytest.mark.parametrize(
    ("text", "key", "reason"),
    [
        (f'role = "admin"\nsha256 = "{DIGEST}"', "name", "missing key"),
        (f'name = "a b"\nrole = "admin"\nsha256 = "{DIGEST}"', "name", "not a name: "),
        (f'name = "operator"\nrole = "admin"\nsha256 = "{DIGEST}"', "name", '"operator" is taken'),
        (f'name = "x"\nrole = "boss"\nsha256 = "{DIGEST}"', "role", '"boss" is none of admin, '),
        ('name = "x"\nrole = "admin"', "token_env", "missing key (token_env or token_file)"),
        ('name = "x"\nrole = "admin"\nsha256 = "abc"', "sha256", "must be 64 hexadecimal digits"),
        (f'name = "x"\nrole = "admin"\nsha256 = "{DIGEST}"\ntoken_env = "ACD_ANNA"', "sha256", "there is a "),
        ('name = "x"\nrole = "admin"\ntoken = "clear"', "token", "a token is never written here"),
        (f'name = "x"\nrole = "tenant"\nsha256 = "{DIGEST}"', "client", "missing key"),
        (f'name = "x"\nrole = "tenant"\nclient = "acne"\nsha256 = "{DIGEST}"', "client", "unknown client"),
        (
            f'name = "x"\nrole = "planner"\nclient = "acme"\nsha256 = "{DIGEST}"',
            "client",
            "not for this role",
        ),
        (f'name = "x"\nrole = "agent"\nsha256 = "{DIGEST}"', "agent", "missing key"),
        (f'name = "x"\nrole = "agent"\nagent = "ana"\nsha256 = "{DIGEST}"', "agent", "unknown agent"),
    ],
)
def test_a_mistake_in_a_token_is_named(said: Said, small: str, text: str, key: str, reason: str) -> None:
    """With file, key and reason."""
    errors, _ = said(table(text) + small)
    assert len(errors) == 1
    assert errors[0].startswith(f"site.toml: server.api.tokens[0].{key}: {reason}")
    assert "clear" not in errors[0]


def test_two_tokens_of_one_name_are_a_mistake(said: Said, small: str) -> None:
    """The journal could not tell them apart."""
    one = table(f'name = "nadia"\nrole = "supervisor"\nsha256 = "{DIGEST}"')
    assert said(one + one + small)[0] == ['site.toml: server.api.tokens[1].name: "nadia" is taken']
