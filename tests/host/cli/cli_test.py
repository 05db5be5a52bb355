"""The program as a person meets it: every subcommand, its refusals first, with exit codes and what stands on stderr."""
import csv
import io
import json
import os
import pathlib
import shutil
import signal
import stat
import subprocess
import tempfile
import unittest
import urllib.error
import urllib.request

DUNLIN = os.environ["DUNLIN"]
TEST_PLUGINS = pathlib.Path(os.environ["DUNLIN_TEST_PLUGINS"])


def run(*arguments, stdin="", env=None):
    return subprocess.run([DUNLIN, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=120,
                          env={**os.environ, **(env or {})})


class Shared(unittest.TestCase):
    """One instance with the plugin in C beside the shipped ones."""

    @classmethod
    def setUpClass(cls):
        cls.base = pathlib.Path(tempfile.mkdtemp(prefix="dunlin-cli-"))
        cls.addClassCleanup(shutil.rmtree, cls.base, ignore_errors=True)
        (cls.base / "plugins").mkdir()
        (cls.base / "plugins/hello_c").symlink_to(TEST_PLUGINS / "hello_c")
        cls.folder = cls.base / "instance"
        made = run("init", cls.folder, "--zone", "Europe/Berlin", "--source", f"erp=csv:{cls.base / 'drop'}")
        assert made.returncode == 0, made.stderr
        cls.init_output = made.stdout
        (cls.base / "drop").mkdir()
        with open(cls.folder / "dunlin.toml", "a") as config:
            config.write(f'\n[plugins]\nfolders = ["{cls.base / "plugins"}"]\n[http]\nport = 0\n')
        run("--instance", cls.folder, "migrate", "apply")

    def ok(self, *arguments, **options):
        done = run("--instance", self.folder, *arguments, **options)
        self.assertEqual(done.returncode, 0, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def refused(self, code, needle, *arguments, **options):
        done = run("--instance", self.folder, *arguments, **options)
        self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        self.assertTrue(done.stderr.startswith("dunlin: "), done.stderr)
        self.assertIn(needle, done.stderr)
        return done


class Init(Shared):
    def test_a_folder_with_content_is_refused_and_stays_as_it_was(self):
        full = self.base / "full"
        full.mkdir()
        (full / "mine").write_text("x")
        self.refused(5, "empty", "init", full)
        self.assertEqual([p.name for p in full.iterdir()], ["mine"])

    def test_a_failed_init_leaves_nothing_in_the_way(self):
        folder = self.base / "failed"
        self.refused(6, "127.0.0.1", "init", folder, "--store", "postgresql:host=127.0.0.1 port=1 dbname=x user=y")
        self.assertEqual(list(folder.iterdir()), [])
        self.refused(2, "time zone", "init", folder, "--zone", "Mars/Olympus")
        self.refused(2, "NAME=CONNECTOR:FOLDER", "init", folder, "--source", "erp")
        self.assertEqual(run("init", folder).returncode, 0)

    def test_what_it_makes_is_private(self):
        for path in self.folder.rglob("*"):
            mode = stat.S_IMODE(path.stat().st_mode)
            if path.is_dir() or path.parent.name in ("tokens", "secrets"):
                self.assertEqual(mode & 0o077, 0, f"{path} {mode:o}")
        self.assertTrue((self.folder / "tokens/administrator").is_file())
        self.assertGreaterEqual(len((self.folder / "secrets/key").read_text().strip()), 32)
        self.assertIn("tokens/administrator", self.init_output)
        self.assertNotIn((self.folder / "tokens/administrator").read_text().strip(), self.init_output)


class Usage(Shared):
    def test_wrong_usage_is_refused_with_2(self):
        self.refused(2, "--help", "nonsense")
        self.refused(2, "--help", "call")
        self.refused(2, "--help", "sync")
        self.refused(2, "--help", "--format", "xml", "plugin", "list")
        self.refused(2, "2023-02-30", "--today", "2023-02-30", "call", "hello_c.recall")
        self.refused(2, "--today", "--today", "2024-05-31", "doctor")

    def test_help_and_version_are_no_errors(self):
        self.assertIn("init", self.ok("--help"))
        self.assertIn("dunlin", self.ok("--version"))

    def test_an_instance_that_is_none_is_refused(self):
        done = run("--instance", self.base / "none", "plugin", "list")
        self.assertEqual(done.returncode, 4)
        self.assertIn("dunlin init", done.stderr)

    def test_the_instance_comes_from_the_environment_too(self):
        done = run("plugin", "list", env={"DUNLIN_INSTANCE": str(self.folder)})
        self.assertEqual(done.returncode, 0, done.stderr)


class Call(Shared):
    def test_refusals_name_the_thing(self):
        self.refused(4, "hello_c.forget", "call", "hello_c.forget")
        self.refused(2, "name=value", "call", "hello_c.remember", "text")
        self.refused(2, "colour", "call", "hello_c.remember", "text=a", "colour=red")
        self.refused(2, "--json", "call", "hello_c.remember", "--json", "[1]")
        self.refused(4, "nothing.json", "call", "hello_c.remember", "--json", "@/tmp/nothing.json")

    def test_a_request_comes_from_pairs_text_file_or_standard_input(self):
        file = self.base / "request.json"
        file.write_text('{"text": "from a file"}')
        self.ok("call", "hello_c.remember", "text=from pairs")
        self.ok("call", "hello_c.remember", "--json", '{"text": "from text"}')
        self.ok("call", "hello_c.remember", "--json", f"@{file}")
        self.ok("call", "hello_c.remember", "--json", "-", stdin='{"text": "from input"}')
        notes = json.loads(self.ok("call", "hello_c.recall", "--format", "json"))["notes"]
        self.assertLessEqual({"from pairs", "from text", "from a file", "from input"}, {n["text"] for n in notes})
        rows = list(csv.DictReader(io.StringIO(self.ok("call", "hello_c.recall", "--format", "csv"), newline="")))
        self.assertEqual([r["text"] for r in rows], [n["text"] for n in notes])
        self.assertIn("from pairs", self.ok("call", "hello_c.recall"))

    def test_the_same_idempotency_key_gives_the_first_reply(self):
        key = ["call", "hello_c.remember", "text=once", "--idempotency-key", "k1", "--format", "json"]
        self.assertEqual(self.ok(*key), self.ok(*key))


class Operations(Shared):
    def test_plugins(self):
        listed = {p["id"]: p for p in json.loads(self.ok("plugin", "list", "--format", "json"))}
        self.assertEqual(listed["hello_c"]["state"], "started")
        self.assertIn("hello_c.remember", self.ok("plugin", "info", "hello_c"))
        self.refused(4, "nothing", "plugin", "info", "nothing")
        safe = {p["id"]: p for p in json.loads(self.ok("--safe-mode", "plugin", "list", "--format", "json"))}
        self.assertEqual(safe["hello_c"]["state"], "blocked")
        self.assertIn("safe mode", safe["hello_c"]["reason"])

    def test_migrations(self):
        fresh = self.base / "migrated"
        self.assertEqual(run("init", fresh).returncode, 0)
        with open(fresh / "dunlin.toml", "a") as config:
            config.write(f'[plugins]\nfolders = ["{self.base / "plugins"}"]\n')
        planned = run("--instance", fresh, "migrate", "plan")
        self.assertIn("CREATE TABLE hello_c_note", planned.stdout)
        self.assertNotIn("CREATE TABLE dunlin_", planned.stdout)
        self.assertIn("applied hello_c", run("--instance", fresh, "migrate", "apply").stdout)
        self.assertIn("Nothing is pending", run("--instance", fresh, "migrate", "plan").stdout)

    def test_events(self):
        self.ok("call", "hello_c.remember", "text=event")
        self.assertIn("delivered", self.ok("events", "deliver"))
        self.assertIn("subscribers", self.ok("events", "status"))
        self.assertEqual(self.ok("events", "list"), "(none)\n")
        self.refused(2, "dead or waiting", "events", "list", "--state", "happy")
        self.refused(4, "dead letter", "events", "replay", "hello_c", "17")
        self.assertIn("0 deliveries", self.ok("events", "replay", "hello_c"))

    def test_jobs(self):
        self.ok("jobs", "list")
        self.assertIn("jobs ran", self.ok("run-jobs"))
        self.refused(4, "17", "jobs", "cancel", "17")
        self.refused(4, "17", "jobs", "retry", "17")

    def test_backup(self):
        full = self.base / "full_backup"
        full.mkdir()
        (full / "mine").write_text("x")
        self.refused(5, "empty", "backup", full)
        self.ok("backup", self.base / "backup")
        self.assertTrue((self.base / "backup/dunlin.db").is_file())
        self.assertTrue((self.base / "backup/dunlin.toml").is_file())

    def test_tokens(self):
        self.refused(2, "hello_c_writer", "token", "create", "--role", "nobody")
        self.refused(2, "moon", "token", "create", "--role", "hello_c_writer", "--scope", "moon=full")
        token = self.ok("token", "create", "--role", "hello_c_writer").strip()
        self.assertGreater(len(token), 30)
        self.assertNotIn(token, (self.folder / "data/dunlin.db").read_bytes().decode("latin-1"))


class Sync(Shared):
    def test_sync(self):
        self.refused(4, "moon", "sync", "moon")
        self.ok("sync", "erp", "--check")
        (self.base / "drop/customer-1.csv").write_text(
            "external_id,number,name,kind,currency\nC1,C1,Good Ltd,company,EUR\n")
        report = json.loads(self.ok("sync", "erp", "--format", "json"))
        self.assertIsInstance(report, dict)
        self.ok("sync", "status")
        self.assertEqual(json.loads(self.ok("sync", "quarantine", "list", "erp", "--format", "json")), [])
        self.ok("sync", "quarantine", "retry", "erp")

    def test_a_quarantined_row_is_corrected(self):
        file = self.base / "drop/customer-2.csv"
        file.write_text("external_id,number,name,kind,currency\nC2,C2,Bad Ltd,moon,EUR\n")
        os.utime(file, (1, 1))  # It has long settled.
        self.ok("sync", "erp")
        row = json.loads(self.ok("sync", "quarantine", "list", "erp", "--format", "json"))[0]
        self.assertEqual((row["entity"], row["row"]), ("customer", "C2"))
        self.refused(4, "C9", "sync", "quarantine", "fix", "erp", "customer", "C9", "kind=company")
        self.refused(2, "colour", "sync", "quarantine", "fix", "erp", "customer", "C2", "colour=red")
        self.assertIn("still refused", self.ok("sync", "quarantine", "fix", "erp", "customer", "C2", "kind=sun"))
        self.assertIn("went through", self.ok("sync", "quarantine", "fix", "erp", "customer", "C2", "kind=company"))
        self.assertEqual(json.loads(self.ok("sync", "quarantine", "list", "erp", "--format", "json")), [])

    def test_a_connector_says_what_it_can_do(self):
        self.refused(4, "moon", "connector", "info", "moon")
        said = json.loads(self.ok("connector", "info", "csv", "--format", "json"))
        self.assertIn("invoice", [stream["name"] for stream in said["entities"]])


class Doctor(Shared):
    def test_a_sound_instance_is_well(self):
        findings = json.loads(self.ok("doctor", "--format", "json"))
        self.assertLessEqual({"config", "clock", "disk", "migrations", "tokens", "events", "jobs", "plugin hello_c", "kept secrets"},
                             {f["name"] for f in findings})

    def changed(self, name, text):
        copy = self.base / name
        copy.mkdir()
        (copy / "dunlin.toml").write_text(text)
        return run("--instance", copy, "doctor")

    def test_a_wrong_configuration_is_told_with_lines(self):
        done = self.changed("wrong", '[htpp]\nport = "many"\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn("dunlin.toml:1: unknown section [htpp]", done.stdout)

    def test_an_unreachable_database_is_told_without_its_password(self):
        done = self.changed("unreachable",
                            '[store]\nurl = "postgresql:host=127.0.0.1 port=1 dbname=x user=y password=hush"\n')
        self.assertEqual(done.returncode, 1)
        self.assertIn("FAIL  store", done.stdout)
        self.assertIn("127.0.0.1", done.stdout)
        self.assertNotIn("hush", done.stdout + done.stderr)


class Serve(Shared):
    def test_it_serves_until_it_is_asked_to_stop(self):
        for sent in (signal.SIGTERM, signal.SIGINT):
            process = subprocess.Popen([DUNLIN, "--instance", str(self.folder), "serve"], stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, text=True)
            try:
                address = process.stdout.readline().split()[-1]
                with urllib.request.urlopen(address + "/health") as health:
                    self.assertEqual(health.status, 200)
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    urllib.request.urlopen(address + "/api/v1/hello_c.recall")
                self.assertEqual(refused.exception.code, 401)
                refused.exception.close()
                token = (self.folder / "tokens/administrator").read_text().strip()
                asked = urllib.request.Request(address + "/api/v1/hello_c.recall",
                                               headers={"Authorization": "Bearer " + token})
                with urllib.request.urlopen(asked) as answer:
                    self.assertIn("notes", json.load(answer))
            finally:
                process.send_signal(sent)
                _, log = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0)
            self.assertNotIn(token, log)


if __name__ == "__main__":
    unittest.main()
