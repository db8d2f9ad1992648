#!/bin/sh
# The parameter file against the live stack and the template; what the file leaves out and the stack has.
. "$(dirname "$0")/testlib.sh"
need git
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'

cat >stack.yml <<'YML'
Parameters:
  ApplicationImageTag: {Type: String}
  Count: {Type: Number, Default: 1}
  Secret: {Type: String, NoEcho: true}
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {TopicName: !Sub '${ApplicationImageTag}-${Count}-${Secret}'}
YML
printf 'ApplicationImageTag=a\nSecret=hunter2\n' >dev.cfg
printf 'project: shop\n' >deployer.yml
printf 'home/\nstate/\nout\nerr\n' >.gitignore
git init -q .
git add .gitignore stack.yml dev.cfg deployer.yml
git -c user.name=t -c user.email=t@example.com commit -qm first

sandbox() { # STATUS COMMAND...
	want=$1
	shift
	run "$want" "$DEPLOYER_SANDBOX" run --state "$tmp/state" --no-registry -- "$@"
}

# No stack yet: what the file leaves out is missing, before anything is asked of CloudFormation but that.
sandbox 0 "$DEPLOYER" params diff
err_has "there is no stack 'shop' yet"
out_matches '^ApplicationImageTag +a +- +- +new$'
out_matches '^Count +- +- +1 +new$'
out_matches '^Secret +\*\*\*\* +- +- +new$'
printf 'Secret=hunter2\n' >dev.cfg
sandbox 2 "$DEPLOYER" deploy
err_has "$tmp/stack.yml:2:3: parameter 'ApplicationImageTag' has no value in '$tmp/dev.cfg' and no default"
err_lacks 'CreateChangeSet'
printf 'ApplicationImageTag=a\nSecret=hunter2\n' >dev.cfg
sandbox 0 "$DEPLOYER" deploy
err_has 'is CREATE_COMPLETE'

# A stack: the file leaves a value to it, changes one, and has one that is not in the template.
printf 'Count=2\nSecret=hunter3\nOld=hunter4\n' >dev.cfg
sandbox 0 "$DEPLOYER" params diff
out_matches '^PARAMETER +FILE +STACK +DEFAULT +STATE$'
out_matches '^ApplicationImageTag +- +a +- +same$'
out_matches '^Count +2 +1 +1 +changes$'
out_matches '^Secret +\*\*\*\* +\*\*\*\* +- +hidden$'
out_matches '^Old +\*\*\*\* +- +- +unknown$'
out_lacks hunter
sandbox 0 "$DEPLOYER" params diff -o json
out_has '{"name":"Count","file":"2","stack":"1","default":"1","state":"changes"}'
out_lacks hunter
printf 'Count=2\nSecret=hunter3\n' >dev.cfg
sandbox 0 "$DEPLOYER" deploy
err_has 'is UPDATE_COMPLETE'

# Another environment is another stack and another file.
printf 'ApplicationImageTag=b\nSecret=x\n' >prod.cfg
sandbox 0 "$DEPLOYER" params diff prod
err_has "there is no stack 'shop-prod' yet"
out_matches '^ApplicationImageTag +b +- +- +new$'
