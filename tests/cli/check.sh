#!/bin/sh
# What would make a deployment fail is found before anything is built: place, rule, remedy.
. "$(dirname "$0")/testlib.sh"
corpus=${DEPLOYER_CORPUS-}/todobackend

check() { # STATUS ARGUMENT...
	want=$1
	shift
	run "$want" "$DEPLOYER" check "$@"
}

cat >stack.yml <<'YML'
Parameters:
  ApplicationImageTag: {Type: String, AllowedPattern: '[0-9a-f]{7,40}', ConstraintDescription: a commit}
  VpcId: {Type: 'AWS::EC2::VPC::Id'}
  DatabasePassword: {Type: String, NoEcho: true, MinLength: 10}
Resources:
  Task:
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub '${VpcId}${DatabasePassword}'
      ContainerDefinitions: [{Name: app, Image: !Sub 'team/app:${ApplicationImageTag}'}]
  Service:
    Type: AWS::ECS::Service
    Properties: {TaskDefinition: !Ref Task}
YML
printf '# of dev\nApplicationImageTag=latest\nVpcId=vpc-1\nDatabasePassword=hunter2\nDesired=1' >dev.cfg
printf 'breaker=1\n' >other.cfg

# As compilers say it; a value that is not to be echoed is not.
check 2
out_is "dev.cfg:2:21: error: parameter 'ApplicationImageTag': 'latest' does not match AllowedPattern '[0-9a-f]{7,40}': a commit [allowed-pattern]
  -> give it a value that matches as a whole
dev.cfg:3:7: error: parameter 'VpcId': 'vpc-1' is no AWS::EC2::VPC::Id [aws-type]
  -> give it one like vpc-0123456789abcdef0
dev.cfg:4:18: error: parameter 'DatabasePassword': its value (NoEcho) has less than 10 characters [value-length]
  -> give it a value of that length
dev.cfg:5:9: error: parameter 'Desired' is not in template '$tmp/stack.yml' [unknown-parameter]
  -> take it out of '$tmp/dev.cfg', or declare it in the template
stack.yml:13:5: warning: service 'Service' has no circuit breaker: an image that does not start takes about 3 hours to fail [circuit-breaker]
  -> add 'DeploymentCircuitBreaker: {Enable: true, Rollback: true}' to its DeploymentConfiguration"
err_has '4 errors, 1 warning'

# Forms for programs: nothing else on stdout.
for format in json github sarif; do
	check 2 --format $format
	[ ! -s err ] || fail 'a summary beside what programs read'
	out_lacks hunter2
	cp out "$tmp/$format"
done
has github "::error file=dev.cfg,line=2,col=21,title=allowed-pattern::parameter 'ApplicationImageTag': 'latest' does"
has github '::warning file=stack.yml,line=13,col=5,title=circuit-breaker::'
[ "$(wc -l <github)" = 5 ] || fail 'not one command a line'
check 2 --output json
same out json
if command -v python3 >/dev/null; then
	python3 - json sarif <<-'PYTHON'
		import json, sys
		plain = json.load(open(sys.argv[1]))
		assert plain["errors"] == 4 and plain["warnings"] == 1 and len(plain["findings"]) == 5
		assert all(set(f) == {"file", "line", "column", "severity", "rule", "message", "fix"} for f in plain["findings"])
		sarif = json.load(open(sys.argv[2]))
		assert sarif["version"] == "2.1.0" and len(sarif["runs"]) == 1
		run = sarif["runs"][0]
		rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
		assert run["tool"]["driver"]["name"] == "deployer" and len(set(rules)) == len(rules)
		assert run["columnKind"] == "unicodeCodePoints" and len(run["results"]) == 5
		for result, finding in zip(run["results"], plain["findings"]):
		    place = result["locations"][0]["physicalLocation"]
		    assert result["ruleId"] in rules and result["ruleId"] == finding["rule"]
		    assert result["level"] in ("error", "warning", "note")
		    assert result["message"]["text"].startswith(finding["message"])
		    assert not place["artifactLocation"]["uri"].startswith("/")
		    assert place["region"] == {"startLine": finding["line"], "startColumn": finding["column"]}
		assert run["invocations"] == [{"executionSuccessful": True}]
	PYTHON
fi

# SARIF also where there is nothing to look at, or files that cannot be read: what takes it has no use
# for an empty file. Its schema (OASIS) is asked where it and a validator are.
schema=${DEPLOYER_CONFORMANCE-}/sarif/sarif-schema-2.1.0.json
validate() {
	[ -e "$schema" ] || return 0
	python3 -c 'import json, jsonschema, sys
jsonschema.validate(json.load(open(sys.argv[1])), json.load(open(sys.argv[2])))' "$1" "$schema" ||
		fail "$1 is not what the schema of SARIF wants"
}
validate sarif
printf 'Resources: {\n' >broken.yml
check 2 --format sarif -t broken.yml
out_has '"ruleId":"template-unreadable"'
validate "$tmp/out"
mkdir none
check 2 -C none --format sarif
out_has '"executionSuccessful":false'
out_has '"text":"no stack template (stack.yml) in '
validate "$tmp/out"
check 2 --format sarif --skip circuit-braker
out_has '"executionSuccessful":false'
rm -r none broken.yml

# Rules switched off, by the command line and for good; warnings taken for errors.
check 0 --skip allowed-pattern --skip aws-type --skip value-length --skip unknown-parameter
check 2 --skip allowed-pattern --skip aws-type --skip value-length --skip unknown-parameter --strict
printf 'checks: {off: [allowed-pattern, aws-type, value-length, unknown-parameter, circuit-breaker]}\n' >deployer.yml
check 0 --strict
[ ! -s out ] || fail 'something is left'
check 2 --skip circuit-braker
err_has "did you mean 'circuit-breaker'?"
printf 'checks: {off: [circuitbreaker]}\n' >deployer.yml
check 2
err_has "checks.off: 'circuitbreaker' is no rule"
rm deployer.yml
check 0 --rules
out_has 'secrets-role'
check 2 --format xml
err_has "'xml' is not text, json, github or sarif"

# Other files; none.
check 2 -p other.cfg --skip missing-parameter
out_has 'other.cfg:1:9: error'
mv dev.cfg aside.cfg
check 0
err_has 'no parameter file: the template alone was checked'
check 2 -t nowhere.yml
out_has "nowhere.yml:1:1: error: cannot read 'nowhere.yml': No such file or directory [template-unreadable]"
mv aside.cfg dev.cfg

# What comes from the files does not reach the terminal raw.
printf 'A\033[31mB=1\n' >raw.cfg
check 2 -p raw.cfg
out_has 'raw.cfg:1:1: error: line 1 has bytes that are no text'
! grep -q "$(printf '\033')" out err || fail 'a control sequence'

# Hostile files cost nothing.
python3 -c 'print("[" * 200000)' >deep.yml 2>/dev/null || skip 'python3 is absent'
run 2 timeout 60 "$DEPLOYER" check -t deep.yml
out_has 'deep.yml:1:65: error: more than 64 levels deep [template-unreadable]'
run 2 timeout 60 "$DEPLOYER" check -p deep.yml
out_has '[parameters-unreadable]'
python3 -c 'print("[" * 2000000)' >deep.yml
run 2 timeout 60 "$DEPLOYER" check -t deep.yml
out_has 'deep.yml:1:1: error: template has 2000001 bytes'
python3 -c 'print("Parameters: {X: {Type: String, AllowedPattern: \"" + "(" * 40000 + "\"}}\nResources: {}")' >deep.yml
printf 'X=1\n' >x.cfg
run 2 timeout 60 "$DEPLOYER" check -t deep.yml -p x.cfg
out_has 'note: AllowedPattern of '"'X'"' is not checked'
python3 -c 'print("Resources:"); [print(f"  S{i}: {{Type: \"AWS::ECS::Service\", Properties: {{}}}}") for i in range(12000)]' >many.yml
run 2 timeout 60 "$DEPLOYER" check -t many.yml -p x.cfg
err_has 'further findings are not shown'

# A release is refused before anything is built, by the same rules.
export AWS_ACCESS_KEY_ID=AKIDEXAMPLE AWS_SECRET_ACCESS_KEY=none AWS_REGION=us-east-1
export AWS_ENDPOINT_URL=http://127.0.0.1:9 DOCKER_HOST=unix:///nonexistent/docker.sock APP_VERSION=5fdbe62
run 2 "$DEPLOYER" deploy
err_has "$tmp/dev.cfg:2:21: parameter 'ApplicationImageTag': 'latest' does not match"
err_has "('deployer check' shows 3 more)"
run 2 "$DEPLOYER" release
err_has "$tmp/dev.cfg:3:7: parameter 'VpcId'"

# The stack that deployer is made for.
[ -e "$corpus/stack.yml" ] || skip "$corpus is absent"
rm -rf c
cp -r "$corpus" c
chmod -R u+w c
cd c
printf '\n' >>dev.cfg
check 0
err_has '0 errors, 1 warning'
out_has 'stack.yml:299:7: warning: service '"'ApplicationService'"' has no circuit breaker'
check 2 -p dev.json
out_has "stack.yml:19:3: error: parameter 'PrivateSubnets' has no value in 'dev.json'"

# The three things that its authors got right by hand.
grep -n 'secretsmanager:GetSecretValue' stack.yml | tail -n 1 | cut -d : -f 1 >line
sed "$(cat line)s/Get/Describe/" stack.yml >a.yml
check 2 -t a.yml
out_has "a.yml:174:15: error: container 'migrate' reads 'todobackend/credentials', and role 'ApplicationTaskRole' does not allow secretsmanager:GetSecretValue on it [secrets-role]"
out_has "container 'todobackend' reads 'todobackend/credentials'"
[ "$(grep -c secrets-role "$tmp/out")" = 2 ] || fail 'not two containers'
sed "$(($(cat line) + 1))s,secret:todobackend/,secret:other/," stack.yml >a.yml
check 2 -t a.yml
[ "$(grep -c secrets-role "$tmp/out")" = 2 ] || fail 'another secret is allowed'
sed "$(($(cat line) + 2)),\$s/kms:Decrypt/kms:Encrypt/" stack.yml >a.yml
check 0 -t a.yml
[ "$(grep -c 'does not allow kms:Decrypt \[secrets-decrypt\]' "$tmp/out")" = 2 ] || fail 'decrypting'
sed '/- Name: AWS_DEFAULT_REGION/,+1d' stack.yml >a.yml
check 2 -t a.yml
[ "$(grep -c 'AWS_DEFAULT_REGION is not in its Environment \[secrets-region\]' "$tmp/out")" = 2 ] || fail 'region'

# An image that a release would not change, and the parameter that its authors took out.
sed 's/:${ApplicationImageTag}/:latest/' stack.yml >a.yml
check 2 -t a.yml
out_has "a.yml:12:3: error: no image of a container uses 'ApplicationImageTag' [tag-parameter-unused]"
printf 'DatabasePassword=hunter2\n' >>dev.cfg
check 2
out_has "dev.cfg:7:18: error: parameter 'DatabasePassword' is not in template"
out_has 'the template has its passwords from a secret'
out_has "dev.cfg:7:18: warning: 'DatabasePassword' is in the file as plain text [plain-password]"
out_lacks hunter2
