# shellcheck shell=sh
# shellcheck disable=SC2016
# The reader of request bodies.

# title BODY: the title, or REFUSED; BODY takes printf's escapes.
title() {
	# shellcheck disable=SC2059
	printf "$1" | tr '\000' '\001' | LC_ALL=C awk -f ../lib/title.awk || echo REFUSED
}

accepts() {
	is "title: $1" "$(title "$2")" "$3"
}

refuses() {
	is "title: refuses $1" "$(title "$2")" REFUSED
}

accepts 'plain' '{"title":"milk"}' '"milk"'
accepts 'white space' ' \n{ "title" :\t"milk"\r\n}\n\n' '"milk"'
accepts 'shell characters' '{"title":"$(id) `id` $HOME; '\'' & | > <"}' '"$(id) `id` $HOME; '\'' & | > <"'
accepts 'escapes' '{"title":"\\" \\\\ \\n \\u00e9 {}"}' '"\" \\ \n \u00e9 {}"'
accepts 'unicode' '{"title":"caf\303\251 \342\202\254 \360\237\215\277"}' "\"$(printf 'caf\303\251 \342\202\254 \360\237\215\277')\""

refuses 'nothing' ''
refuses 'no object' '"milk"'
refuses 'an empty title' '{"title":""}'
refuses 'a number' '{"title":1}'
refuses 'another key' '{"name":"milk"}'
refuses 'a second key' '{"title":"milk","done":true}'
refuses 'text after the object' '{"title":"milk"} x'
refuses 'an unfinished string' '{"title":"milk}'
refuses 'an unfinished escape' '{"title":"milk\\"}'
refuses 'an unknown escape' '{"title":"\\x41"}'
refuses 'a short \u' '{"title":"\\u12"}'
refuses 'a line end in the title' '{"title":"a\nb"}'
refuses 'a NUL in the title' '{"title":"a\000b"}'
refuses 'a NUL after the object' '{"title":"a"}\000'
refuses 'broken UTF-8' '{"title":"caf\303"}'
refuses 'overlong UTF-8' '{"title":"\300\200"}'
refuses 'a surrogate in UTF-8' '{"title":"\355\240\200"}'
