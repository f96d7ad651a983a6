# The targets of infrastructure and delivery; the Makefile includes this file. STAGE=dev|staging|prod

STAGE ?=
export ACCOUNT IMAGE_DIGEST

synth:  ## print every stage and check it against all rules; needs neither network nor account (STAGE=...)
	@sh delivery/cdk.sh synth "$(STAGE)"

diff:  ## what a deployment would change (STAGE=...)
	@sh delivery/cdk.sh diff "$(STAGE)"

deploy:  ## deploy a stage (STAGE=... IMAGE_DIGEST=sha256:... ACCOUNT=...)
	@sh delivery/cdk.sh deploy "$(STAGE)"

destroy:  ## take a stage down; a protected one refuses (STAGE=...)
	@sh delivery/cdk.sh destroy "$(STAGE)"

publish-frontend:  ## put the built page where CloudFront reads it (STAGE=...)
	@sh delivery/run.sh publish --stage "$(STAGE)" $(ARGS)

sign-in-canary:  ## give the scheduled conversation its sign-in, once a year (STAGE=...)
	@sh delivery/run.sh sign_in_canary --stage "$(STAGE)" $(ARGS)

smoke:  ## ask a deployed stage what only AWS can answer (STAGE=...)
	@sh delivery/run.sh smoke --stage "$(STAGE)" $(ARGS)

test-stacks:  ## templates, rules, broken properties, drawn configurations
	@sh delivery/run.sh -m pytest tests/stacks tests/delivery

test-deploy:  ## deploy every stage to a moto server with the stock CDK and read it back
	@sh local/setup.sh python
	@sh delivery/run.sh -m local.suites deploy

test-box:  ## run the deployed task as Fargate would, behind a load balancer, and measure what it holds
	@sh local/setup.sh python
	@sh delivery/run.sh -m local.suites box

baseline:  ## record what an update must not replace
	@sh delivery/cdk.sh synth && sh delivery/run.sh baseline cdk.out --write

cost:  ## write docs/cost.md
	@sh delivery/cdk.sh synth && sh delivery/run.sh cost cdk.out

# As the pipeline deploys: the image by a digest, whichever it is.
EXAMPLE_DIGEST := sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
maps:  ## write docs/infrastructure-map.md and its picture
	@IMAGE_DIGEST=$(EXAMPLE_DIGEST) sh delivery/cdk.sh synth && sh delivery/run.sh maps cdk.out

pin-actions:  ## write the commit behind each release tag of an action into .github/workflows (asks GitHub)
	@sh delivery/run.sh pin_actions

.PHONY: synth diff deploy destroy publish-frontend sign-in-canary smoke test-stacks test-deploy test-box baseline cost maps pin-actions
