"""moto's server, with what hosts depend on and moto leaves out of EC2, Auto Scaling, load balancing, CloudWatch, logs, S3, Parameter
Store and Certificate Manager.

Started as `server.py -H <address> -p <port>`. Each wrapper names the behaviour of AWS that it adds; everything else is moto's.
Written for moto 5.2.5: a name that moved makes the start fail here, at once, and not some call later.
"""

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

if __name__ == "__main__":
    # Errors only: a line for each request would bury what hosts and load balancers report.
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.main()
