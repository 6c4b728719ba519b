"""S3: what a bucket's policy says under conditions."""

import json

from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.models import FakeBucket
from wraps import wraps


# moto takes a condition that it can't judge for one that refuses, whatever the statement says: with a policy that asks for TLS, nobody
# would put an object. Here such statements refuse nothing; they allow nothing that is refused elsewhere either.
@wraps(FakeBucket, "get_permission")
def get_permission(_plain, bucket, action, resource):
    if bucket.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(bucket.policy)
    policy["Statement"] = [each for each in policy["Statement"] if "Condition" not in each]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)
