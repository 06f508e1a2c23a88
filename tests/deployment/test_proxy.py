"""`deploy/proxy`: every endpoint of every service is reached where it should be, and nowhere else.

Caddy itself runs, with the configuration as it is but for its ports and where its certificate lies;
behind it stand five servers that only say who they are.
"""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientError, ClientSession, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from deploy.local.keys import Keys
from deploy.local.ports import Ports, free_port
from deploy.local.process import Process
from deploy.local.settings import service_env
from services.notifications.providers.registry import VENDORS as SMS
from services.rewards.providers.registry import VENDORS as AIRTIME
from shared import config
from shared.flows import SERVICES
from shared.values import clock
from shared.web import openapi
from shared.web.callers import FORWARDED
from shared.web.endpoints import Endpoint
from tests.conftest import eventually
from tests.deployment.settings import CADDYFILE, PLAIN, PUBLIC, STAFF, started
from tests.deployment.test_compose import ONES, told

HOST, NOBODY = "mashang.example", "nobody"
VENDORS = {"rewards": AIRTIME, "notifications": SMS}

pytestmark = pytest.mark.skipif(not shutil.which("caddy"), reason="`make test` installs Caddy")


def table(service: str) -> list[Endpoint]:
    """Its endpoints, with those of its description."""
    env = service_env(
        service, ports=Ports.default(), keys=Keys(), database_url="postgresql://u:p@127.0.0.1:1/x",
        amqp_url="amqp://127.0.0.1:1/", photos="/tmp",
    )  # fmt: skip
    _, built = started(service, env, Path("/"))
    return [*built.endpoints, *openapi.endpoints(service, built.endpoints)]


TABLES = {service: table(service) for service in SERVICES}


def addresses(service: str, endpoint: Endpoint) -> Iterator[str]:
    """It with something in place of its parameters; one for each vendor that reports there."""
    for vendor in VENDORS.get(service, ("x",)) if endpoint.caller.kind == "vendor" else ("x",):
        yield re.sub(r"\{\w+\}", "x", endpoint.path.replace("{vendor}", vendor))


def certificate(folder: Path) -> None:
    """One for the host, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "tls.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "tls.key").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ))  # fmt: skip


def speaker(service: str) -> web.Application:
    """Says who it is, and whom it hears."""

    async def speak(request: web.Request) -> web.Response:
        heard = {FORWARDED: request.headers.get(FORWARDED), "host": request.host}
        return web.json_response({"service": service, **heard})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", speak)
    return app


class Front:
    """The proxy as the world sees it."""

    def __init__(self, http: ClientSession, ports: dict[int, int]) -> None:
        self.http, self.ports = http, ports

    async def ask(
        self, port: int, path: str, method: str = "GET", **headers: str
    ) -> tuple[int, dict[str, str]]:
        """The status, and what the service behind it says; nothing where there is none."""
        async with self.http.request(
            method, f"https://127.0.0.1:{self.ports[port]}{path}", ssl=False,
            server_hostname=HOST, headers={"Host": HOST, **headers}, allow_redirects=False,
        ) as response:  # fmt: skip
            body = await response.read()
            return response.status, await response.json() if body else {}

    async def service(self, port: int, method: str, path: str) -> str:
        """Who answers, or nobody."""
        status, said = await self.ask(port, path, method)
        return said["service"] if status == 200 else NOBODY

    async def listens(self) -> bool:
        """Whether it takes connections already."""
        try:
            return bool(await self.ask(PUBLIC, "/"))
        except ClientError:
            return False


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def front(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    """Caddy, running until the module's end."""
    folder = tmp_path_factory.mktemp("proxy")
    certificate(folder)
    ports = {port: free_port() for port in (PLAIN, PUBLIC, *STAFF.values())}
    behind = {service: free_port() for service in SERVICES}
    text = CADDYFILE.replace("/run/secrets/tls", str(folder))
    for port, own in ports.items():
        text = text.replace(f"\n:{port} {{", f"\n:{own} {{")
    for service, port in behind.items():
        text = text.replace(f" {service}:8080", f" 127.0.0.1:{port}")
    (folder / "Caddyfile").write_text(text)
    async with AsyncExitStack() as stack:
        for service, port in behind.items():
            runner = web.AppRunner(speaker(service))
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", port).start()
        http = await stack.enter_async_context(ClientSession())
        command = ["caddy", "run", "--adapter", "caddyfile", "--config", f"{folder}/Caddyfile"]
        env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
        running = Process("caddy", command, env=env, output=folder / "log", restart=False)
        await running.start()
        stack.push_async_callback(running.stop)
        opened = Front(http, ports)
        await eventually(opened.listens, True)
        yield opened


async def test_citizens_reach_every_public_endpoint_of_intake(front: Front) -> None:
    """On 443, and the files that WeChat asks for beside them."""
    public = [one for one in TABLES["intake"] if one.caller.kind == "public"]
    asked = [(one.method, path) for one in public for path in addresses("intake", one)]
    assert ["intake"] * len(asked) == [await front.service(PUBLIC, *one) for one in asked]
    assert "intake" == await front.service(PUBLIC, "GET", "/MP_verify_x.txt")
    assert "intake" == await front.service(PUBLIC, "GET", "/static/mark.svg")


async def test_vendors_report_on_the_public_side(front: Front) -> None:
    """Each to the service that bought from it; all vendors that there are."""
    for service, vendors in VENDORS.items():
        reports = [one for one in TABLES[service] if one.caller.kind == "vendor"]
        paths = [path for one in reports for path in addresses(service, one)]
        assert len(reports) * len(vendors) == len(paths)
        assert {service} == {await front.service(PUBLIC, "POST", path) for path in paths}


async def test_the_staffs_endpoints_are_not_on_the_public_side(front: Front) -> None:
    """Nothing of intake that asks for a role, and no path of another service leads to it there."""
    staff = [one for one in TABLES["intake"] if one.caller.kind == "staff"]
    asked = [(one.method, path) for one in staff for path in addresses("intake", one)]
    assert staff
    assert [] == [one for one in asked if await front.service(PUBLIC, *one) != NOBODY]
    assert "intake" == await front.service(PUBLIC, "GET", "/desk")
    assert "intake" == await front.service(PUBLIC, "POST", "/reports/nobody/x")


@pytest.mark.parametrize("service", SERVICES)
async def test_staff_reach_every_endpoint_at_the_services_own_port(
    front: Front, service: str
) -> None:
    """Also those whose path another service has, too."""
    asked = [
        (one.method, path) for one in TABLES[service] for path in addresses(service, one)
    ]  # fmt: skip
    assert {service} == {await front.service(STAFF[service], *one) for one in asked}


async def test_what_a_caller_says_about_itself_counts_for_nothing(front: Front) -> None:
    """The proxy tells the address that it sees, and the host that was asked for."""
    _, heard = await front.ask(PUBLIC, "/", **{FORWARDED: "203.0.113.9"})
    assert {"service": "intake", FORWARDED: "127.0.0.1", "host": HOST} == heard


async def test_without_tls_one_is_led_to_it(front: Front) -> None:
    """308 keeps a form's method."""
    address = f"http://127.0.0.1:{front.ports[PLAIN]}/w/x?a=1"
    async with front.http.get(
        address, headers={"Host": HOST}, allow_redirects=False
    ) as response:  # fmt: skip
        assert (308, f"https://{HOST}/w/x?a=1") == (response.status, response.headers["Location"])


def test_no_ops_port_is_behind_it() -> None:
    """Health, metrics and what else listens there are for the machine's own network."""
    assert {"8080"} == set(re.findall(r"reverse_proxy \w+:(\d+)", CADDYFILE))
    assert {"8080"} == {told(service)["MASHANG_HTTP_PORT"] for service in SERVICES}
    assert {"9080"} == {told(service)["MASHANG_OPS_PORT"] for service in SERVICES}


def test_staff_are_led_to_the_ports_that_there_are() -> None:
    """The switch between services and the proxy agree, and Compose opens just these."""
    urls = config.urls(told("verification")["MASHANG_STAFF_URLS"])
    assert {name: f"https://{HOST}:{port}" for name, port in STAFF.items()} == urls
    opened = {"443:8443", "80:8000", *(f"{port}:{port}" for port in STAFF.values())}
    assert opened == set(ONES["proxy"]["ports"])
