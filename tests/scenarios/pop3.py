"""Dovecot as a POP3 server on loopback, an ordinary process with its own configuration, gone at exit."""
import atexit
import grp
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

DOVECOT = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")

CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = pop3
listen = 127.0.0.1
mail_location = maildir:{folder}/box
ssl = required
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 1
passdb {{
  driver = static
  args = password=right
}}
userdb {{
  driver = static
  args = uid={owner} gid={owner_group} home={folder}/home
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = 0
  }}
  inet_listener pop3s {{
    port = {port}
  }}
}}
service anvil {{
  chroot =
}}
"""


class Pop3:
    """Its one mailbox is the maildir `box`; the password of every user is "right"."""

    def __init__(self):
        if not DOVECOT:
            print("skipped: there is no dovecot")
            sys.exit(77)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-pop3-"))
        self.folder.chmod(0o755)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.server = f"127.0.0.1:{self.port}"
        self.ca_file = self.folder / "cert.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                        "-keyout", self.folder / "key.pem", "-out", self.ca_file], check=True, capture_output=True)
        me = pwd.getpwuid(os.getuid()).pw_name
        my_group = grp.getgrgid(os.getgid()).gr_name
        is_root = os.getuid() == 0
        # Dovecot serves no mail of root's.
        self.owner = "nobody" if is_root else me
        owner_group = "nogroup" if is_root else my_group
        for place in ("home", "box", "box/new", "box/cur", "box/tmp"):
            (self.folder / place).mkdir()
            if is_root:
                shutil.chown(self.folder / place, self.owner, owner_group)
        config = self.folder / "dovecot.conf"
        config.write_text(CONFIG.format(
            folder=self.folder, internal="dovecot" if is_root else me, group="dovecot" if is_root else my_group,
            login="dovenull" if is_root else me, owner=self.owner, owner_group=owner_group, port=self.port))
        self.process = subprocess.Popen([DOVECOT, "-F", "-c", config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        atexit.register(self.stop)
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError((self.folder / "log").read_text())

    def put(self, name, text):
        path = self.folder / "box/new" / name
        path.write_text(text)
        if os.getuid() == 0:
            shutil.chown(path, self.owner)

    def count(self):
        return sum(1 for place in ("new", "cur") for _ in (self.folder / "box" / place).iterdir())

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
