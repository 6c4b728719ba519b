"""CloudWatch Logs: keys that change, the limits of a batch, and an end to what is kept, none of which moto has."""

from collections import deque

from moto.logs.exceptions import InvalidParameterException, ResourceNotFoundException
from moto.logs.models import LogsBackend, LogStream
from moto.logs.responses import LogsResponse

from wraps import wraps

# API reference, PutLogEvents.
BATCH_EVENTS, BATCH_BYTES, EVENT_OVERHEAD, SPAN_MS = 10_000, 1_048_576, 26, 24 * 3600 * 1000
# Events that a group keeps, whatever its retention: a few minutes of traffic, some 30 MB.
KEPT = 20_000


def set_key(response, key):
    group = response.logs_backend.groups.get(response._get_param("logGroupName"))
    if group is None:
        raise ResourceNotFoundException()
    group.kms_key_id = key
    return ""


LogsResponse.associate_kms_key = lambda self: set_key(self, self._get_param("kmsKeyId"))
LogsResponse.disassociate_kms_key = lambda self: set_key(self, None)


@wraps(LogsBackend, "put_log_events")
def within_limits(plain, self, group, stream, events):
    if len(events) > BATCH_EVENTS or sum(len(event["message"].encode()) + EVENT_OVERHEAD for event in events) > BATCH_BYTES:
        raise InvalidParameterException(f"Upload too large: at most {BATCH_EVENTS} events and {BATCH_BYTES} bytes are taken.")
    times = [event["timestamp"] for event in events]
    if max(times) - min(times) > SPAN_MS:
        raise InvalidParameterException("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
    return plain(self, group, stream, events)


@wraps(LogStream, "put_log_events")
def newest_only(plain, self, events):
    """Forgets the oldest batches of the whole group."""
    before = len(self.events)
    token = plain(self, events)
    batches = self.log_group.__dict__.setdefault("batches", deque())
    batches.append((self, len(self.events) - before))
    while sum(count for _, count in batches) > KEPT:
        stream, count = batches.popleft()
        del stream.events[:count]
    return token
