#!/bin/sh
# Inside a workflow: exchange nothing, store nothing. GitHub's token for AWS goes into a file of the runner, and the
# AWS tools take the role with it themselves. usage: . delivery/oidc.sh ROLE_ARN
: "${ACTIONS_ID_TOKEN_REQUEST_URL:?this runs in a GitHub workflow with id-token: write}"
AWS_ROLE_ARN=$1
AWS_WEB_IDENTITY_TOKEN_FILE=$RUNNER_TEMP/aws-token
AWS_ROLE_SESSION_NAME=$GITHUB_RUN_ID-$GITHUB_JOB
export AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_ROLE_SESSION_NAME
(
    umask 077
    curl --silent --show-error --fail --header "Authorization: bearer $ACTIONS_ID_TOKEN_REQUEST_TOKEN" \
        "$ACTIONS_ID_TOKEN_REQUEST_URL&audience=sts.amazonaws.com" |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["value"], end="")' > "$AWS_WEB_IDENTITY_TOKEN_FILE"
)
