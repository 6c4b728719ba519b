# How a server is; from a leader, how what it leads is: the servers among themselves, and what runs, fails and waits for room.
import json, os, time
from collections import Counter, defaultdict
from report import ask, host, metric, part

acl = json.load(open("/etc/cluster/acl.json"))
consul = lambda path: ask("http://127.0.0.1:8500/v1/" + path, acl["consul"]["management"])
nomad = lambda path: ask("https://127.0.0.1:4646/v1/" + path, acl["nomad"]["BootstrapSecret"])

def servers(program, health):
    metric("HealthyServers", "Count", sum(each["Healthy"] and each["Voter"] for each in health["Servers"]), Program=program)

# What backup.sh has noted.
def backup(program):
    file = "/run/cluster/backup-" + program
    if os.path.exists(file):
        metric("BackupAge", "Seconds", time.time() - int(open(file).read()), Program=program)

def jobs(nodes, allocations, blocked):
    states = Counter(each["ClientStatus"] for each in allocations)
    metric("RunningAllocations", "Count", states["running"])
    metric("FailedAllocations", "Count", states["failed"] + states["lost"])
    metric("BlockedEvaluations", "Count", len(blocked))
    metric("DownNodes", "Count", sum(node["Status"] == "down" for node in nodes))

# CPU and memory.
def sizes(of):
    return [of["Cpu"]["CpuShares"], of["Memory"]["MemoryMB"]]

def total(of):
    return [sum(kind) for kind in zip([0, 0], *of)]

# Of each pool, in percent of its ready workers: what runs and what waits for room, in CPU or memory, whichever is more.
def need(nodes, allocations, blocked):
    rooms, placed, waiting = defaultdict(list), defaultdict(list), defaultdict(list)
    for node in nodes:
        if node["Status"] == "ready" and node["SchedulingEligibility"] == "eligible":
            room = zip(sizes(node["NodeResources"]), sizes(node["ReservedResources"]))
            rooms[node["NodeClass"]].append([size - reserved for size, reserved in room])
    pools = {node["ID"]: node["NodeClass"] for node in nodes}
    for each in allocations:
        if each["ClientStatus"] in ("pending", "running"):
            placed[pools.get(each["NodeID"])] += map(sizes, each["AllocatedResources"]["Tasks"].values())
    for evaluation in blocked:
        # To a system job another worker is no help.
        for failed in (evaluation["FailedTGAllocs"] or {}).values() if evaluation["Type"] != "system" else ():
            # What workers had no room for, of all instances that were not placed.
            lacked = total([task["CPU"], task["MemoryMB"]] for task in (failed["ResourcesExhausted"] or {}).values())
            cpu, memory = (size / (1 + failed["CoalescedFailures"]) for size in lacked)
            for pool in failed["ClassExhausted"] or ():
                # What no worker of the pool could hold brings none.
                if any(cpu <= room[0] and memory <= room[1] for room in rooms[pool]):
                    waiting[pool].append(lacked)
    for pool in filter(rooms.get, list(rooms)):
        percent = max(100 * all / has for all, has in zip(total(placed[pool] + waiting[pool]), total(rooms[pool])))
        # In pieces there may be room enough; what does not fit into one makes the pool full all the same.
        metric("Need", "Percent", max(percent, 100 if waiting[pool] else 0), Pool=pool)

host(consul("agent/members"), nomad("agent/members"))
for program, agent, port in ("consul", consul, 8300), ("nomad", nomad, 4647):
    if agent("status/leader") == "%s:%d" % (os.environ["ADDRESS"], port):
        part(servers, program, agent("operator/autopilot/health"))
        part(backup, program)
        if agent == nomad:
            state = list(map(nomad, ["nodes?resources=true", "allocations?resources=true", "evaluations?status=blocked"]))
            part(jobs, *state)
            part(need, *state)
