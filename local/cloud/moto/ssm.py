"""Parameter Store as readers of secrets see it: what is not decrypted is ciphertext, which moto spells as the plain value."""

import base64
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from moto.ssm.models import Parameter

from wraps import wraps

KEY = AESGCM(AESGCM.generate_key(bit_length=256))
NONCE_BYTES = 12


@wraps(Parameter, "encrypt")
def encrypt(_plain, self, value):
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(nonce + KEY.encrypt(nonce, value.encode(), None)).decode()


@wraps(Parameter, "decrypt")
def decrypt(_plain, self, value):
    if self.parameter_type != "SecureString":
        return value
    blob = base64.b64decode(value)
    return KEY.decrypt(blob[:NONCE_BYTES], blob[NONCE_BYTES:], None).decode()
