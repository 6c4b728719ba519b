"""moto's server, with what hosts depend on and moto leaves out of EC2, Auto Scaling, load balancing, CloudWatch, logs, S3, Parameter
Store and Certificate Manager.

Started as `server.py -H <address> -p <port>`. Each wrapper names the behaviour of AWS that it adds; everything else is moto's.
Written for moto 5.2.5: a name that moved makes the start fail here, at once, and not some call later.
"""

import functools
import logging

import acm  # noqa: F401
import autoscaling  # noqa: F401
import cloudwatch  # noqa: F401
import ec2  # noqa: F401
import elbv2  # noqa: F401
import logs  # noqa: F401
import s3  # noqa: F401
import ssm  # noqa: F401
from moto import server
from moto.moto_server.werkzeug_app import DomainDispatcherApplication

# It lists moto's folder and tries some 200 patterns for each request, behind a lock: more than most answers take.
DomainDispatcherApplication.get_backend_for_host = functools.cache(DomainDispatcherApplication.get_backend_for_host)

if __name__ == "__main__":
    # Errors only: a line for each request would bury what hosts and load balancers report.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.main()
