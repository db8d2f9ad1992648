#include "docker/image.h"

#include "base/cleanup.h"
#include "base/slice.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_upper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_word(char c)
{
	return is_digit(c) || is_lower(c) || is_upper(c) || c == '_';
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static struct slice slice_from(struct slice s, size_t at)
{
	return (struct slice){ s.p + at, s.n - at };
}

/* Takes the piece before the next `separator` off `rest`; all of it where there is none. */
static struct slice take_until(struct slice *rest, char separator)
{
	const char *end = memchr(rest->p, separator, rest->n);
	struct slice piece = { rest->p, end ? (size_t)(end - rest->p) : rest->n };

	*rest = slice_from(*rest, piece.n + (end ? 1 : 0));
	return piece;
}

static bool is_tag(struct slice s)
{
	if (s.n == 0 || s.n > 128 || !is_word(s.p[0]))
		return false;
	for (size_t i = 1; i < s.n; i++) {
		if (!is_word(s.p[i]) && s.p[i] != '.' && s.p[i] != '-')
			return false;
	}
	return true;
}

bool image_tag_is_valid(const char *tag)
{
	return is_tag(slice_of(tag));
}

int image_check_tag(const char *tag, const char *source, struct error *err)
{
	if (image_tag_is_valid(tag))
		return 0;
	error_set(err, ERROR_CONFIG, "%s: '%s' is not an image tag", source, tag);
	return error_fix(err, "a tag is up to 128 of A-Z a-z 0-9 _ . - and starts with neither . "
			      "nor -");
}

/* algorithm ::= component (separator component)*; component ::= letter alphanumeric* */
static bool is_digest_algorithm(struct slice s)
{
	bool at_start = true;

	for (size_t i = 0; i < s.n; i++) {
		if (at_start && !is_lower(s.p[i]) && !is_upper(s.p[i]))
			return false;
		at_start = strchr("-_+.", s.p[i]) != NULL;
		if (!at_start && (!is_word(s.p[i]) || s.p[i] == '_'))
			return false;
	}
	return !at_start;
}

static bool is_digest(struct slice s)
{
	struct slice hex = s;
	struct slice algorithm = take_until(&hex, ':');

	if (!is_digest_algorithm(algorithm) || hex.n < 32)
		return false;
	for (size_t i = 0; i < hex.n; i++) {
		if (!is_hex(hex.p[i]) || is_upper(hex.p[i]))
			return false;
	}
	return !slice_is(algorithm, "sha256") || hex.n == 64;
}

bool image_digest_is_valid(const char *digest)
{
	return is_digest(slice_of(digest));
}

/* A label of a DNS name: letters, digits and inner hyphens. */
static bool is_domain_component(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		bool inner = i > 0 && i + 1 < s.n;

		if (s.p[i] == '_' || (!is_word(s.p[i]) && !(inner && s.p[i] == '-')))
			return false;
	}
	return s.n > 0;
}

/* "[" hex and colons "]" */
static bool is_bracketed_address(struct slice s)
{
	if (s.n < 3 || s.p[0] != '[' || s.p[s.n - 1] != ']')
		return false;
	for (size_t i = 1; i + 1 < s.n; i++) {
		if (!is_hex(s.p[i]) && s.p[i] != ':')
			return false;
	}
	return true;
}

static bool is_domain(struct slice s)
{
	if (is_bracketed_address(s))
		return true;
	while (s.n) {
		size_t before = s.n;
		struct slice component = take_until(&s, '.');

		if (!is_domain_component(component) || (s.n == 0 && before != component.n))
			return false;
	}
	return true;
}

/* host ::= domain [":" port] */
static bool is_host(struct slice s)
{
	size_t end = s.n;

	while (end > 0 && is_digit(s.p[end - 1]))
		end--;
	if (end > 0 && end < s.n && s.p[end - 1] == ':')
		s.n = end - 1;
	return s.n > 0 && is_domain(s);
}

/* How many bytes of separator stand at `at`: ".", "_", "__" or any number of "-"; 0 for none. */
static size_t separator_len(struct slice s, size_t at)
{
	size_t len = 0;

	if (s.p[at] == '.')
		return 1;
	if (s.p[at] == '_')
		return at + 1 < s.n && s.p[at + 1] == '_' ? 2 : 1;
	while (at + len < s.n && s.p[at + len] == '-')
		len++;
	return len;
}

/* path-component ::= alpha-numeric (separator alpha-numeric)* */
static bool is_path_component(struct slice s)
{
	bool after_word = false;
	size_t i = 0;

	while (i < s.n) {
		if (is_lower(s.p[i]) || is_digit(s.p[i])) {
			after_word = true;
			i++;
			continue;
		}
		size_t len = separator_len(s, i);

		if (len == 0 || !after_word)
			return false;
		after_word = false;
		i += len;
	}
	return after_word;
}

static bool is_path(struct slice s)
{
	size_t components = 0;

	while (s.n) {
		size_t before = s.n;
		struct slice component = take_until(&s, '/');

		if (!is_path_component(component) || (s.n == 0 && before != component.n))
			return false;
		components++;
	}
	return components > 0;
}

/* An image id without "sha256:" is not a name, so that neither can be taken for the other. */
static bool is_bare_image_id(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_hex(s.p[i]) || is_upper(s.p[i]))
			return false;
	}
	return s.n == 64;
}

/*
 * Whether the first component is a host: it has a dot or a port, is "localhost", or is not lower
 * case (distribution/reference normalize.go, splitDockerDomain).
 */
static bool looks_like_host(struct slice s)
{
	if (slice_is(s, "localhost"))
		return true;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '.' || s.p[i] == ':' || is_upper(s.p[i]))
			return true;
	}
	return false;
}

static struct slice take_host(struct slice *rest)
{
	const char *slash = memchr(rest->p, '/', rest->n);
	struct slice first = { rest->p, slash ? (size_t)(slash - rest->p) : 0 };

	if (!slash || !looks_like_host(first))
		return (struct slice){ rest->p, 0 };
	*rest = slice_from(*rest, first.n + 1);
	return first;
}

/* The tag stands after the last colon behind the last slash; a colon before is a port's. */
static struct slice take_tag(struct slice *rest)
{
	const char *slash = memrchr(rest->p, '/', rest->n);
	size_t from = slash ? (size_t)(slash - rest->p) : 0;
	const char *colon = memchr(rest->p + from, ':', rest->n - from);
	struct slice tag = { rest->p + rest->n, 0 };

	if (!colon)
		return tag;
	tag = slice_from(*rest, (size_t)(colon - rest->p) + 1);
	rest->n = (size_t)(colon - rest->p);
	return tag;
}

struct pieces {
	struct slice host, name, tag, digest;
};

/* Finds what is wrong with a reference, or returns NULL with its pieces. */
static const char *split(struct slice text, struct pieces *ret)
{
	struct slice rest = text;
	struct slice named = take_until(&rest, '@');
	bool has_digest = named.n < text.n;
	size_t whole = named.n;

	ret->digest = rest;
	if (has_digest && !is_digest(ret->digest))
		return "the part after '@' is not a digest";
	ret->host = take_host(&named);
	ret->tag = take_tag(&named);
	ret->name = named;
	if (ret->host.n && !is_host(ret->host))
		return "the part before the first '/' is not a host";
	if (!is_path(ret->name))
		return "a name is lower-case letters and digits, with single '.', '_' or '-' "
		       "between them";
	if (!ret->host.n && is_bare_image_id(ret->name))
		return "64 hexadecimal digits are an image id";
	if (ret->host.n + ret->name.n > 254)
		return "it is longer than 255 bytes";
	/* A colon with nothing behind it leaves an empty tag that was asked for. */
	if ((ret->tag.n || ret->host.n + (ret->host.n ? 1 : 0) + ret->name.n != whole) &&
	    !is_tag(ret->tag))
		return "a tag is 1 to 128 of letters, digits, '_', '.' and '-', "
		       "the first neither '.' nor '-'";
	return NULL;
}

int image_ref_parse(const char *text, struct image_ref *ret, struct error *err)
{
	struct pieces pieces;
	const char *wrong = split(slice_of(text), &pieces);

	if (wrong) {
		error_set(err, ERROR_CONFIG, "'%s' is not an image reference: %s", text, wrong);
		return error_fix(err, "write it as HOST/NAME:TAG, such as "
				      "registry.example.com/team/app:1.0");
	}
	image_ref_release(ret);
	str_add(&ret->host, pieces.host.p, pieces.host.n);
	str_add(&ret->name, pieces.name.p, pieces.name.n);
	str_add(&ret->tag, pieces.tag.p, pieces.tag.n);
	str_add(&ret->digest, pieces.digest.p, pieces.digest.n);
	return 0;
}

void image_ref_release(struct image_ref *ref)
{
	str_release(&ref->host);
	str_release(&ref->name);
	str_release(&ref->tag);
	str_release(&ref->digest);
}

/* Takes `head` off the front of `rest`, where it stands there. */
static bool take_text(struct slice *rest, const char *head)
{
	if (!slice_starts_with(*rest, head))
		return false;
	*rest = slice_from(*rest, strlen(head));
	return true;
}

static bool is_ecr_suffix(struct slice s)
{
	static const char *const suffixes[] = {
		"amazonaws.com",
		"amazonaws.com.cn",
		"amazonaws.eu",
		"on.aws",
		"on.amazonwebservices.com.cn",
		"sc2s.sgov.gov",
		"c2s.ic.gov",
		"cloud.adc-e.uk",
		"csp.hci.ic.gov",
	};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (slice_is(s, suffixes[i]))
			return true;
	}
	return false;
}

static bool is_ecr_account(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_digit(s.p[i]))
			return false;
	}
	return s.n == 12;
}

static bool is_ecr_region(struct slice s)
{
	if (s.n == 0 || s.p[0] == '_')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!is_word(s.p[i]) && !(i > 0 && s.p[i] == '-'))
			return false;
	}
	return true;
}

bool ecr_host_parse(const char *host, struct str *ret_account, struct str *ret_region)
{
	struct slice rest = slice_of(host);
	struct slice account = take_until(&rest, '.');
	struct slice region;

	if (!is_ecr_account(account) ||
	    (!take_text(&rest, "dkr.ecr") && !take_text(&rest, "dkr-ecr")))
		return false;
	(void)take_text(&rest, "-fips");
	if (!take_text(&rest, "."))
		return false;
	region = take_until(&rest, '.');
	if (!is_ecr_region(region) || !is_ecr_suffix(rest))
		return false;
	str_reset(ret_account);
	str_reset(ret_region);
	str_add(ret_account, account.p, account.n);
	str_add(ret_region, region.p, region.n);
	return true;
}

bool ecr_host_is_fips(const char *host)
{
	CLEANUP(str_release) struct str account = STR_INIT;
	CLEANUP(str_release) struct str region = STR_INIT;

	return ecr_host_parse(host, &account, &region) && strstr(host, "ecr-fips.");
}

bool ecr_host_is_public(const char *host)
{
	return strcmp(host, "public.ecr.aws") == 0 || strcmp(host, "ecr-public.aws.com") == 0;
}
