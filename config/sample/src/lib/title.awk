# Read {"title": "..."} and print the title as the JSON string it came as:
# checked, but never decoded, so that no later reader has to quote it again.
# Anything else is refused with exit status 1.

# Take the token that the last match() found at the start of the text.
function taken() {
	token = substr(text, 1, RLENGTH)
	text = substr(text, RLENGTH + 1)
	sub(/^[ \t\r\n]+/, "", text)
	return 1
}

function mark(c) {
	return match(text, "^[" c "]") && taken()
}

function string() {
	return match(text, /^"([^"\\\001-\037]|\\["\\\/bfnrt]|\\u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f])*"/) && taken()
}

function utf8() {
	return text ~ /^([\001-\177]|[\302-\337][\200-\277]|\340[\240-\277][\200-\277]|[\341-\354\356\357][\200-\277][\200-\277]|\355[\200-\237][\200-\277]|\360[\220-\277][\200-\277][\200-\277]|[\361-\363][\200-\277][\200-\277][\200-\277]|\364[\200-\217][\200-\277][\200-\277])*$/
}

function title() {
	sub(/^[ \t\r\n]+/, "", text)
	if (!utf8() || !mark("{") || !string() || token != "\"title\"" || !mark(":") || !string())
		return 0
	found = token
	return mark("}") && text == "" && found != "\"\""
}

{
	text = text $0 "\n"
}

END {
	if (!title())
		exit 1
	print found
}
