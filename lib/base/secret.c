#include "base/secret.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

void secret_set(struct secret *secret, const void *bytes, size_t len)
{
	char *fresh = mem_zalloc(len + 1);

	memcpy(fresh, bytes, len);
	secret_release(secret);
	secret->bytes_ = fresh;
	secret->len_ = len;
}

void secret_sets(struct secret *secret, const char *text)
{
	if (text)
		secret_set(secret, text, strlen(text));
	else
		secret_release(secret);
}

void secret_copy(struct secret *to, const struct secret *from)
{
	if (to == from)
		return;
	if (from->bytes_)
		secret_set(to, from->bytes_, from->len_);
	else
		secret_release(to);
}

const char *secret_bytes(const struct secret *secret)
{
	return secret->bytes_ ? secret->bytes_ : "";
}

size_t secret_len(const struct secret *secret)
{
	return secret->len_;
}

bool secret_is_set(const struct secret *secret)
{
	return secret->len_ > 0;
}

bool secret_is_equal(const struct secret *a, const struct secret *b)
{
	return a->len_ == b->len_ && memcmp(secret_bytes(a), secret_bytes(b), a->len_) == 0;
}

void secret_release(struct secret *secret)
{
	if (secret->bytes_)
		explicit_bzero(secret->bytes_, secret->len_);
	free(secret->bytes_);
	*secret = (struct secret)SECRET_INIT;
}
