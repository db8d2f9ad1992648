#!/bin/sh
# Going back: what can be gone back to, what stands against it, and that parameter file and stack are what
# they were; against the sandbox and a real registry.
. "$(dirname "$0")/testlib.sh"
need git
need curl python3
need docker-registry
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

ln -s "$DEPLOYER" docker-credential-deployer
git config --global user.name 'T Ester'
git config --global user.email t@example.com

# An image without layers under a tag, with the registry's own password: TAG.
cat >push.sh <<-'SH'
	set -eu
	api=http://$DEPLOYER_SANDBOX_REGISTRY/v2/team/app
	password=$(printf %s "$DEPLOYER_SANDBOX_REGISTRY" | ./docker-credential-deployer get |
		sed 's/.*"Secret": *"\([^"]*\)".*/\1/')
	digest_of() { echo "sha256:$(sha256sum "$1" | cut -d ' ' -f 1)"; }
	ask() { curl -sSf -u "AWS:$password" "$@"; }

	printf '{"architecture":"amd64","os":"linux","config":{"Labels":{"tag":"%s"}},"rootfs":{"type":"layers","diff_ids":[]}}' "$1" >config
	upload=$(ask -X POST -D - -o /dev/null "$api/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
	ask -X PUT -H 'Content-Type: application/octet-stream' --data-binary @config "$upload&digest=$(digest_of config)"
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":%d,"digest":"%s"},"layers":[]}' \
		"$(wc -c <config)" "$(digest_of config)" >manifest
	ask -X PUT -H 'Content-Type: application/vnd.oci.image.manifest.v1+json' --data-binary @manifest "$api/manifests/$1"
SH

cat >stack.yml <<-'YML'
	Parameters:
	  ApplicationImageTag: {Type: String}
	Resources:
	  App:
	    Type: AWS::ECS::TaskDefinition
	    Properties:
	      ContainerDefinitions: [{Name: app, Image: !Sub 'team/app:${ApplicationImageTag}', Memory: 64}]
YML
printf 'stack: {name: app}\nimage: team/app\n' >deployer.yml
printf '*\n!/dev.cfg\n!/src/**\n!/src\n' >.gitignore

# Three commits, each with its image; the last one brings a migration.
git init -q .
release() { # SUBJECT -> $tag
	git add -A
	git commit -q --allow-empty -m "$1"
	tag=$(git rev-parse --short HEAD)
	printf '# of the stack\nApplicationImageTag=%s\n' "$tag" >dev.cfg
}

sandbox() { # STATUS [OPTION... --] COMMAND...
	want=$1
	shift
	[ "${1#--}" != "$1" ] || set -- -- "$@"
	run "$want" "$DEPLOYER_SANDBOX" run -q --state "$tmp/state" --repository team/app "$@"
}

mkdir -p src/todo/migrations
release first
first=$tag
# shellcheck disable=SC2016
sandbox 0 sh -c 'sh push.sh "$1" && "$0" deploy' "$DEPLOYER" "$tag"
release second
second=$tag
# shellcheck disable=SC2016
sandbox 0 sh -c 'sh push.sh "$1" && sh push.sh latest && "$0" deploy' "$DEPLOYER" "$tag"
echo 'add a column' >src/todo/migrations/0002_add.py
release third
third=$tag
# shellcheck disable=SC2016
sandbox 0 sh -c 'sh push.sh "$1" && "$0" deploy' "$DEPLOYER" "$tag"

# The list, newest first, without the tags that move.
sandbox 0 "$DEPLOYER" rollback
out_matches "^\* $third .* sha256:[0-9a-f]{12} third \(T Ester\), live, in the parameter file$"
out_matches "^  $second .* second \(T Ester\), deployed 20"
out_matches "^  $first .* first \(T Ester\), deployed 20"
out_lacks latest
[ "$(wc -l <"$tmp/out")" = 3 ] || fail 'there are not three'
mv "$HOME" "$HOME.before"
mkdir "$HOME"
cp "$HOME.before/.gitconfig" "$HOME"
sandbox 0 "$DEPLOYER" rollback
out_matches "^  $second .* second \(T Ester\), set 20"
sandbox 0 "$DEPLOYER" rollback -o json
out_matches "\"tag\":\"$third\".*\"live\":true"
out_matches "\"tag\":\"$second\".*\"live\":false.*\"subject\":\"second\""

# What is not there is not gone back to.
cp dev.cfg before
sandbox 3 "$DEPLOYER" rollback 0000000
err_has "the registry has no image '0000000'"
sandbox 2 "$DEPLOYER" rollback 'a/b'
err_has "'a/b' is not an image tag"

# A migration lies between: nobody is there to ask, and nothing is changed without a yes.
sandbox 3 "$DEPLOYER" rollback "$second"
err_has "migrations lie between $second and the live $third, and stay applied: src/todo/migrations/0002_add.py"
err_has "give --yes"
same before dev.cfg
sandbox 3 python3 "$testdir/at_pty.py" 'Go back all the same' 'n\n' -- "$DEPLOYER" rollback "$second"
out_has 'declined: nothing was changed'
same before dev.cfg
# ECR and the registry that it sends to do not say the same.
printf 'faults: [{action: DescribeImages, reply: error, status: 200, body: "{}"}]\n' >scenario.yml
sandbox 3 --scenario scenario.yml -- "$DEPLOYER" rollback "$second" --yes
err_matches "the registry hands out sha256:[0-9a-f]{64} under '$second', and ECR names another digest"
same before dev.cfg
sandbox 0 "$DEPLOYER" rollback "$second" --yes
err_has "migrations lie between"
err_has "ApplicationImageTag $third -> $second"
err_has 'stack app is UPDATE_COMPLETE'
printf '# of the stack\nApplicationImageTag=%s\n' "$second" >want
same want dev.cfg

# None between these two; the same again changes nothing.
sandbox 0 "$DEPLOYER" rollback "$first"
err_lacks 'migrations lie between'
err_has "image tag $second -> $first"
sandbox 0 "$DEPLOYER" rollback "$first"
err_has 'stack app is up to date'
run 0 "$DEPLOYER" history
out_matches "rollback"

# Other folders, where the settings name them; a commit that is not here leaves it open.
printf 'stack: {name: app}\nimage: team/app\nrollback: {migrations: [db/*.sql]}\n' >deployer.yml
sandbox 0 "$DEPLOYER" rollback "$third"
err_lacks 'migrations lie between'
# shellcheck disable=SC2016
sandbox 3 sh -c 'sh push.sh elsewhere && "$0" rollback elsewhere' "$DEPLOYER"
err_has "nobody knows whether migrations lie between elsewhere and the live $third"

# A repository that has the stack alone: the image is a setting.
printf 'stack: {name: app}\n' >deployer.yml
sandbox 2 "$DEPLOYER" rollback
err_has 'no image to look for: no compose file in'
err_has "name the repository as image in deployer.yml ('image: NAME')"
