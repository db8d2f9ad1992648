#!/bin/sh
# A release that runs is watched from outside: neither the secret key of AWS nor the token of the
# registry stands in an argument, in the environment of a program that deployer starts, in a file
# under HOME, TMPDIR or the checkout, or in what was printed.
. "$(dirname "$0")/testlib.sh"
need aws git docker-registry busybox
need_engine
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
[ "$(id -u)" = 0 ] || [ "$(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null || echo 0)" = 0 ] ||
	skip "other programs' environments cannot be read here"

me=deployer-secrecy-$$
clean_up() {
	docker ps -aq --filter "label=com.docker.compose.project=$me" | xargs -r docker rm -fv
	docker network ls -q --filter "name=$me" | xargs -r docker network rm
	docker images --format '{{.Repository}}:{{.Tag}}' | grep -F "$me" | xargs -r docker rmi -f
} >/dev/null 2>&1
at_exit clean_up
export TMPDIR="$tmp/t"
mkdir "$TMPDIR" "$tmp/project"
cd "$tmp/project"
install -m 755 "$(command -v busybox)" busybox
cat >Dockerfile <<-DOCKERFILE
	FROM scratch
	LABEL deployer.test=$me
	COPY busybox /bin/busybox
	RUN ["/bin/busybox", "--install", "-s", "/bin"]
	ENV PATH=/bin
DOCKERFILE
cat >docker-compose.yml <<-YML
	version: '2.4'
	services:
	  test: {image: '$me/app:latest', build: ., command: [sh, -c, 'env; sleep 3']}
	  release: {image: '$me/app:latest', build: .}
	  app: {image: '$me/app:\${APP_VERSION}', build: .}
	  acceptance: {image: '$me/app:latest', build: ., command: [sh, -c, 'env; sleep 1']}
YML
printf 'compose: {project: %s}\nstages: {test: [{build: []}, {up: test}], release: [{up: acceptance}]}\n' "$me" >deployer.yml
git init -q .
git add -A
git -c user.name=t -c user.email=t@example.com commit -qm first

# The canaries: the token differs from call to call in what surrounds the password, so that both its
# forms are looked for. What the sandbox itself and the test hold is theirs.
cat >"$tmp/watch.sh" <<-'SH'
	secret=$AWS_SECRET_ACCESS_KEY
	token=$(aws ecr get-login-password)
	encoded=$(printf 'AWS:%s' "$token" | base64 -w 0)
	webhook=T000CANARYWEBHOOK request=CANARYREQUESTTOKEN
	printf '%s\n' "$secret" "$token" "$encoded" $webhook $request | grep -v '^$' >"$CANARIES"
	export DEPLOYER_WEBHOOK="http://127.0.0.1:9/$webhook" ACTIONS_ID_TOKEN_REQUEST_TOKEN=$request
	"$DEPLOYER" release --until publish >"$CANARIES.log" 2>&1 &
	deployer=$!
	scans=0
	while kill -0 $deployer 2>/dev/null; do
		for process in /proc/[0-9]*; do
			pid=${process#/proc/}
			{ tr '\0' ' ' <"$process/cmdline"; } 2>/dev/null | grep -qFf "$CANARIES" && echo "argv of $pid: $(tr '\0' ' ' <"$process/cmdline")"
			# Children alone: deployer got its credentials from its own environment.
			parent=$(sed -n 's/^PPid:[^0-9]*//p' "$process/status" 2>/dev/null)
			case $parent in
			"$deployer") ;;
			*) continue ;;
			esac
			# Programs alone: a process of deployer's own that only forked has what deployer has.
			cmp -s "$process/cmdline" "/proc/$deployer/cmdline" && continue
			scanned=$((scanned + 1))
			{ tr '\0' '\n' <"$process/environ"; } 2>/dev/null | grep -qFf "$CANARIES" &&
				echo "environment of $pid: $(tr '\0' ' ' <"$process/cmdline")"
		done
		grep -rlFf "$CANARIES" "$HOME" "$TMPDIR" . 2>/dev/null
		scans=$((scans + 1))
		sleep 0.1
	done >"$CANARIES.hits"
	wait $deployer
	status=$?
	echo "$scans ${scanned:-0}" >"$CANARIES.scans"
	exit $status
SH
export DEPLOYER CANARIES="$tmp/canaries"
at_exit 'cat "$CANARIES.log"'
# Nothing is allowed but what the shipped policy has (S22).
run 0 "$DEPLOYER" iam --account 123456789012 release
{
	printf 'allows: ["sts:*"'
	grep -oE '"[a-z0-9]+:[A-Za-z]+"' "$tmp/out" | sed 's/^/, /'
	echo ']'
} >"$tmp/scenario.yml"
run 0 "$DEPLOYER_SANDBOX" run --state "$tmp/state" --scenario "$tmp/scenario.yml" --repository "$me/app" -- \
	sh "$tmp/watch.sh"
grep -q ' published: sha256:' "$CANARIES.log" || fail 'nothing was published'
[ "$(grep -c . "$CANARIES")" = 5 ] || fail 'not every canary is there'
read -r scans children <"$CANARIES.scans"
echo "$scans scans, $children looks into children"
[ "$scans" -ge 5 ] && [ "$children" -ge 3 ] || fail 'too little was looked at'
! grep . "$CANARIES.hits" || fail 'a secret was seen'
! grep -F -f "$CANARIES" "$CANARIES.log" "$tmp/out" "$tmp/err" || fail 'a secret was printed'
! grep -rlF -f "$CANARIES" "$HOME" "$TMPDIR" . || fail 'a secret was left in a file'

# The watch itself sees what there is to see.
printf 'x%sx' "$(head -n 1 "$CANARIES")" >planted
grep -rlqF -f "$CANARIES" . || fail 'a planted canary was not found'
