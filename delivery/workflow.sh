#!/bin/sh
# The steps of the workflows that are more than one line.
# usage: workflow.sh diff STAGE | image | release STAGE
set -eu
cd "$(dirname "$0")/.."
case $1 in
    diff) # what a pull request would change in a stage, as a comment on it
        stage=$2
        . delivery/oidc.sh "$PLAN_ROLE_ARN"
        sh delivery/cdk.sh diff "$stage" --no-color > "$RUNNER_TEMP/diff.txt" 2>&1 || true
        {
            printf '### cdk diff, %s\n\n```\n' "$stage"
            tail -c 60000 "$RUNNER_TEMP/diff.txt"
            printf '\n```\n'
        } > "$RUNNER_TEMP/comment.md"
        gh pr comment "$PULL_REQUEST" --body-file "$RUNNER_TEMP/comment.md" --edit-last --create-if-none ;;
    image) # build once, push by commit, tell the digest
        name=ghcr.io/$(printf %s "$GITHUB_REPOSITORY" | tr '[:upper:]' '[:lower:]')/service:$GITHUB_SHA
        printf %s "$GH_TOKEN" | docker login ghcr.io --username "$GITHUB_ACTOR" --password-stdin
        base=$(docker buildx imagetools inspect python:3.12-slim --format '{{.Manifest.Digest}}')
        docker buildx build --file service/Dockerfile --platform linux/arm64 --provenance=true --sbom=true \
            --build-arg "PYTHON=python:3.12-slim@$base" \
            --label "org.opencontainers.image.revision=$GITHUB_SHA" \
            --label "org.opencontainers.image.source=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY" \
            --tag "$name" --push .
        digest=$(docker buildx imagetools inspect "$name" --format '{{.Manifest.Digest}}')
        printf 'digest=%s\n' "$digest" >> "$GITHUB_OUTPUT"
        printf 'image %s\n\nbase python:3.12-slim@%s\n' "$digest" "$base" >> "$GITHUB_STEP_SUMMARY" ;;
    release) # the same digest into the stage's registry, the stage by that digest, then the page
        stage=$2
        source=ghcr.io/$(printf %s "$GITHUB_REPOSITORY" | tr '[:upper:]' '[:lower:]')/service
        registry=$ACCOUNT.dkr.ecr.$AWS_REGION.amazonaws.com
        . delivery/oidc.sh "$PUBLISH_ROLE_ARN"
        aws ecr get-login-password | skopeo login --username AWS --password-stdin "$registry"
        printf %s "$GH_TOKEN" | skopeo login --username "$GITHUB_ACTOR" --password-stdin ghcr.io
        skopeo copy --all --preserve-digests "docker://$source@$IMAGE_DIGEST" \
            "docker://$registry/voice-$stage-service:$GITHUB_SHA"
        . delivery/oidc.sh "$DEPLOY_ROLE_ARN"
        APPROVAL=never sh delivery/cdk.sh deploy "$stage"
        . delivery/oidc.sh "$PUBLISH_ROLE_ARN"
        npm --prefix frontend_hosting ci --ignore-scripts && npm --prefix frontend_hosting run build
        sh delivery/run.sh publish --stage "$stage" --region "$AWS_REGION" > "$RUNNER_TEMP/published"
        cat "$RUNNER_TEMP/published"
        sh delivery/run.sh smoke --stage "$stage" --url "$(sed 's/.*, //' "$RUNNER_TEMP/published")"
        printf '%s runs %s\n' "$stage" "$IMAGE_DIGEST" >> "$GITHUB_STEP_SUMMARY" ;;
    *) echo "workflow.sh: there is no $1; write diff, image or release" >&2; exit 2 ;;
esac
