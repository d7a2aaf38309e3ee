"""Imported by every Python process of a test that has this folder on PYTHONPATH: no way out of the machine.

Attempts are refused, and written to the file that NETWORK_ATTEMPTS names, also those of forked processes.
"""

import os
import socket

LOCAL = ("", "localhost", "::1", "0.0.0.0")
resolve, ORIGINAL = socket.getaddrinfo, socket.socket


def refuse(host):
    """Note an attempt to reach a host, unless it is this machine; true if it must fail."""
    host = host.decode() if isinstance(host, bytes) else host
    if host is None or host in LOCAL or host.startswith("127."):
        return False
    with open(os.environ["NETWORK_ATTEMPTS"], "a", encoding="utf-8") as log:
        log.write(f"{host}\n")
    return True


def guarded_getaddrinfo(host, *arguments, **settings):
    if refuse(host):
        raise socket.gaierror(socket.EAI_NONAME, "refused by a test")
    return resolve(host, *arguments, **settings)


class GuardedSocket(ORIGINAL):
    """A socket that reaches this machine alone."""

    def connect(self, address):
        self._check(address)
        return super().connect(address)

    def connect_ex(self, address):
        self._check(address)
        return super().connect_ex(address)

    def sendto(self, *arguments):
        self._check(arguments[-1])
        return super().sendto(*arguments)

    def _check(self, address):
        if isinstance(address, tuple) and refuse(address[0]):
            raise ConnectionRefusedError("refused by a test")


socket.getaddrinfo, socket.socket = guarded_getaddrinfo, GuardedSocket
