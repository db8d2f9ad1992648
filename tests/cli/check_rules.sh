#!/bin/sh
# Every rule of 'deployer check' finds nothing in the stack that deployer is made for, and a mistake put
# into it: at its place, with a fix, and not where the rule is switched off.
. "$(dirname "$0")/testlib.sh"
corpus=${DEPLOYER_CORPUS-}/todobackend
[ -e "$corpus/stack.yml" ] || skip "$corpus is absent"
cp "$corpus/stack.yml" "$tmp/good.yml"
cp "$corpus/dev.cfg" "$tmp/good.cfg"
printf '\n' >>"$tmp/good.cfg"
mkdir "$tmp/c"
cd "$tmp/c"

run 0 "$DEPLOYER" check -t "$tmp/good.yml" -p "$tmp/good.cfg" --format json
cp "$tmp/out" "$tmp/good.json"

tried=0 found=0
# mistake RULE PLACE [TEMPLATE_SED [PARAMETERS_SED]]
mistake() {
	tried=$((tried + 1))
	sed "${3:-}" "$tmp/good.yml" >stack.yml
	sed "${4:-}" "$tmp/good.cfg" >dev.cfg
	echo "$1" >>"$tmp/tried"
	grep -q "\"$1\"" "$tmp/good.json" && [ "$1" != circuit-breaker ] &&
		fail "$1 is found where nothing is wrong"
	"$DEPLOYER" check >"$tmp/out" 2>&1 </dev/null || :
	grep -A1 "^$2: .*\\[$1\\]\$" "$tmp/out" | grep -q '^  -> .' || {
		cat "$tmp/out"
		fail "$1 is not found at $2, or has no fix"
	}
	"$DEPLOYER" check --skip "$1" >"$tmp/out" 2>&1 </dev/null || :
	! grep -q "\\[$1\\]" "$tmp/out" || fail "$1 cannot be switched off"
	found=$((found + 1))
}

# Files that cannot be read.
mistake template-unreadable stack.yml:24:28 '24s/$/: x: y/'
mistake parameters-unreadable dev.cfg:7:1 '' '$aVpcId=vpc-f8233a80'
mistake parameters-unreadable dev.cfg:2:1 '' '2s/=/ = /'
mistake duplicate-key stack.yml:23:3 '21a\  VpcId: {Type: AWS::EC2::VPC::Id}'
# Parameters against the template: names, types, lists, ranges, values, patterns, lengths.
mistake unknown-parameter dev.cfg:7:18 '' '$aDatabasePassword=hunter2'
mistake unknown-parameter dev.cfg:6:7 '' 's/^VpcId/VpcID/'
mistake missing-parameter stack.yml:22:3 '' '/^VpcId/d'
mistake parameter-type stack.yml:7:5 '7s/Number/Numbr/'
mistake parameter-type stack.yml:7:5 '7s/Number/AWS::SSM::Parameter::Value<Number>/'
mistake aws-type dev.cfg:6:7 '' 's/vpc-f8233a80/subnet-f8233a80/'
mistake aws-type dev.cfg:4:20 '' 's/subnet-324e246f/sg-324e246f/'
mistake aws-type dev.cfg:6:7 '23s/AWS::EC2::VPC::Id/AWS::SSM::Parameter::Value<AWS::EC2::VPC::Id>/' 's/vpc-.*/{vpc}/'
mistake number dev.cfg:1:25 '' 's/DesiredCount=1/DesiredCount=one/'
mistake number dev.cfg:1:25 '7a\    MinValue: 2'
mistake number dev.cfg:1:25 '7a\    MaxValue: 4' 's/DesiredCount=1/DesiredCount=5/'
mistake allowed-values dev.cfg:1:25 '7a\    AllowedValues: [2, 4]'
mistake allowed-pattern dev.cfg:3:21 '13a\    AllowedPattern: "[0-9a-f]{8}"'
mistake pattern-not-checked stack.yml:14:5 '13a\    AllowedPattern: "(?=a)b"'
mistake value-length dev.cfg:3:21 '13a\    MinLength: 8'
mistake value-length dev.cfg:3:21 '13a\    MaxLength: 6'
# The tag parameter is what an image is made with.
mistake tag-parameter-missing stack.yml:5:1 's/ApplicationImageTag/ImageTag/' 's/ApplicationImageTag/ImageTag/'
mistake tag-parameter-unused stack.yml:12:3 's/:${ApplicationImageTag}/:latest/'
mistake unused-parameter stack.yml:6:3 's/!Ref ApplicationDesiredCount/2/'
# Secrets: the role, the key, the region; passwords where a secret exists.
mistake secrets-role stack.yml:174:15 's/secretsmanager:GetSecretValue/secretsmanager:DescribeSecret/'
mistake secrets-role stack.yml:174:15 's,secret:todobackend/,secret:other/,'
mistake secrets-decrypt stack.yml:174:15 's/kms:Decrypt/kms:Encrypt/'
mistake secrets-region stack.yml:174:15 '/- Name: AWS_DEFAULT_REGION/,+1d'
mistake plain-password dev.cfg:7:18 '5a\  DatabasePassword: {Type: String, NoEcho: true}' '$aDatabasePassword=hunter2'
mistake password-echo stack.yml:6:3 '5a\  DatabasePassword: {Type: String}' '$aDatabasePassword=hunter2'
# Services and size.
mistake circuit-breaker stack.yml:299:7
long=$(printf '%0900d' 0 | tr 0 x)
mistake template-nearly-full stack.yml:1:1 "$(seq 26 47 | sed "s/\$/i# $long/")"
mistake template-size stack.yml:1:1 "$(seq 26 60 | sed "s/\$/i# $long/")"
printf 'stack: {bucket: templates}\n' >deployer.yml
mistake template-upload stack.yml:1:1 "$(seq 26 60 | sed "s/\$/i# $long/")"
rm deployer.yml

"$DEPLOYER" check --rules | cut -d ' ' -f 1 | sort >"$tmp/rules"
sort -u "$tmp/tried" | diff - "$tmp/rules" || fail 'a rule is not tried'
echo "$found/$tried mistakes found, by $(sort -u "$tmp/tried" | wc -l)/$(wc -l <"$tmp/rules") rules"
