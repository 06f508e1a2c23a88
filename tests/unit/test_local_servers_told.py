"""What the launcher tells its servers, and how it knows what they were brought to."""

import json
import os
import stat
from pathlib import Path

import pytest

from deploy.local import account, databases, rabbitmq_settings, stack
from deploy.local.account import Account, choose_account
from deploy.local.databases import database_of, fingerprint, prepare, url_for
from deploy.local.keys import Keys
from deploy.local.process import StartError
from shared.bus import rights
from shared.flows import SERVICES


@pytest.mark.parametrize(
    ("admin", "expected"),
    [
        ("postgresql://h/postgres", "postgresql://me:p@h/mine"),
        ("postgresql://admin@h:1/x", "postgresql://me:p@h:1/mine"),
        ("postgresql://a:b%40c@h/x", "postgresql://me:p@h/mine"),
        ("postgresql://a:b@[::1]:5433/x", "postgresql://me:p@[::1]:5433/mine"),
        ("postgres://a:b@h1,h2/x?target_session_attrs=primary",
         "postgres://me:p@h1,h2/mine?target_session_attrs=primary"),
        ("postgresql://h", "postgresql://me:p@h/mine"),
    ],
)  # fmt: skip
def test_the_same_server_under_another_name(admin: str, expected: str) -> None:
    """Whatever the administrator's address looks like, only log-in and database change."""
    assert expected == url_for(admin, "mine", "me", "p")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Migrations of the bus and of one service."""
    for name in ("shared/migrations/versions/bus_0001.py", "services/intake/migrations/i_1.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("revision = 1")
    monkeypatch.setattr(databases, "ROOT", tmp_path)
    return tmp_path


def test_a_mark_follows_from_migrations_and_passwords(tree: Path) -> None:
    """Whatever a database depends on changes it, and nothing else does."""
    keys = Keys()
    marks = [fingerprint(keys)]
    (tree / "services/intake/migrations/i_1.py").write_text("revision = 2")
    marks.append(fingerprint(keys))
    (tree / "shared/migrations/versions/bus_0002.py").touch()
    marks.append(fingerprint(keys))
    (tree / "services/scoring/migrations").mkdir(parents=True)
    (tree / "services/scoring/migrations/s_1.py").touch()
    marks.append(fingerprint(keys))
    marks.append(fingerprint(keys.model_copy(update={"service_password": "x"})))
    marks.append(fingerprint(keys.model_copy(update={"owner_password": "x"})))
    assert 6 == len(set(marks))
    (tree / "services/intake/migrations/__pycache__").mkdir()
    (tree / "services/intake/migrations/__pycache__/i_1.pyc").write_text("x")
    (tree / "services/intake/handlers.py").touch()
    other = keys.model_copy(update={"demo_password": "x", "broker_password": "y"})
    assert marks[3] == fingerprint(other)


async def test_a_marked_server_is_not_asked(tree: Path) -> None:
    """The mark is enough; nobody connects to an address where nobody listens."""
    mark, keys = tree / "migrated", Keys()
    mark.write_text(fingerprint(keys))
    assert not await prepare("postgresql://127.0.0.1:1/none", keys, mark)


@pytest.mark.parametrize(
    "url",
    ["postgresql://127.0.0.1:1/none", "nonsense", "mysql://h/x", "postgresql://h:port/x", ""],
)
async def test_an_address_of_no_use_is_one_line(
    url: str, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DATABASE_URL may be mistyped or its server away; the mark is not written."""
    monkeypatch.setenv("PGHOST", "127.0.0.1")
    monkeypatch.setenv("PGPORT", "1")
    with pytest.raises(StartError, match=r"^the databases cannot be made: .") as caught:
        await prepare(url, Keys(), tree / "migrated")
    assert (1, False) == (len(str(caught.value).splitlines()), (tree / "migrated").exists())


@pytest.mark.parametrize("url", ["amqp://127.0.0.1:1/", "nonsense", "http://127.0.0.1/", ""])
async def test_a_broker_of_no_use_is_one_line(url: str) -> None:
    """AMQP_URL may be mistyped or its server away."""
    with pytest.raises(StartError, match=r"^AMQP_URL: the queues cannot be declared") as caught:
        await stack.declare_at(url)
    assert 1 == len(str(caught.value).splitlines())


def test_the_brokers_users_are_the_services_and_one_administrator() -> None:
    """Passwords stand there as hashes only; only the administrator may do everything."""
    told = json.loads(rabbitmq_settings.users("admin's", {name: f"{name}'s" for name in SERVICES}))
    names = [user["name"] for user in told["users"]]
    assert {rabbitmq_settings.USER, *map(rights.user_of, SERVICES)} == set(names)
    tags = {user["name"]: user["tags"] for user in told["users"]}
    assert [rabbitmq_settings.USER] == [
        name for name, tag in tags.items() if "administrator" in tag
    ]
    assert [] == [name for name in (*SERVICES, "admin") if f"{name}'s" in json.dumps(told)]
    everything = [p["user"] for p in told["permissions"] if p["configure"] == ".*"]
    assert [rabbitmq_settings.USER] == everything


def test_the_nodes_secrets_are_private_files(tmp_path: Path) -> None:
    """Whoever may list processes or folders learns no password; a second start changes nothing."""
    port, log = 5673, tmp_path / "rabbitmq.log"
    for _ in range(2):
        rabbitmq_settings.write_files(tmp_path, port, "admin-word", log, {"intake": "own-word"})
    modes = {
        name: stat.S_IMODE((tmp_path / name).stat().st_mode)
        for name in ("definitions.json", "rabbitmq.conf")
    }
    assert {"definitions.json": 0o600, "rabbitmq.conf": 0o600} == modes
    conf = (tmp_path / "rabbitmq.conf").read_text()
    assert f"listeners.tcp.1 = 127.0.0.1:{port}\n" in conf
    assert [] == [word for word in ("admin-word", "own-word") if word in conf]


def test_nothing_points_the_node_at_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Variables of the machine's own broker do not reach ours; all its places are below ours."""
    for name in ("RABBITMQ_NODENAME", "RABBITMQ_MNESIA_BASE", "ERL_LIBS", "RABBITMQ_CONFIG_FILE"):
        monkeypatch.setenv(name, "/theirs")
    env = rabbitmq_settings.environment(tmp_path, 1, 2)
    assert [] == [name for name, value in env.items() if "theirs" in value]
    places = {env[name] for name in rabbitmq_settings.PLACES}
    assert [] == [place for place in places if not place.startswith(str(tmp_path))]


def test_a_node_is_named_after_its_folder() -> None:
    """The same at every start, another for another folder: its tables are bound to it."""
    one, other = (rabbitmq_settings.node_name(Path(path)) for path in ("/a", "/b"))
    assert one == rabbitmq_settings.node_name(Path("/a"))
    assert one != other
    assert one.endswith("@localhost")


def test_every_service_has_a_database_and_role_of_its_own() -> None:
    """One name for both, and it is the broker user's too: an administrator sees what belongs."""
    names = [database_of(service) for service in SERVICES]
    assert len(SERVICES) == len(set(names))
    assert [rights.user_of(service) for service in SERVICES] == names


def test_without_root_the_server_runs_as_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Data and programs stay where they are."""
    monkeypatch.setattr(os, "geteuid", lambda: 65534)
    monkeypatch.setattr(account, "is_known", lambda _: True)
    expected = Account("-", tmp_path, Path("/programs"))
    assert expected == choose_account(tmp_path, Path("/programs"))


def test_an_id_without_a_name_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container that forbids namespaces nothing is left but a server elsewhere."""
    monkeypatch.setattr(os, "geteuid", lambda: 123456)
    monkeypatch.setattr(account, "is_known", lambda _: False)
    with pytest.raises(StartError, match="has no name, which PostgreSQL needs; set DATABASE_URL"):
        choose_account(tmp_path, Path("/programs"), namespaces=False)


def test_root_alone_on_the_machine_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an account that may own the server, the line says what else to do."""
    monkeypatch.setattr(account, "SYSTEM_USERS", ("nobody-has-this-name",))
    with pytest.raises(StartError, match="does not run as root; start as another user"):
        account.system_user()


def test_a_strangers_folder_is_not_entered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In /var/tmp anybody may have put a link with our folder's name."""
    monkeypatch.setattr(account, "ELSEWHERE", tmp_path)
    user = account.system_user()
    place = tmp_path / f"mashang-{account.digest(tmp_path / 'data')}"
    place.symlink_to("/etc")
    with pytest.raises(StartError, match="belongs to somebody else"):
        account.private_data(tmp_path / "data", user)


def test_a_paths_digest_is_its_own() -> None:
    """Short enough for a name, the same for the same place however it is written."""
    assert account.digest(Path("/a")) != account.digest(Path("/b"))
    assert account.digest(Path("x")) == account.digest(Path.cwd() / "x")
