#!/bin/sh
# The Debian package: made of this build, unpacked, and its programs, pages and completions there.
. "$(dirname "$0")/testlib.sh"
need dpkg-deb dpkg-shlibdeps meson gzip
[ -n "${DEPLOYER_SANDBOX-}" ] || skip 'deployer-sandbox is not built'
build=$(cd "$(dirname "$DEPLOYER")/.." && pwd)
top=$(cd "$testdir/../.." && pwd)

run 0 "$top/config/package" --build "$build" "$tmp"
package=$(cat "$tmp/out")
version=$("$DEPLOYER" --version | cut -d ' ' -f 2)
[ "$package" = "$tmp/deployer_${version}_$(dpkg --print-architecture).deb" ] || fail "a package named $package"
run 0 dpkg-deb --field "$package" Depends
for library in libcurl4 libgit2-1.5 libisal2 libjansson4 libssl3 libyaml-0-2 libmicrohttpd12; do
	out_has $library
done
run 0 dpkg-deb --extract "$package" root
for program in deployer deployer-sandbox docker-credential-deployer deployer-entrypoint; do
	[ -x root/usr/bin/$program ] || fail "no $program"
done
run 0 root/usr/bin/deployer --version
out_is "deployer $version"

# A page a command, and each program completes in each shell.
"$DEPLOYER" completion --words COMMAND | tr ' ' - >commands
[ -s commands ] || fail 'no commands'
while read -r command; do
	gzip -dc "root/usr/share/man/man1/deployer-$command.1.gz" | grep -q '^\.TH' || fail "no page of $command"
done <commands
for file in bash-completion/completions/deployer zsh/vendor-completions/_deployer \
	fish/vendor_completions.d/deployer.fish man/man1/deployer.1.gz man/man1/deployer-sandbox-run.1.gz \
	doc/deployer/sample/deployer.yml; do
	[ -s "root/usr/share/$file" ] || fail "no $file"
done

# Nothing of this machine is in it, and all of it is root's.
run 0 dpkg-deb --contents "$package"
grep -v ' root/root ' "$tmp/out" && fail 'files of others'
grep -rlF "$build" root >"$tmp/paths" && fail "paths of this machine in $(cat "$tmp/paths")"
exit 0
