#!/bin/sh
# docker-credential-deployer, the program's other name: what docker's own tools rely on.
. "$(dirname "$0")/testlib.sh"

ln -s "$DEPLOYER" docker-credential-deployer
helper=$tmp/docker-credential-deployer

run 0 "$helper" version
out_matches '^docker-credential-deployer \(deployer\) [0-9]'

run 1 "$helper"
out_is 'usage: docker-credential-deployer get|store|erase|list|version'
run 1 "$helper" get erase
out_is 'usage: docker-credential-deployer get|store|erase|list|version'

run 1 "$helper" get
out_is 'no credentials server URL'

mkdir "$HOME/.docker"
printf '{"credHelpers": {"a.example": "deployer", "b.example": "other"}}' >"$HOME/.docker/config.json"
run 0 "$helper" list
out_is '{"https://a.example":"AWS"}'

# A host that nobody logs in to: docker goes on without credentials, in silence.
echo public.ecr.aws >host
run_with_input 1 host -- "$helper" get
out_is 'credentials not found in native keychain'
[ ! -s err ] || fail 'something was said'

# The true cause, on both streams: docker swallows one of them.
echo https://123456789012.dkr.ecr.us-west-2.amazonaws.com >host
run_with_input 1 host -- "$helper" get
err_matches '^docker-credential-deployer: '
[ -s out ] || fail 'stdout is empty'
out_lacks 'credentials not found in native keychain'

# A config.json that is not understood is named, and left alone.
printf '{' >"$HOME/.docker/config.json"
run 1 "$helper" list
err_has config.json
run 2 "$DEPLOYER" logout
err_has config.json
printf '{' >expected
same "$HOME/.docker/config.json" expected
