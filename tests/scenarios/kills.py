"""kill -9 of a sync at random moments."""
import subprocess
import time


def is_killed(made, chance, seconds, *flags):
    """Starts `dunlin sync erp` and kills it within `seconds`; false when it had ended by itself."""
    process = subprocess.Popen(made.command("sync", "erp", *flags), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        process.wait(chance.uniform(0.05, seconds))
        return False
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return True


def sync_under_kills(made, chance, most, seconds):
    """Syncs again and again and kills each, up to `most` of them; then lets it end. How many were killed."""
    kills = 0
    while kills < most and is_killed(made, chance, seconds):
        kills += 1
    finish(made, "sync", "erp")
    return kills


def finish(made, *arguments):
    """Runs it to its end. The lease of a killed run has to run out; it is short for a dead process on this host."""
    while True:
        done = made.run(*arguments, check=False)
        if done.returncode != 5:
            assert done.returncode == 0, done.stdout + done.stderr
            return done
        time.sleep(0.5)
