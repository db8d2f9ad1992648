# shellcheck shell=sh
# http METHOD PATH [BODY]: one request through the caller's send(), which reads
# it on standard input and prints the answer. Leaves $status and $body.
# shellcheck disable=SC2034
http() {
	length=$(printf '%s' "${3-}" | wc -c)
	answer=$(
		printf '%s %s HTTP/1.1\r\nHost: app\r\nContent-Length: %s\r\n\r\n%s' "$1" "$2" "$length" "${3-}" |
			send | tr -d '\r'
	)
	status=${answer#HTTP/1.? }
	status=${status%%[!0-9]*}
	body=$(printf '%s\n' "$answer" | sed '1,/^$/d')
}
