"""How the behaviour of AWS is put around moto's."""

import functools


def wraps(owner, name):
    """Replaces owner.name by the decorated function, which gets the plain one first."""
    plain = getattr(owner, name)

    def install(wrapper):
        setattr(owner, name, functools.wraps(plain)(lambda *args, **kwargs: wrapper(plain, *args, **kwargs)))
        return wrapper

    return install
