"""Runs the AWS CLI's own code once per line of standard input, a JSON list of arguments, and answers each with a line of JSON: status, output.

Starting the CLI takes longer than any call of it; everything else, from parsing the arguments to printing the error, is what `aws` does.
"""
import contextlib
import functools
import io
import json
import sys

from awscli.clidriver import create_clidriver

loader = create_clidriver().session.get_component("data_loader")


@functools.cache
def driver(*purpose):
    """One CLI for each purpose, with the models that all have read: a region stays with what comes next, and customizations of EC2's operations do."""
    made = create_clidriver()
    made.session.register_component("data_loader", loader)
    return made


for line in sys.stdin:
    arguments = json.loads(line)
    output = io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            operation = arguments[1] if arguments[0] == "ec2" else ""
            status = driver(arguments[0], operation, "--region" in arguments).main(arguments)
        except SystemExit as ended:
            status = ended.code
    print(json.dumps({"status": status, "output": output.getvalue()}), flush=True)
