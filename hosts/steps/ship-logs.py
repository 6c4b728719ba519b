#!/usr/bin/python3
# Sends the host's journal to CloudWatch Logs: what Nomad's tasks say to one log group, what the agents say to the other. The journal is
# the queue: how far it has been sent is on disk, and moves on only when CloudWatch has all that came before. So nothing is lost while AWS
# does not answer or the host restarts; what was on its way when the host died comes twice.
import json
import os
import signal
import subprocess
import time

groups, cursor_file = os.environ["LOG_GROUPS"], os.environ["STATE_DIRECTORY"] + "/cursor"
# What Docker makes of the labels that it is told to log (hosts/nomad.ts).
labels = ["COM_HASHICORP_NOMAD_" + name for name in ("JOB_NAME", "TASK_NAME", "ALLOC_ID")]
fields = ",".join(["MESSAGE", "SYSLOG_IDENTIFIER", "UNIT", "_SYSTEMD_UNIT", *labels])
# CloudWatch takes 1 MiB of events at once, each counted with 26 bytes more than its text, and at most 10,000. The journal's own form of an
# event is always longer than that, and never so short that there would be 10,000 of them.
BATCH = 1 << 20
EVENT = (1 << 18) - 26
# Debian's folder of authorities, of which curl reads the one in question. All of them, in one file, cost it 30 ms for each request; that
# file's place takes the one that AWS itself is.
trust = "--cacert /etc/ssl/certs/Amazon_Root_CA_1.pem --capath /etc/ssl/certs"
renewal = 0
stopping = False


def pause(seconds):
    global stopping
    # Once asked to stop, it goes on trying until systemd loses patience.
    if stopping:
        time.sleep(1)
    elif signal.sigtimedwait([signal.SIGTERM], seconds):
        stopping = True


# Gives what CloudWatch or curl has against it, or nothing. The role's credentials last for hours.
def ask(action, **content):
    global renewal
    renew = "" if time.monotonic() < renewal else "credentials;"
    options = f"{trust} -H 'X-Amz-Target: Logs_20140328.{action}' -H 'Content-Type: application/x-amz-json-1.1'"
    script = f". ./aws.sh; {renew} ask_aws logs --fail-with-body --data-binary @- {options}"
    data = json.dumps(content)
    said = subprocess.run(["bash", "-Eeuo", "pipefail", "-c", script], input=data, capture_output=True, text=True)
    if renew or said.returncode:
        renewal = 0 if said.returncode else time.monotonic() + 600
    return said.returncode and said.stderr + said.stdout


def put(where, events):
    delay = 1
    while problem := ask("PutLogEvents", **where, logEvents=events):
        if "ResourceNotFound" in problem:
            problem = ask("CreateLogStream", **where)
            if not problem:
                continue
        if "InvalidParameter" in problem and len(events) > 1:
            # As for events that are more than a day apart. Those that CloudWatch takes must not wait for one that it never will.
            half = len(events) // 2
            return put(where, events[:half]), put(where, events[half:])
        print(where["logStreamName"], problem[-500:], flush=True)
        if "InvalidParameter" in problem:
            return
        pause(delay)
        delay = min(2 * delay, 60)


def send(streams, cursor):
    for (group, stream), events in streams.items():
        # A clock can be set back.
        events.sort(key=lambda event: event["timestamp"])
        put({"logGroupName": f"{groups}/{group}", "logStreamName": stream}, events)
    with open(cursor_file + ".new", "w") as out:
        out.write(cursor)
    os.replace(cursor_file + ".new", cursor_file)
    streams.clear()


# Log group and stream; nothing for what is neither a task's nor an agent's.
def stream_of(entry):
    if labels[2] in entry:
        return "jobs", "/".join(entry[label] for label in labels)
    # systemd's own lines name their unit. One who has ended before the journal reads what he said is of no unit any more.
    unit = entry.get("_SYSTEMD_UNIT") or str(entry.get("SYSLOG_IDENTIFIER"))
    unit = (entry.get("UNIT") or unit if unit == "init.scope" else unit).split(".")[0]
    if unit.startswith("cluster-") or unit in ("consul", "nomad", "docker", "systemd-journald"):
        return "agents", f"{node}/{unit}"


def send_new():
    cursor = open(cursor_file).read() if os.path.exists(cursor_file) else ""
    command = ["journalctl", "--quiet", "--all", "--output=json", "--output-fields=" + fields, "--after-cursor=" + cursor]
    streams, size = {}, 0
    with subprocess.Popen(command if cursor else command[:-1], stdout=subprocess.PIPE) as journal:
        for line in journal.stdout:
            entry = json.loads(line)
            message, target = entry.get("MESSAGE") or "", stream_of(entry)
            # What is not UTF-8 comes as a list of bytes.
            text = message.encode() if isinstance(message, str) else bytes(message)
            text = text[:EVENT].decode(errors="ignore").rstrip()
            if target and text:
                if streams and size + len(line) > BATCH:
                    send(streams, cursor)
                    size = 0
                event = {"timestamp": int(entry["__REALTIME_TIMESTAMP"]) // 1000, "message": text}
                streams.setdefault(target, []).append(event)
                size += len(line)
            cursor = entry["__CURSOR"]
    if streams:
        send(streams, cursor)


signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
while not os.path.exists("/etc/cluster/identity.env") and not stopping:
    pause(1)
node = dict(line.strip().split("=", 1) for line in open("/etc/cluster/identity.env"))["NODE_NAME"]
while True:
    # The last round begins after the signal, with all that was said before it.
    last = stopping
    if last:
        subprocess.run(["journalctl", "--sync"])
    send_new()
    if last:
        break
    pause(10)
