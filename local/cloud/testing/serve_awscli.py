"""awscli as a service: one command per line as a JSON list, answered by [exit code, output, errors].

It takes seconds to start and a fraction of one to run a command: tests start it once.
"""

import contextlib
import io
import json
import sys

from awscli.clidriver import create_clidriver

driver = create_clidriver()
for line in sys.stdin:
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            code = driver.main(json.loads(line))
        except SystemExit as end:
            code = end.code
    print(json.dumps([code, output.getvalue(), errors.getvalue()]), flush=True)
