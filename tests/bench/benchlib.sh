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
