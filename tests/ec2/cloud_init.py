"""What cloud-init does with user data at a machine's first boot, as far as the launcher's go."""

from __future__ import annotations

import email
import gzip
import subprocess

from hosts import Host

SCRIPTS = "/var/lib/cloud/instance/scripts"


def parts(data: bytes) -> list[tuple[str, str, bytes]]:
    """Content type, name and content of each part."""
    text = gzip.decompress(data)
    # By this cloud-init tells a message of parts from a file.
    assert b"mime-version:" in text[:4096].lower()
    return [
        (part.get_content_type(), part.get_filename() or "", part.get_payload(decode=True))
        for part in email.message_from_bytes(text).walk()
        if not part.is_multipart()
    ]


def boot(host: Host, data: bytes) -> list[int]:
    """Runs the scripts in the order of their names, and goes on after one that fails; their exit
    statuses."""
    found = {}
    for kind, name, content in parts(data):
        if kind == "text/x-shellscript":
            found[f"{SCRIPTS}/{name}"] = content
    for path, content in found.items():
        host.give(path, content, "700")
    # No more of an environment than that, not even a home.
    return [
        subprocess.run(
            host.inside("env", "SPARKNET_SERVICES=/run/services.sh", path),
            stdin=subprocess.DEVNULL,
            check=False,
        ).returncode
        for path in sorted(found)
    ]
