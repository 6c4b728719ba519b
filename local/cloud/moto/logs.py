"""CloudWatch Logs with keys that change: moto knows the key that a log group was made with."""

from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.responses import LogsResponse


def set_key(response, key):
    group = response.logs_backend.groups.get(response._get_param("logGroupName"))
    if group is None:
        raise ResourceNotFoundException()
    group.kms_key_id = key
    return ""


LogsResponse.associate_kms_key = lambda self: set_key(self, self._get_param("kmsKeyId"))
LogsResponse.disassociate_kms_key = lambda self: set_key(self, None)
