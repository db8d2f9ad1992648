#!/bin/sh
# podman in the place of Docker's Engine: built by it over the Engine's API, tagged, pushed with the
# login in memory, verified, and not pushed again; what it refuses is told.
. "$(dirname "$0")/testlib.sh"
need git docker docker-registry busybox podman
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

# A store of its own, which nothing of the machine's is in.
me=deployer-podman-$$
socket=$tmp/podman.sock
podman --root "$tmp/store" --runroot "$tmp/run" --storage-driver vfs system service --time 0 "unix://$socket" \
	>"$tmp/podman.log" 2>&1 &
service=$!
at_exit 'kill $service; wait $service; podman --root "$tmp/store" --runroot "$tmp/run" --storage-driver vfs system reset -f >/dev/null 2>&1'
export DOCKER_HOST="unix://$socket" DOCKER_BUILDKIT=0
for try in $(seq 120); do
	docker version >/dev/null 2>&1 && break
	kill -0 $service 2>/dev/null || skip "podman does not start here: $(tail -n 1 "$tmp/podman.log")"
	[ "$try" != 120 ] || skip 'podman does not answer'
	sleep 0.5
done

mkdir "$tmp/project"
cd "$tmp/project"
install -m 755 "$(command -v busybox)" busybox
printf 'FROM scratch\nLABEL deployer.test=%s\nCOPY busybox /bin/busybox\n' "$me" >Dockerfile
cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  test: {image: '$me/app:latest', build: .}
	  release: {image: '$me/app:latest', build: .}
	  app: {image: '$me/app:\${APP_VERSION}', build: .}
	  acceptance: {image: '$me/app:latest'}
YML
git init -q .
git add -A
git -c user.name=t -c user.email=t@example.com commit -qm first
hash=$(git rev-parse --short HEAD)

sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- "$@"
}

sandbox 8 "$DEPLOYER" publish
err_has "there is no image '$me/app:$hash' here"
err_has "build it first: 'deployer release --until publish'"
docker build -q --no-cache -t "$me/app:$hash" . >/dev/null 2>&1
sandbox 0 "$DEPLOYER" publish
err_matches "$me/app:$hash published: sha256:[0-9a-f]{64}$"
err_has "app:latest moved to it"
sandbox 0 "$DEPLOYER" publish
err_matches "$me/app:$hash is there already: sha256:"
[ ! -e "$HOME/.docker/config.json" ] && [ ! -e "$HOME/.config/containers/auth.json" ] || fail 'a login was left'

# Compose drives it too, as far as podman plays along: the whole of the local stages.
cat >deployer.yml <<-YML
	compose: {project: $me}
	stages: {test: [{build: []}]}
YML
git add -A
git -c user.name=t -c user.email=t@example.com commit -qm second
run 0 "$DEPLOYER" test
err_has 'ok test'
