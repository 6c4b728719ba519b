"""CloudWatch as alarms depend on it: which values are a metric's, and what an alarm is before it was judged."""

import copy
from datetime import timedelta

from moto.cloudwatch.models import CloudWatchBackend, Dimension
from moto.core.utils import utcnow

from wraps import wraps

KEPT = timedelta(hours=3)

# moto sorts dimensions before it compares them, by an order that is none where there are several.
Dimension.__lt__ = lambda self, other: (self.name, self.value) < (other.name, other.value)


@wraps(CloudWatchBackend, "put_metric_data")
def put_metric_data(plain, self, namespace, metric_data):
    """Forgets what nothing here asks for any more; AWS keeps a minute's values for 15 days."""
    plain(self, namespace, metric_data)
    oldest = utcnow() - KEPT
    del self.metric_data[: next((at for at, datum in enumerate(self.metric_data) if datum.timestamp > oldest), 0)]


@wraps(CloudWatchBackend, "get_metric_data")
def get_metric_data(plain, self, queries, start_time, end_time, scan_by="TimestampAscending"):
    """A metric is its namespace, its name and all of its dimensions; moto takes others for the same that have more of them."""
    results = []
    for query in queries:
        view = copy.copy(self)
        metric = query.get("MetricStat", {}).get("Metric")
        if metric:
            named = sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", []))
            view.metric_data = [
                datum
                for datum in self.metric_data
                if (datum.namespace, datum.name) == (metric["Namespace"], metric["MetricName"])
                and sorted((each.name, each.value) for each in datum.dimensions) == named
            ]
        results += plain(view, [query], start_time, end_time, scan_by)
    return results


@wraps(CloudWatchBackend, "put_metric_alarm")
def put_metric_alarm(plain, self, *args, **kwargs):
    """A new alarm has no data yet; one that is changed keeps its state until it is judged again."""
    before = self.alarms.get(kwargs["name"])
    alarm = plain(self, *args, **kwargs)
    alarm.state_value = before.state_value if before else "INSUFFICIENT_DATA"
    return alarm
