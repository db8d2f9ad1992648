#!/bin/sh
# The registry beside the sandbox: docker gets in with ECR's token and with nothing else, what it pushes
# is what ECR tells of, and both are there the next time.
. "$(dirname "$0")/testlib.sh"
need docker-registry curl
need_aws
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

image=deployer-test-$$
mkdir context
printf 'FROM scratch\nLABEL test=%s\nCOPY file /file\n' "$image" >context/Dockerfile
date >context/file
export DOCKER_CONFIG="$tmp/docker" DOCKER_BUILDKIT=0
docker build -q --no-cache -t "$image" context >/dev/null
at_exit 'docker images -q --filter "label=test=$image" | sort -u | xargs -r docker rmi -f >/dev/null'

sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run -q --state "$tmp/state" --repository team/app -- "$@"
}

# The AWS CLI ends with 254 or 255, according to its version.
refused() { # COMMAND...
	# shellcheck disable=SC2016
	sandbox 1 sh -c '"$@" || exit 1' sh "$@"
}

cat >push.sh <<-'SH'
	set -eu
	uri=$(aws ecr describe-repositories --repository-names team/app --query 'repositories[0].repositoryUri' --output text)
	[ "${uri%%/*}" = "$DEPLOYER_SANDBOX_REGISTRY" ]
	docker tag "$1" "$uri:v1"
	! docker push "$uri:v1" >/dev/null 2>&1
	! echo wrong | docker login -u AWS --password-stdin "${uri%%/*}" 2>/dev/null
	aws ecr get-login-password | docker login -u AWS --password-stdin "${uri%%/*}" >/dev/null 2>&1
	docker push -q "$uri:v1"
	docker inspect -f '{{index .RepoDigests 0}}' "$uri:v1"
SH
sandbox 0 sh push.sh "$image"
digest=$(sed -n 's/.*@\(sha256:.*\)/\1/p' out)
[ -n "$digest" ] || fail 'no digest was printed'

# The next run: the same repository and image, another token.
sandbox 0 aws ecr describe-images --repository-name team/app --query 'imageDetails[].[imageDigest,imageTags[0]]' --output text
out_is "$digest	v1"
sandbox 0 aws ecr batch-get-image --repository-name team/app --image-ids imageTag=v1 imageTag=v2 \
	--query '[images[0].imageId.imageDigest,failures[0].failureCode]' --output text
out_is "$digest	ImageNotFound"
refused aws ecr describe-images --repository-name team/app --image-ids imageTag=v2
err_has "(ImageNotFoundException)"
err_has "{imageDigest:'null', imageTag:'v2'} does not exist within the repository with name 'team/app'"
refused aws ecr describe-images --repository-name team/none
err_has "The repository with name 'team/none' does not exist in the registry with id '123456789012'"

# A tag of an immutable repository is what it is, whatever the image; other tags are free.
cat >again.sh <<-'SH'
	set -u
	host=$DEPLOYER_SANDBOX_REGISTRY
	aws ecr get-login-password | docker login -u AWS --password-stdin "$host" >/dev/null 2>&1
	for name in team/fixed:v1 team/fixed:v1 team/fixed:v2 team/none:v1; do
		docker tag "$1" "$host/$name"
		docker push -q "$host/$name" && echo "pushed $name"
	done
	aws ecr put-image-tag-mutability --repository-name team/fixed --image-tag-mutability IMMUTABLE_WITH_EXCLUSION \
		--image-tag-mutability-exclusion-filters filterType=WILDCARD,filter='v*' >/dev/null && docker push -q "$host/team/fixed:v1"
SH
run 0 "$DEPLOYER_SANDBOX" run -q --state state --immutable team/fixed -- sh again.sh "$image"
out_has 'pushed team/fixed:v1'
out_has 'pushed team/fixed:v2'
out_lacks 'pushed team/none:v1'
err_has "tag invalid: The image tag 'v1' already exists in the 'team/fixed' repository and cannot be overwritten because the repository is immutable."
err_has "The repository with name 'team/none' does not exist in the registry with id '123456789012'"

# A token that ends in the middle of a push, and the next one, which does not.
cat >expiring.yml <<-'YML'
	tokens: [{requests: 3}]
YML
cat >expire.sh <<-'SH'
	set -u
	host=$DEPLOYER_SANDBOX_REGISTRY
	docker tag "$1" "$host/team/app:v3"
	for attempt in 1 2; do
		aws ecr get-login-password | docker login -u AWS --password-stdin "$host" >/dev/null 2>&1
		docker push -q "$host/team/app:v3" && echo "pushed at attempt $attempt"
	done
SH
date >context/file
docker build -q --no-cache -t "$image" context >/dev/null
run 0 "$DEPLOYER_SANDBOX" run -q --state "$tmp/state" --scenario expiring.yml -- sh expire.sh "$image"
out_has 'pushed at attempt 2'
out_lacks 'pushed at attempt 1'
err_has 'denied: Your authorization token has expired. Reauthenticate and try again.'

# Requests that a scenario hits: lost ones have acted, others have not; the list of calls tells them apart.
cat >faults.yml <<-'YML'
	faults:
	- {service: registry, action: PUT manifests, reply: lost}
	- {service: registry, action: POST uploads, reply: error, status: 503, code: UNAVAILABLE, message: later}
	- {service: registry, action: HEAD manifests, reply: drop}
	- {action: '*', reply: delay}
YML
cat >faults.sh <<-'SH'
	set -u
	api=http://$DEPLOYER_SANDBOX_REGISTRY/v2/team/app
	type='application/vnd.docker.distribution.manifest.v2+json'
	ask() { curl -s -u "AWS:$(aws ecr get-login-password)" -H "Accept: $type" -w '%{http_code}\n' "$@"; }
	ask -o manifest "$api/manifests/v1"
	ask -X PUT -H "Content-Type: $type" --data-binary @manifest "$api/manifests/lost"
	ask -I -o headers "$api/manifests/lost"
	ask -I -o headers "$api/manifests/lost"
	ask -X POST "$api/blobs/uploads/"
SH
run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --scenario faults.yml -- sh faults.sh
out_is '200
000
000
200
{"errors":[{"code":"UNAVAILABLE","message":"later"}]}
503'
for call in 'GET manifests' 'PUT manifests (lost)' 'HEAD manifests (dropped)' 'HEAD manifests' 'POST uploads (fault)'; do
	err_matches "^ +1  registry $(echo "$call" | sed 's/[()]/\\&/g')\$"
done

# Nothing of it runs on, and no password lies about.
! grep -rs "docker-registry" /proc/[0-9]*/cmdline | grep -q "$tmp" || fail 'the registry still runs'
[ "$(cut -c 1-8 state/registry/htpasswd)" = 'AWS:$2y$' ] || fail 'the password file is not bcrypt'

# An Engine tries TLS first: it is hung up on at once, not left to wait.
if command -v openssl >/dev/null; then
	# shellcheck disable=SC2016
	sandbox 0 sh -c 'timeout 60 openssl s_client -connect "$DEPLOYER_SANDBOX_REGISTRY" </dev/null >/dev/null 2>&1; [ $? != 124 ]'
fi
