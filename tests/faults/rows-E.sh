#!/bin/sh
# The fault catalogue, rows E, on a real Engine: what may be wrong with Docker, compose and a registry.
# Each ends with the status and the line that belong to it, in time, and leaves no container, network or file
# behind. What other tests show better stands in catalogue/E.rows.
. "$(dirname "$0")/../cli/testlib.sh"
. "$testdir/rows.sh"
need git busybox docker-compose python3 timeout
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

me=deployer-rows-$$
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$me" | xargs -r docker rm -fv
	docker network ls -q --filter "name=$me" | xargs -r docker network rm
	remove_images "$me"
} >/dev/null 2>&1
at_exit clean_up
export DEPLOYER TMPDIR="$tmp/t"
mkdir "$tmp/project" "$tmp/bin" "$TMPDIR"
cd "$tmp/project"
git config --global user.name t
git config --global user.email t@example.com

# project [STEPS]: an application whose image has busybox; its stage test takes these steps.
project() {
	install -m 755 "$(command -v busybox)" busybox
	cat >Dockerfile <<-DOCKERFILE
		FROM scratch
		LABEL deployer.test=$me
		COPY busybox /bin/busybox
		ENV PATH=/bin
		STOPSIGNAL SIGKILL
	DOCKERFILE
	services "acceptance: {image: '$me/app', command: [busybox, 'true']}"
	printf "compose: {project: $me}\nstages: {test: [%s], release: [{up: acceptance}]}\n" "${1:-{build: [app]\}}" >deployer.yml
	printf 'ApplicationImageTag=old\n' >dev.cfg
	cat >stack.yml <<-'YML'
		Parameters: {ApplicationImageTag: {Type: String}}
		Resources: {Topic: {Type: 'AWS::SNS::Topic', Properties: {DisplayName: !Ref ApplicationImageTag}}}
	YML
	git init -q .
	commit
}
commit() {
	git add -A
	git commit -q --allow-empty -m "$(date +%N)"
	hash=$(git rev-parse --short HEAD)
}
services() {
	{
		printf "version: '2.4'\nservices:\n  app: {image: '%s/app', build: .}\n" "$me"
		for service; do printf '  %s\n' "$service"; done
	} >docker-compose.yml
}

# ends STATUS TEXT COMMAND...: with that, within a minute (and four times that, where others are at work);
# nothing is left, and no file of the project is another one.
ends() {
	ends_status=$1
	ends_text=$2
	shift 2
	run "$ends_status" timeout 600 "$@"
	err_has "$ends_text"
	nothing_left
}
nothing_left() {
	PATH=${PATH#"$tmp/bin:"}
	[ -z "$(docker ps -aq --filter "label=com.docker.compose.project=$me")" ] || fail 'containers are left'
	[ -z "$(docker network ls -q --filter "label=com.docker.compose.project=$me")" ] || fail 'networks are left'
	[ -z "$(ls -A "$TMPDIR")" ] || fail "files are left: $(ls -A "$TMPDIR")"
	[ -z "$(git status --porcelain)" ] || fail "files were changed: $(git status --porcelain)"
	[ ! -e "$HOME/.docker/config.json" ] || fail "docker's configuration was written"
}
sandbox() { # STATUS TEXT COMMAND...
	sandbox_status=$1
	sandbox_text=$2
	shift 2
	ends "$sandbox_status" "$sandbox_text" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- "$@"
}
stub() { # NAME: standard input as a program that is found before all others
	{ echo '#!/bin/sh' && cat; } >"$tmp/bin/$1"
	chmod 755 "$tmp/bin/$1"
}

# A compose that builds nothing, and says what stands in the file $SAYS.
compose_stub() {
	stub docker-compose <<-'SH'
		case "$*" in
		*version*) echo 2.40.3 ;;
		*config*) echo '{"services": {"app": {"image": "app", "build": {"context": "."}}, "acceptance": {"image": "app"}}}' ;;
		*build*) cat "$SAYS" && exit 1 ;;
		esac
	SH
	echo 'exit 1' | stub docker
	PATH=$tmp/bin:$PATH
}

engine_down() {
	project
	sandbox 5 'no Docker Engine answers at unix:///nope' env DOCKER_HOST=unix:///nope "$DEPLOYER" release
	err_has '  -> start it there, or correct DOCKER_HOST'
	err_has 'changed: nothing'
	err_lacks '==> test'
}

# A socket that is there, and that is not for us; root is nobody special without its capabilities.
engine_refuses() {
	need setpriv
	project
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(1); time.sleep(300)' "$tmp/socket" &
	at_exit "kill $!"
	for _ in $(seq 1200); do [ ! -e "$tmp/socket" ] || break; sleep 0.1; done
	chmod 000 "$tmp/socket"
	set -- "$DEPLOYER" test
	[ "$(id -u)" != 0 ] || set -- setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all "$@"
	ends 5 "no Docker Engine answers at unix://$tmp/socket" env DOCKER_HOST="unix://$tmp/socket" "$@"
	err_has 'Permission denied'
	err_has '  -> join the group of the socket and log in again: sudo usermod -aG docker $USER'
}

no_compose() {
	project
	stub docker <<-'SH'
		echo "docker: 'compose' is not a docker command." >&2
		exit 1
	SH
	ends 5 'compose' env PATH="$tmp/bin" "$DEPLOYER" test
	err_has '  -> install one: sudo apt install docker-compose'
	err_has 'changed: nothing'
}

# An Engine of its own, whose data is on a file system of 24 MB.
no_space() {
	need dockerd
	[ "$(id -u)" = 0 ] || skip 'it takes root to start an Engine'
	project
	mkdir "$tmp/small" "$tmp/exec"
	mount -t tmpfs -o size=24m none "$tmp/small" 2>/dev/null || skip 'no file system can be mounted'
	at_exit "umount -R $tmp/small"
	# In a network of its own: an Engine without a bridge removes that of the machine.
	TMPDIR=$tmp unshare --net dockerd --host "unix://$tmp/small.sock" --data-root "$tmp/small" --exec-root "$tmp/exec" --pidfile "$tmp/pid" \
		--bridge none --iptables=false --storage-driver vfs >"$tmp/dockerd.log" 2>&1 &
	engine=$!
	at_exit "kill $engine; wait $engine"
	for _ in $(seq 300); do
		! docker -H "unix://$tmp/small.sock" version >/dev/null 2>&1 || break
		kill -0 $engine 2>/dev/null || skip "no second Engine starts: $(tail -n 1 "$tmp/dockerd.log")"
		sleep 0.1
	done
	head -c 30000000 /dev/zero >large
	echo 'COPY large /large' >>Dockerfile
	commit
	ends 5 'no space left on device' env DOCKER_HOST="unix://$tmp/small.sock" "$DEPLOYER" test
	err_has "step 'build app'"
	err_has '  -> free space where Docker keeps its data: docker system df, docker system prune'
}

# The version's tag is there, and the registry takes no other: half of it is published, and that is said.
latest_fails() {
	need docker-registry
	project
	DOCKER_BUILDKIT=0 docker build -q --no-cache -t "$me/app" . >/dev/null
	cat >"$tmp/inside.sh" <<-'SH'
		python3 "$testdir/../cli/registry_faults.py" "$DEPLOYER_SANDBOX_REGISTRY" ../front latest &
		front=$!
		trap 'kill $front' EXIT
		until [ -e ../front ]; do sleep 0.1; done
		echo "publish: {tags: [latest], registry: 'http://127.0.0.1:$(cat ../front)'}" >deployer.yml
		status=0
		"$DEPLOYER" publish --allow-dirty || status=$?
		git checkout -q deployer.yml
		exit $status
	SH
	export testdir
	sandbox 8 "tag 'latest'" sh "$tmp/inside.sh"
	err_matches "app:$hash.* published: sha256:"
	err_has 'changed: registry'
}

# A service that the system killed, and one that never ran, are failures of the release.
killed_service() {
	project '{build: [app]}, {up: test}'
	services "test: {image: '$me/app', command: [busybox, sleep, '300']}" "acceptance: {image: '$me/app', command: [busybox, 'true']}"
	commit
	(for _ in $(seq 600); do
		found=$(docker ps -q --filter "label=com.docker.compose.project=$me")
		[ -n "$found" ] && docker kill "$found" && exit
		sleep 0.1
	done) >/dev/null 2>&1 &
	ends 6 "step 'up test' failed with status 137" "$DEPLOYER" test
	services "test: {image: '$me/app', command: [not-there]}" "acceptance: {image: '$me/app', command: [busybox, 'true']}"
	commit
	ends 6 "step 'up test'" "$DEPLOYER" test
}

port_taken() {
	project
	python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", 0)); open(sys.argv[1], "w").write(str(s.getsockname()[1])); time.sleep(300)' "$tmp/port" &
	at_exit "kill $!"
	for _ in $(seq 1200); do [ ! -s "$tmp/port" ] || break; sleep 0.1; done
	services "web: {image: '$me/app', command: [busybox, sleep, '60'], ports: ['127.0.0.1:$(cat "$tmp/port"):80']}" \
		"acceptance: {image: '$me/app', depends_on: [web], command: [busybox, echo, it ran]}"
	commit
	run 0 "$DEPLOYER" test
	ends 7 "step 'up acceptance'" "$DEPLOYER" release --from release --until release
	err_matches 'address already in use|port is already allocated'
	err_lacks 'it ran'
}

# Killed in the middle of a test: the next run meets what is left, and does its work.
killed_before() {
	project '{build: [app]}, {up: test}'
	services "test: {image: '$me/app', command: [busybox, sh, -c, 'echo begun; busybox sleep \$\$(busybox cat /pause)'], volumes: ['$tmp/pause:/pause']}" \
		"acceptance: {image: '$me/app', command: [busybox, 'true']}"
	commit
	echo 60 >"$tmp/pause"
	"$DEPLOYER" test >"$tmp/killed" 2>&1 </dev/null &
	killed=$!
	for try in $(seq 600); do
		! grep -q '| begun' "$tmp/killed" || break
		[ "$try" != 600 ] || fail "it did not begin: $(cat "$tmp/killed")"
		sleep 0.1
	done
	kill -9 $killed
	wait $killed || :
	rm -rf "${TMPDIR:?}"/*
	echo 0 >"$tmp/pause"
	ends 0 "ok test" "$DEPLOYER" test
}

# 100 MB of lines, a line of 40 MB, and what commands a terminal: memory stays, and the terminal is safe.
loud_child() {
	cat >"$tmp/loud.sh" <<-'SH'
		head -c 100000000 /dev/zero | tr '\0' x | fold -w 200
		head -c 40000000 /dev/zero | tr '\0' y
		printf '\nbell \033]0;title\007 \233 \000 end of it\n'
		exit 3
	SH
	project "{exec: [sh, $tmp/loud.sh]}"
	compose_stub
	cat >"$tmp/peak.sh" <<-'SH'
		{ python3 -c 'import resource, subprocess, sys
		status = subprocess.call(sys.argv[2:])
		open(sys.argv[1], "w").write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024))
		sys.exit(status)' "$1/peak" "$DEPLOYER" test; echo $? >"$1/status"; } 2>&1 | tail -c 3000 >&2
		exit "$(cat "$1/status")"
	SH
	ends 6 'failed with status 3' sh "$tmp/peak.sh" "$tmp"
	err_has 'end of it'
	! grep -q "$(printf '[\033\007]')" "$tmp/err" || fail 'a terminal would have obeyed'
	grep -q __asan_init "$DEPLOYER" || [ "$(cat "$tmp/peak")" -lt 32 ] || fail "it took $(cat "$tmp/peak") MB"
}

# What builders say where a base image is not to be had, or is another machine's.
base_image() {
	project
	compose_stub
	export SAYS="$tmp/says"
	echo 'ERROR: toomanyrequests: You have reached your pull rate limit.' >"$SAYS"
	ends 13 'toomanyrequests: You have reached your pull rate limit' "$DEPLOYER" test
	err_has '  -> wait, or log in to the registry of the base image'
	echo 'exec /bin/sh: exec format error' >"$SAYS"
	PATH=$tmp/bin:$PATH
	ends 6 'exec format error' "$DEPLOYER" test
	err_has '  -> the image is for another processor'
}

# A credential store that is not there, and one that never answers.
store_missing() {
	project
	mkdir "$HOME/.docker"
	printf '{"credsStore": "nowhere", "keep": [1,  2]}' >"$HOME/.docker/config.json"
	cp "$HOME/.docker/config.json" "$tmp/want"
	run 5 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- "$DEPLOYER" login --store
	err_has docker-credential-nowhere
	err_has '  -> '
	same "$HOME/.docker/config.json" "$tmp/want"
}
store_hangs() {
	project
	mkdir "$HOME/.docker"
	printf '{"credsStore": "hangs"}' >"$HOME/.docker/config.json"
	cp "$HOME/.docker/config.json" "$tmp/want"
	stub docker-credential-hangs <<-'SH'
		exec sleep 300
	SH
	run 5 timeout 600 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --repository "$me/app" -- \
		env "PATH=$tmp/bin:$PATH" "$DEPLOYER" login --store
	err_has docker-credential-hangs
	err_has '  -> '
	same "$HOME/.docker/config.json" "$tmp/want"
}

rows_begin "$@"
row E1 engine_down 'the Engine is down: said before anything is begun'
row E2 engine_refuses 'the socket is not for us: with the group in the remedy'
row E3 no_compose 'no compose: said before anything is begun'
row E4 no_space 'a build on a full file system'
row E9 latest_fails 'the version is pushed, latest is not'
row E12 store_missing 'the credential store is not there'
row_long E12 store_hangs 'the credential store never answers'
row E14 killed_service 'a service that was killed, and one that never ran'
row E15 port_taken 'a port is taken'
row E16 killed_before 'what a kill leaves behind'
row E17 loud_child 'a child without measure'
row E18 base_image 'a throttled base image, another processor'
rows_end
