"""A port of this machine that the office gave to the program: had, or something else has it; then told, and tried again.

After a reboot another program may be first. Whoever waits for mails all night must not go without them for a page in a
browser, so the daemon goes on and its watch says that the door is shut.
"""

import socket
import sys
from ipaddress import ip_address

from intake.errors import OfficeError, system_words


class PortTakenError(OfficeError):
    """The port can't be had at present. `key`: the name of the setting, as the office writes it; `reason`: what the system said."""

    def __init__(self, key: str, port: int, reason: OSError, what: str) -> None:
        super().__init__(
            f"{key} 写的端口 {port} 不能使用（{system_words(reason)}），{what}没有打开。"
            "多半已被别的程序占用，请换一个大于 1024 的端口。"
        )


def bound(host: str, port: int) -> socket.socket:
    """Given an address and a port (0: any free one), return a socket that has it and listens. Raise OSError if not.

    Before it listens Linux gives the port to a second program as well, which then fails in the middle of its start.
    """
    door = socket.socket(socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET)
    try:
        if sys.platform != "win32":  # there it would let two programs have one port
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host, port))
        door.listen()
    except OSError:
        door.close()
        raise
    return door
