#!/bin/sh
# One mistake a line, of those that need no service: each ends with its status and says what is wrong.
# Most take a way to fail that no other test takes (tests/run --uncovered-errors).
. "$(dirname "$0")/testlib.sh"
[ -n "${DEPLOYER_ENTRYPOINT-}" ] || skip 'deployer-entrypoint is not built'
need python3
# A port of this machine where nobody listens: whatever calls a service is told so at once.
export AWS_REGION=eu-west-1 AWS_ENDPOINT_URL=http://127.0.0.1:1 AWS_MAX_ATTEMPTS=1
deployer=${DEPLOYER:?}
entrypoint=$DEPLOYER_ENTRYPOINT
keys='AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=example'
role='AWS_ROLE_ARN=arn:aws:iam::123456789012:role/x'
: >empty
printf 'stak: {}\n' >unknown.yml
printf 'checks: {off: [nope]}\n' >off.yml
head -c 70000 /dev/zero | tr '\0' a >large
mkdir gone init lib git "$HOME/.aws"
for version in 1.5 1.6 1.7 1.8 1.9; do
	: >git/libgit2.so.$version
done
: >lib/libcurl.so.4
ln -s "$DEPLOYER" docker-credential-deployer
head -c 1100000 /dev/zero | tr '\0' a >init/environment
cat >"$HOME/.aws/config" <<-'INI'
	[profile empty]
	credential_process = ""
	[profile session]
	sso_session = m
	sso_account_id = 123456789012
	sso_role_name = r
	[sso-session m]
	sso_region = eu-west-1
	sso_start_url = https://example.awsapps.com/start
INI

count=0
# mistake STATUS TEXT [VARIABLE=VALUE...] COMMAND...
mistake() {
	mistake_status=$1 mistake_text=$2
	shift 2
	run "$mistake_status" env "$@"
	err_has "$mistake_text"
	count=$((count + 1))
}

# the command line
mistake 2 '--only goes without --from and --until' "$deployer" release --only test --from test
mistake 2 'either --file or another secret' "$deployer" secrets diff a b --file x
mistake 2 '--versions: of which secret?' "$deployer" secrets list --versions
mistake 2 "'a,b' is not one secret" "$deployer" secrets get a,b
mistake 2 'no secret is named' "$deployer" secrets run --secret '' -- true
mistake 2 "'a##' names no secret" "$deployer" secrets get 'a##'
mistake 2 '--quiet takes no value' "$deployer" --quiet=1 version
mistake 2 '--config needs FILE' "$deployer" version --config
mistake 2 "--max: 'x' is not a number" "$deployer" history --max x
mistake 3 "there is no run 'nope'" "$deployer" report nope

python3 "$testdir/at_pty.py" -- "$deployer" secrets put a >"$tmp/out" && fail 'a value is typed at a terminal'
out_has 'standard input is a terminal'
out_has "pipe the value in, give --file, or use 'secrets edit'"
mistake 2 "'a##' names no secret" "$deployer" secrets run --secret 'a##' -- true

# files
mistake 2 "there is no 'nope.yml'" "$deployer" --config nope.yml config
mistake 2 "unknown key 'stak'" "$deployer" --config unknown.yml config
mistake 2 "checks.off: 'nope' is no rule" "$deployer" --config off.yml check
mistake 2 'no stack template (stack.yml) in' "$deployer" params diff
mistake 2 "'empty': no variable in it" "$deployer" secrets import a --file empty
# shellcheck disable=SC2016
fed='"$0" "$@" <large'
mistake 2 'more than the 64 KiB that a secret holds' sh -c "$fed" "$deployer" secrets put a
mistake 1 'more than 65536 bytes of input' sh -c "$fed" ./docker-credential-deployer get
cd gone
rmdir ../gone
for command in check config init; do
	mistake 1 'cannot tell the current folder' "$deployer" $command
done
cd "$tmp"
sh -c './docker-credential-deployer list >/dev/full' 2>"$tmp/err" && fail 'a full standard output is no failure'
err_has 'cannot write to standard output: No space left on device'

# Standard files that are closed: what is opened later does not become one of them.
# shellcheck disable=SC2016
mistake 1 'reading standard input: Bad file descriptor' sh -c '"$0" secrets put a <&-' "$deployer"
mistake 1 'cannot read standard input: Bad file descriptor' sh -c './docker-credential-deployer get <&-'
mkdir closed
printf 'ApplicationImageTag=old\n' >closed/dev.cfg
(cd closed && "$deployer" --verbose bump new <&- >&- 2>&-) || :
printf 'ApplicationImageTag=new\n' | cmp -s - closed/dev.cfg || fail 'what is said went into dev.cfg'

# credentials
# shellcheck disable=SC2086
mistake 4 "AWS_CREDENTIAL_EXPIRATION: 'x' is not a time" $keys AWS_CREDENTIAL_EXPIRATION=x "$deployer" whoami
mistake 2 'ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL' ACTIONS_ID_TOKEN_REQUEST_URL=http://x.example/ \
	ACTIONS_ID_TOKEN_REQUEST_TOKEN=t "$role" "$deployer" whoami
mistake 4 'ACTIONS_ID_TOKEN_REQUEST_TOKEN has a line end in it' ACTIONS_ID_TOKEN_REQUEST_URL=https://x.example/ \
	ACTIONS_ID_TOKEN_REQUEST_TOKEN='a
b' "$role" "$deployer" whoami
mistake 4 'an identity token of GitHub Actions' ACTIONS_ID_TOKEN_REQUEST_URL=http://127.0.0.1:1/ \
	ACTIONS_ID_TOKEN_REQUEST_TOKEN=t "$role" "$deployer" whoami
mistake 4 "web identity token: cannot read '/nope'" "$role" AWS_WEB_IDENTITY_TOKEN_FILE=/nope "$deployer" whoami
mistake 2 "(AWS_METADATA_SERVICE_TIMEOUT): 'x' is not a number from 1 to 3600" AWS_EC2_METADATA_DISABLED=false \
	AWS_METADATA_SERVICE_TIMEOUT=x "$deployer" whoami
mistake 2 'it names no program' "$deployer" whoami --profile empty
# The loader takes the first file of that name, whatever it is.
# shellcheck disable=SC2086
mistake 5 'cannot load libcurl: ' $keys LD_LIBRARY_PATH="$tmp/lib" "$deployer" whoami
err_has 'install it: apt-get install libcurl4'
mistake 5 'cannot load libgit2: ' LD_LIBRARY_PATH="$tmp/git" "$deployer" version
err_has 'install it: apt-get install libgit2-'
mistake 4 "profile 'session': nobody has signed in with SSO" "$deployer" whoami --profile session

# the entrypoint
mistake 125 'no command to start' "$entrypoint"
mistake 125 "SECRETS_TIMEOUT: 'x' is not a number from 1 to 3600" SECRETS_TIMEOUT=x "$entrypoint" true
mistake 125 "SECRETS_OVERRIDE: 'maybe' is neither true nor false" SECRETS_OVERRIDE=maybe "$entrypoint" true
mistake 125 "SECRETS: 'a##' names no secret" SECRETS='a##' "$entrypoint" true
mistake 125 'is larger than 1048576 bytes' SECRETS_INIT="$tmp/init" "$entrypoint" true
printf garbage >program
chmod +x program
mistake 126 "cannot start './program': Exec format error" "$entrypoint" ./program
# Where this user may put something else in the shell's place.
mkdir shell
: >shell/commands
# shellcheck disable=SC2016
hidden='mount --bind empty /bin/sh && exec "$@"'
if unshare -rm sh -c "$hidden" sh true 2>/dev/null; then
	mistake 125 "/shell/commands' needs a shell, and there is no /bin/sh" SECRETS_INIT="$tmp/shell" \
		unshare -rm sh -c "$hidden" sh "$entrypoint" true
	err_has 'remove the file, or add a shell to the image'
fi
# refused TEXT ENVIRONMENT...: it asks for one secret.
refused() {
	refused_text=$1
	shift
	# shellcheck disable=SC2086
	mistake 125 "$refused_text" $keys SECRETS=a "$@" "$entrypoint" true
}
refused 'HTTPS_PROXY is not an http URL with a host' HTTPS_PROXY=ftp://x AWS_ENDPOINT_URL=https://x.example
refused 'connecting to 127.0.0.1 port 1: Connection refused' AWS_ENDPOINT_URL=https://127.0.0.1:1
refused 'proxy: connecting to 127.0.0.1 port 1' HTTPS_PROXY=http://127.0.0.1:1 AWS_ENDPOINT_URL=https://x.example
refused "name 'x.invalid'" AWS_ENDPOINT_URL=https://x.invalid
refused "CA bundle '/nope': No such file or directory" AWS_CA_BUNDLE=/nope AWS_ENDPOINT_URL=https://127.0.0.1:1
refused "CA bundle '$tmp/empty': no certificate in it" AWS_CA_BUNDLE="$tmp/empty" AWS_ENDPOINT_URL=https://127.0.0.1:1

echo "$count mistakes named"
