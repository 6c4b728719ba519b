# What report-server.py and report-worker.py have in common. The figures are printed at the end, as a request to CloudWatch.
import atexit, json, os, ssl, sys, urllib.request

figures = []
atexit.register(lambda: print(json.dumps({"Namespace": os.environ["CLUSTER"], "MetricData": figures})))

# The answer's text, or JSON's null when there is none within two seconds.
def fetch(url, token=""):
    request = urllib.request.Request(url, headers={"Authorization": "Bearer " + token})
    context = ssl.create_default_context(cafile="/etc/cluster/tls/nomad/ca.pem")
    try:
        with urllib.request.urlopen(request, timeout=2, context=context) as response:
            return response.read().decode()
    except OSError as error:
        print(url, error, file=sys.stderr)
        # With this status Consul and Nomad tell of servers that are not well.
        return error.read().decode() if getattr(error, "code", 0) == 429 else "null"

def ask(url, token=""):
    return json.loads(fetch(url, token))

# Runs it. That some figures can't be had is no matter for the others.
def part(function, *arguments):
    try:
        function(*arguments)
    except Exception as error:
        print(function.__name__, repr(error), file=sys.stderr)

# Adds a figure: a number, or CloudWatch's statistics of several.
def metric(name, unit, value, **dimensions):
    values = {"StatisticValues" if isinstance(value, dict) else "Value": value}
    of = [{"Name": key, "Value": text} for key, text in dimensions.items()]
    figures.append({"MetricName": name, "Unit": unit, "Dimensions": of, **values})

# What every host says of itself, whose agents have answered or not.
def host(*answers):
    role = os.environ["ROLE"]
    metric("AgentsUp", "Count", int(None not in answers), Role=role)
    disks = [os.statvfs(path) for path in ("/", "/var/lib/cluster")]
    metric("DiskUsed", "Percent", max(100 - 100 * disk.f_bavail / disk.f_blocks for disk in disks), Role=role)
    # The first three lines: total, free, available.
    memory = [int(line.split()[1]) for line in open("/proc/meminfo")]
    metric("MemoryUsed", "Percent", 100 - 100 * memory[2] / memory[0], Role=role)
