"""The daemon is killed again and again, and what its analyzers get twice is compared with what was in doubt.

In doubt at a kill is what an analyzer has taken while the directory, read by `queue list`, says that it is still queued:
its settlement had not been written. Each such packet may come once more. Any other packet that comes again is a fault.
"""
import random
import subprocess
import time

from durable_room import Agents

MODES = ("always", "5ms", "off")


class Doubts:
    def __init__(self, room):
        self.room = room
        self.permitted = {}  # id → how often it may be taken; once is not listed
        self.at_kills = []
        self.age_max_s = 0.0

    def queued(self, directory):
        listed = subprocess.run([self.room.binary, "queue", "list", "--directory", directory], check=True,
                                capture_output=True, text=True).stdout
        rows = (line.split() for line in listed.splitlines())
        return {row[4] for row in rows if row[1] == "queued"}

    def note(self, directory, killed_at):
        """After a kill, before the next start."""
        for analyzer in self.room.analyzers:
            analyzer.await_quiet()
        queued, taken, doubtful = self.queued(directory), self.room.taken(), 0
        self.check(taken)
        for packet_id in queued & taken.keys():
            if len(taken[packet_id]) < self.permitted.get(packet_id, 1):
                continue  # in doubt since an earlier kill, and not sent since
            self.permitted[packet_id] = len(taken[packet_id]) + 1
            doubtful += 1
            at = max(analyzer.taken_at.get(packet_id, 0) for analyzer in self.room.analyzers)
            self.age_max_s = max(self.age_max_s, killed_at - at)
        self.at_kills.append(doubtful)

    def check(self, taken):
        again = [packet_id for packet_id, digests in taken.items()
                 if len(digests) > self.permitted.get(packet_id, 1)]
        assert not again, f"{len(again)} packets came again that were not in doubt, such as {again[:3]}"

    def summary(self):
        return (f"{len(self.at_kills)} kills with {sum(self.at_kills)} packets in doubt, at most {max(self.at_kills)} at one, "
                f"taken at most {1000 * self.age_max_s:.0f} ms before it; 0 sent again that were not in doubt")


def kills(room, options):
    queue = f"{room.folder}/queue"
    doubts = Doubts(room)
    begun = time.monotonic()
    while time.monotonic() - begun < 60 * options.minutes if options.minutes else len(doubts.at_kills) < options.kills:
        kill = len(doubts.at_kills)
        # No attempt ends in doubt but by a kill: a packet is not sent again because a loaded machine was slow.
        daemon = room.daemon(queue, QUEUE__SYNC=options.sync or random.choice(MODES), QUEUE__MAX_PACKETS="100",
                             DELIVERY__TIMEOUT="60s")
        room.all_up(is_up=kill % 4 != 0, latency=random.choice([0, 0.01, 0.05]))
        agents = Agents(f"life{kill}", daemon.packets)
        time.sleep(0.5 + 2 * random.random())
        killed_at = daemon.kill()
        room.stop(agents)
        doubts.note(queue, killed_at)
    room.all_up()
    daemon = room.daemon(queue, DELIVERY__TIMEOUT="60s")
    daemon.await_empty()
    daemon.end()
    doubts.check(room.taken())
    return f"{room.check()}; {doubts.summary()}"
