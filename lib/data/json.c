#include "data/json.h"

#include "base/sanitize.h"

#include <string.h>

void json_quote(struct str *out, const char *text)
{
	size_t len = strlen(text);

	str_addc(out, '"');
	while (len) {
		unsigned code = 0;
		size_t size = utf8_decode(text, len, &code);

		if (size == 0)
			str_adds(out, "\\ufffd");
		else if (code < 0x20)
			str_addf(out, "\\u%04x", code);
		else if (code == '"' || code == '\\')
			str_addf(out, "\\%c", (char)code);
		else
			str_add(out, text, size);
		size = size ? size : 1;
		text += size;
		len -= size;
	}
	str_addc(out, '"');
}
