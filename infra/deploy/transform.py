"""Prints as JSON what CloudFormation makes of template.yaml: the serverless shorthands written out, nothing filled in.

The tests of this folder call it. It needs no account and no network.
"""

import json
import os
import sys

# The translator asks for a region though it calls nobody in it.
os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

template = yaml_parse(sys.stdin.read())
# `sam package` puts the address of the packed code here, which does not matter to what the template says.
for resource in template["Resources"].values():
    if resource["Type"] == "AWS::Serverless::Function":
        resource.setdefault("Properties", {})["CodeUri"] = "s3://packed/code"
# Managed policies would be looked up in the account. The functions have roles of their own and use none.
json.dump(Translator(managed_policy_map={}, sam_parser=Parser()).translate(template, {}), sys.stdout)
