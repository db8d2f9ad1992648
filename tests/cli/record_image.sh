#!/bin/sh
# What a record says about an image holds, or the next step refuses: what was tested is what is published,
# and what was published is what is deployed. On real parts: a Docker engine and a registry.
. "$(dirname "$0")/testlib.sh"
need git docker-registry
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

image=deployer-record-$$
at_exit 'docker images -q --filter "label=test=$image" | sort -u | xargs -r docker rmi -f >/dev/null'

mkdir app "$tmp/context"
cd app
cat >stack.yml <<-YML
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  Cluster: {Type: AWS::ECS::Cluster, Properties: {ClusterName: app}}
	  Definition:
	    Type: AWS::ECS::TaskDefinition
	    Properties:
	      Family: web
	      ContainerDefinitions:
	      - Name: web
	        Image: !Sub '\${AWS::AccountId}.dkr.ecr.\${AWS::Region}.amazonaws.com/$image/app:\${ApplicationImageTag}'
	  Service:
	    Type: AWS::ECS::Service
	    Properties: {ServiceName: web, Cluster: !Ref Cluster, DesiredCount: 2, TaskDefinition: !Ref Definition}
YML
cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  app: {image: "$image/app"}
	  test: {image: "$image/app"}
	  release: {image: "$image/app"}
YML
printf 'ApplicationImageTag=none\n' >dev.cfg
printf 'project: app\nimage: %s/app\n' "$image" >deployer.yml
git config --global user.name t
git config --global user.email t@example.com
git init -q .
git add -A
git commit -qm first
version=$(git rev-parse --short HEAD)

build() {
	printf 'FROM scratch\nLABEL test=%s\nCOPY file /file\n' "$image" >"$tmp/context/Dockerfile"
	date +%N >"$tmp/context/file"
	DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$image/app" "$tmp/context" 2>/dev/null
}

sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$image/app" -- "$@"
}

# A step on this machine has tested one image; since then somebody has built another under its name.
tested=$(build)
record() { # FILE IMAGE
	cat >"$1" <<-END
		{"type": "run", "at": 1, "format": 1, "id": "a", "command": "test", "stages": ["test"]}
		{"type": "fact", "at": 2, "name": "version", "value": "$version"}
		{"type": "stage", "at": 3, "stage": "test", "state": "done"}
		{"type": "fact", "at": 4, "name": "image", "value": "$2"}
	END
}
record "$tmp/ci.jsonl" "$tested"
other=$(build)
[ "$tested" != "$other" ] || fail 'the images are the same'
sandbox 0 "$DEPLOYER" publish --record "$tmp/ci.jsonl"
digest=$(sed -n "s,.*/app:$version published: ,,p" "$tmp/err" | head -n 1)
[ -n "$digest" ] || fail 'nothing was published'
docker inspect -f '{{.RepoDigests}}' "$tested" | grep -qF "$digest" || fail 'what was published is not what was tested'
! docker inspect -f '{{.RepoDigests}}' "$other" | grep -qF "$digest" || fail 'the other image was published'

# The next steps.
sandbox 0 "$DEPLOYER" bump
sandbox 0 "$DEPLOYER" deploy --record "$tmp/ci.jsonl"
err_matches "^$version  git ok  ECR ok  dev\.cfg ok  stack ok  2/2 tasks\$"

# Somebody has put other bits behind the tag: they are not deployed with this record.
cp "$tmp/ci.jsonl" "$tmp/later.jsonl"
sandbox 0 "$DEPLOYER" release --only publish --rebuild
sandbox 0 "$DEPLOYER" status
out_matches "^$version  git ok  ECR ok  dev\.cfg ok  stack ok  2/2 tasks, 2 of another image\$"
sandbox 3 "$DEPLOYER" status --check
sandbox 3 "$DEPLOYER" deploy --record "$tmp/later.jsonl"
err_matches "$version was published as $digest, the registry has sha256:[0-9a-f]{64} now"
err_has 'begin anew'

# What was tested is gone.
git commit -qam bumped
version=$(git rev-parse --short HEAD)
record "$tmp/gone.jsonl" sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
sandbox 3 "$DEPLOYER" publish --record "$tmp/gone.jsonl"
err_has 'the image that passed the tests is gone from this machine'
