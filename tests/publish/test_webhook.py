"""Only a 2xx answer to the POST itself is a delivery; anything else leaves the alert due."""

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import pytest
import yaml

from roi_pipeline import notices, portfolio
from roi_pipeline.portfolio import Portfolio

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Answer = Callable[[socket.socket], None]


class Server:
    """A socket on this machine: `answer` writes to the first connection, 200 to the next ones."""

    def __init__(self, answer: Answer) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/hook"
        self.answer = answer
        self.requests: list[bytes] = []
        self.stopped = Event()
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while not self.stopped.is_set():
            with suppress(OSError):
                connection, _ = self.socket.accept()
                Thread(target=self._reply, args=(connection,), daemon=True).start()

    def _reply(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            connection.settimeout(2)
            self.requests.append(request_line(connection))
            (self.answer if len(self.requests) == 1 else says(OK))(connection)

    def close(self) -> None:
        self.stopped.set()
        self.socket.close()


def request_line(connection: socket.socket) -> bytes:
    """The first line of a request, once all of it has arrived."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next(
        (
            int(line.split(b":")[1])
            for line in head.split(b"\r\n")
            if line[:15].lower() == b"content-length:"
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head.partition(b"\r\n")[0]


def says(text: bytes) -> Answer:
    return lambda connection: connection.sendall(text)


def redirects(status: int, to: str) -> bytes:
    return f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def hang(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.recv(1)
        sleep(3)


def drip(connection: socket.socket) -> None:
    """A header that never ends, a byte at a time, each sooner than any timeout of the socket."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(200):
        connection.sendall(b"x")
        sleep(0.05)


def hang_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


REDIRECTS = (300, 301, 302, 303, 304, 305, 307, 308)
NO_DELIVERY: dict[str, Answer] = {
    **{f"{code} to itself": says(redirects(code, "/elsewhere")) for code in REDIRECTS},
    "302 to a file": says(redirects(302, "file:///etc/hostname")),
    "307 without a place": says(b"HTTP/1.1 307 Moved\r\nContent-Length: 0\r\n\r\n"),
    "400": says(b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"),
    "401": says(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n"),
    "404": says(b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"),
    "500": says(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"),
    "503": says(b"HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n"),
    "no answer": hang,
    "an answer without end": drip,
    "a connection that is closed": hang_up,
    "another protocol": says(b"SSH-2.0-OpenSSH_9\r\n"),
    "a status that is no number": says(b"HTTP/1.1 abc Oh\r\n\r\n"),
}
DELIVERY = {
    "200": says(OK),
    "201": says(b"HTTP/1.1 201 Made\r\nContent-Length: 0\r\n\r\n"),
    "204": says(b"HTTP/1.1 204 Empty\r\n\r\n"),
    "200 and a body that never comes": lambda connection: (
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"),
        sleep(2),
    ),
}


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Portfolio:
    monkeypatch.setattr(notices, "TIMEOUT_S", 0.5)
    system = {"id": "card-fraud", "name": "Card fraud", "scenario": "decision_matrix"}
    dates = {"invested_on": "2026-01-01", "live_on": "2026-01-01"}
    settings = {"portfolio": "acme", "reporting_currency": "USD", "systems": [system | dates]}
    (tmp_path / "portfolio.yaml").write_text(yaml.safe_dump(settings))
    return portfolio.load(tmp_path)


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Answer], Server]]:
    servers: list[Server] = []

    def start(answer: Answer) -> Server:
        servers.append(Server(answer))
        monkeypatch.setenv(notices.VARIABLE, servers[-1].url)
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.mark.parametrize("name", NO_DELIVERY)
def test_what_is_no_delivery_leaves_the_alert_due(
    acme: Portfolio, serve: Callable[[Answer], Server], name: str
) -> None:
    server = serve(NO_DELIVERY[name])
    started = monotonic()
    assert notices.tell_failed(acme, [], ["out of memory"]) == []
    assert monotonic() - started < 5
    assert server.requests == [b"POST /hook HTTP/1.1"]  # and nothing followed it
    assert len(notices.tell_failed(acme, [], ["out of memory"])) == 1
    assert server.requests == [b"POST /hook HTTP/1.1"] * 2
    assert notices.tell_failed(acme, [], ["out of memory"]) == []


@pytest.mark.parametrize("name", DELIVERY)
def test_any_2xx_is_a_delivery(
    acme: Portfolio, serve: Callable[[Answer], Server], name: str
) -> None:
    server = serve(DELIVERY[name])
    assert len(notices.tell_failed(acme, [], ["out of memory"])) == 1
    assert notices.tell_failed(acme, [], ["out of memory"]) == []
    assert server.requests == [b"POST /hook HTTP/1.1"]


@pytest.mark.parametrize("code", REDIRECTS)
def test_a_redirect_reaches_no_other_server(
    acme: Portfolio, serve: Callable[[Answer], Server], code: int
) -> None:
    """Neither with the alert nor with a GET: it could be any address of the internal network."""
    other = serve(says(OK))
    serve(says(redirects(code, other.url)))
    assert notices.tell_failed(acme, [], ["out of memory"]) == []
    assert other.requests == []
