#include "base/random.h"

#include "base/mem.h"

#include <sys/random.h>

static void random_bytes(void *buf, size_t len)
{
	/* Up to 256 bytes come whole (getrandom(2)). */
	if (len > 256 || getrandom(buf, len, 0) != (ssize_t)len)
		mem_fatal("getrandom");
}

void random_hex(struct str *out, size_t bytes)
{
	unsigned char buf[64];

	while (bytes) {
		size_t part = bytes < sizeof(buf) ? bytes : sizeof(buf);

		random_bytes(buf, part);
		for (size_t i = 0; i < part; i++)
			str_addf(out, "%02x", buf[i]);
		bytes -= part;
	}
}

double random_fraction(void)
{
	uint32_t number;

	random_bytes(&number, sizeof(number));
	return (double)number / 4294967296.0;
}
