"""Choose ports on loopback: any free one, a preferred one, or exactly the one asked for."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from lab.errors import PortTaken

LOOPBACK = "127.0.0.1"

type Say = Callable[[str], None]


def silent(_sentence: str) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Wish:
    """A port somebody would like; 0 is "any".

    `option` names how it was asked for ("--port"). With it the wish is a must; without it a taken
    port is replaced by a free one.
    """

    port: int = 0
    option: str = ""


ANY = Wish()


def listen(port: int = 0) -> socket.socket:
    """Open a listening socket on loopback; port 0 takes any free one."""
    # Named TCP: asyncio turns Nagle off only there, and with it each answer takes 40 ms.
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    # A port whose last connections are still winding down is free for us.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((LOOPBACK, port))
        sock.listen(2048)
    except OSError as error:
        sock.close()
        raise PortTaken(f"port {port} cannot be used: {error.strerror}") from error
    sock.setblocking(False)  # noqa: FBT003 - the socket API
    return sock


def port_of(sock: socket.socket) -> int:
    """Read off which port a socket is bound to."""
    return int(sock.getsockname()[1])


def settle(*wishes: Wish, say: Say = silent) -> tuple[int, ...]:
    """Turn wishes into ports that are free now and differ from each other.

    Says which port was taken and what is used instead. Raises `PortTaken` where the taken one was
    asked for by an option.
    """
    with ExitStack() as held:
        return tuple(_settle(wish, held, say) for wish in wishes)


def _settle(wish: Wish, held: ExitStack, say: Say) -> int:
    try:
        return port_of(held.enter_context(listen(wish.port)))
    except PortTaken as error:
        if wish.option:
            raise PortTaken(
                f"{error}; choose another with {wish.option}, or leave it out and any free port "
                "is taken"
            ) from error
    port = port_of(held.enter_context(listen()))
    say(f"port {wish.port} is taken, using {port}")
    return port
