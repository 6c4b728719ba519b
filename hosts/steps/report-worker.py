# How a worker is, and what the services that run on it have done since the last report: requests, errors, times.
import json, os, re, subprocess
from collections import defaultdict
from report import ask, fetch, host, metric, part

file = "/run/cluster/report.json"
# Times of requests, without health checks, which are no visitors.
times = r'^(?:http|traefik_entrypoint)_request_duration_seconds_(count|sum)\{(?!.*(?:route="/health/|entrypoint="admin"))(.*)\} (.+)'
delays = r"^nodejs_eventloop_lag_p99_seconds.* (.+)"

# Of requests the count and the seconds, and how many of them failed, since the process began.
def totals(text):
    count = seconds = failed = 0
    for kind, labels, value in re.findall(times, text, re.M):
        if kind == "sum":
            seconds += float(value)
        else:
            count += float(value)
            failed += float(value) * bool(re.search('(status|code)="5', labels))
    return [count, seconds, failed]

def look(service):
    text = fetch("http://%s:%s/metrics" % (service["Address"], service["Meta"]["metrics_port"]))
    name, now, before = service["Service"], totals(text), last.get(service["ID"], [0, 0, 0])
    counted[service["ID"]] = now
    # One that has counted less than before has begun anew.
    counts[name].append([after - count * (before[0] <= now[0]) for after, count in zip(now, before)])
    lags[name] += map(float, re.findall(delays, text, re.M))

def statistics(count, sum, least, most):
    return {"SampleCount": count, "Sum": sum, "Minimum": least, "Maximum": most}

def say(name):
    count, seconds, failed = (sum(kind) for kind in zip(*counts[name]))
    if count and last:
        mean = 1000 * seconds / count
        metric("Latency", "Milliseconds", statistics(count, mean * count, mean, mean), Service=name)
        metric("Errors", "Percent", statistics(count, 100 * failed, 100 * (failed == count), 100 * (failed > 0)), Service=name)
    if lags[name]:
        metric("EventLoopDelay", "Milliseconds", 1000 * max(lags[name]), Service=name)

docker = subprocess.run(["timeout", "5", "docker", "version"], capture_output=True).returncode
agent = json.load(open("/etc/consul.d/secrets.json"))["acl"]["tokens"]["agent"]
services = ask("http://127.0.0.1:8500/v1/agent/services", agent)
host(services, ask("https://127.0.0.1:4646/v1/agent/health"), None if docker else 0)
# Without a report before, what was counted may be days old.
last = json.load(open(file)) if os.path.exists(file) else {}
counted, counts, lags = {}, defaultdict(list), defaultdict(list)
for service in (services or {}).values():
    if "metrics_port" in service["Meta"]:
        part(look, service)
for name in counts:
    part(say, name)
os.makedirs("/run/cluster", exist_ok=True)
json.dump(counted, open(file, "w"))
