"""What the durable queue promises, on disks that fail: power cuts, kills, full, read-only and slow ones.

    scripts/durability-test [--daemon FILE] [--cuts N] [--kills N] [--minutes M] [--sync MODE] [--only NAME]

Agents note each 202; analyzers note each packet that they take, with the digest of its body. In the end every packet
that was acknowledged has been taken, as it was sent. Power is cut on an ext4 of its own in a loop device, by the ioctl
that shuts the file system down without writing anything: this and the other disks need root, and are left out without it.
"""
import argparse
import fcntl
import os
import random
import signal
import struct
import sys
import time

from durable_kills import kills
from durable_room import Agents, Room, run

EXT4_SHUTDOWN = 0x8004587D  # EXT4_IOC_SHUTDOWN
WITHOUT_FLUSH = 2
SLOW_SYNC = r"""
#include <unistd.h>
#include <time.h>
#include <sys/syscall.h>
int fdatasync(int fd) {
  struct timespec wait = {0, 300000000};
  nanosleep(&wait, 0);
  return (int)syscall(SYS_fdatasync, fd);
}
"""


def power_cuts(room, options):
    image = room.image(128)
    for cut in range(options.cuts):
        queue = room.mount("-o", "loop", image)
        daemon = room.daemon(queue)
        room.all_up(is_up=cut % 3 != 0, latency=0.02)
        agents = Agents(f"cut{cut}", daemon.packets)
        time.sleep(0.3 + random.random())
        root = os.open(room.mounted, os.O_RDONLY)
        # What is answered later is no promise: with the power, the daemon would be gone, too.
        room.accepted.update(agents.accepted.copy())
        fcntl.ioctl(root, EXT4_SHUTDOWN, struct.pack("I", WITHOUT_FLUSH))
        os.close(root)
        daemon.end()
        agents.stop()
        room.unmount()
        queue = room.mount("-o", "loop", image)
        room.all_up()
        daemon = room.daemon(queue)
        daemon.await_empty()
        daemon.end()
        room.unmount()
    return room.check()


def full_disk(room, _):
    queue = room.mount("-t", "tmpfs", "-o", "size=4m", "none")
    daemon = room.daemon(queue, QUEUE__MAX_PACKETS="50")
    room.all_up(is_up=False)
    agents = Agents("full", daemon.packets)
    daemon.await_that(lambda: agents.refused > 20)
    room.stop(agents)
    assert len(agents.accepted) > 500, "most of the disk was used"
    assert daemon.metric("logdist_queue_disk_errors_total") > 0
    room.all_up()
    daemon.await_empty()
    agents = Agents("again", daemon.packets)
    daemon.await_that(lambda: len(agents.accepted) > 100)
    room.stop(agents)
    daemon.await_empty()
    daemon.end()
    return room.check()


def read_only(room, _):
    image = room.image(64)
    queue = room.mount("-o", "loop", image)
    daemon = room.daemon(queue)
    room.all_up(latency=0.02)
    agents = Agents("read-only", daemon.packets)
    daemon.await_that(lambda: len(agents.accepted) > 100)
    run("mount", "-o", "remount,abort", room.mounted)  # as the kernel does it after an error of the disk
    daemon.await_that(lambda: daemon.metric("logdist_queue_disk_errors_total") > 0)
    room.stop(agents)
    daemon.await_empty()
    assert daemon.get("/healthz")[0] == 200
    daemon.end()
    room.unmount()
    queue = room.mount("-o", "loop", image)
    daemon = room.daemon(queue)
    daemon.await_empty()
    daemon.end(signal.SIGTERM)
    room.unmount()
    queue = room.mount("-o", "loop,ro", image)
    try:
        room.daemon(queue)
    except AssertionError as error:
        assert "Read-only file system" in str(error), error
    else:
        raise AssertionError("it has started on a disk that it cannot write")
    return room.check()


def slow_disk(room, _):
    source, library = os.path.join(room.folder, "slow.c"), os.path.join(room.folder, "slow.so")
    with open(source, "w") as file:
        file.write(SLOW_SYNC)
    run("cc", "-shared", "-fPIC", "-o", library, source)
    os.environ["LD_PRELOAD"] = library
    os.environ["ASAN_OPTIONS"] = "verify_asan_link_order=0"
    try:
        daemon = room.daemon(os.path.join(room.folder, "queue"))
    finally:
        del os.environ["LD_PRELOAD"], os.environ["ASAN_OPTIONS"]
    room.all_up()
    agents = Agents("slow", daemon.packets)
    # A packet that an analyzer takes does not wait for the disk.
    daemon.await_that(lambda: len(agents.accepted) > 1000)
    for _ in range(20):
        assert daemon.get("/healthz")[0] == 200
    room.stop(agents)
    slow = daemon.metric("logdist_queue_sync_duration_seconds_sum") / daemon.metric(
        "logdist_queue_sync_duration_seconds_count")
    assert slow > 0.3, f"a sync took {slow} s"

    daemon.await_empty()
    daemon.end()
    return room.check()


SCENARIOS = {"power-cuts": (power_cuts, True), "kills": (kills, False), "full-disk": (full_disk, True),
             "read-only": (read_only, True), "slow-disk": (slow_disk, False)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--daemon", default="build/release/log-distributor")
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--minutes", type=float, help="of kills, instead of a number of them")
    parser.add_argument("--sync", help="queue.sync of all lives that are killed (default another one each time)")
    parser.add_argument("--only", choices=SCENARIOS)
    options = parser.parse_args()
    can_mount = os.geteuid() == 0 and os.path.exists("/dev/loop-control")
    failed = False
    for name, (scenario, needs_root) in SCENARIOS.items():
        if options.only not in (None, name):
            continue
        if needs_root and not can_mount:
            print(f"{name}: left out, it needs root and loop devices")
            continue
        room = Room(options.daemon)
        begun = time.monotonic()
        try:
            print(f"{name}: {scenario(room, options)} ({time.monotonic() - begun:.0f} s)", flush=True)
        except AssertionError as error:
            print(f"{name}: FAILED: {error}", flush=True)
            failed = True
        finally:
            room.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
