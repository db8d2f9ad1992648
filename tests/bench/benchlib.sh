# shellcheck shell=sh
# Sourced by the benchmarks after tests/cli/testlib.sh.

# Python may keep what it compiled, as it does for whoever uses the AWS CLI.
unset PYTHONDONTWRITEBYTECODE

# The AWS CLI itself, not the shell script that pyenv puts before it. Status 77 where there is none.
find_aws() {
	need aws >&2
	case $(command -v aws) in
	*/shims/*) pyenv which aws ;;
	*) command -v aws ;;
	esac
}

# The Compose that a Makefile would call: v1 by its name, else the plugin.
find_compose() {
	if command -v docker-compose >/dev/null; then
		echo docker-compose
	elif docker compose version >/dev/null 2>&1; then
		echo docker compose
	else
		echo 'no Compose' >&2
		return 77
	fi
}

need_sandbox() {
	[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'this build has no sandbox'
}
