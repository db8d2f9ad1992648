#include "data/yaml_scalar.h"

#include "base/cleanup.h"
#include "base/str.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

static const char *const null_words[] = { "", "~", "null", "Null", "NULL", NULL };
static const char *const true_words[] = { "true", "True", "TRUE", NULL };
static const char *const false_words[] = { "false", "False", "FALSE", NULL };
static const char *const old_true_words[] = { "yes", "Yes", "YES", "on", "On", "ON", NULL };
static const char *const old_false_words[] = { "no", "No", "NO", "off", "Off", "OFF", NULL };

static json_t *resolve_word(const char *text, enum yaml_dialect dialect)
{
	if (is_one_of(text, null_words))
		return json_null();
	if (is_one_of(text, true_words))
		return json_true();
	if (is_one_of(text, false_words))
		return json_false();
	if (dialect == YAML_PLAIN)
		return NULL;
	if (is_one_of(text, old_true_words))
		return json_true();
	return is_one_of(text, old_false_words) ? json_false() : NULL;
}

/* The number without its sign; strtoll() would take a second one, and blanks. */
static json_t *parse_integer(const char *digits, int base, bool is_negative)
{
	char *end;
	long long number;

	if (!isxdigit((unsigned char)digits[0]))
		return NULL;
	errno = 0;
	number = strtoll(digits, &end, base);
	if (*end || errno)
		return NULL;
	return json_integer(is_negative ? -number : number);
}

/* "1:30" is 90: base 60, each place but the first below 60. */
static json_t *parse_sexagesimal(const char *text, bool is_negative)
{
	json_int_t number = 0;

	for (bool is_first = true; *text; is_first = false) {
		json_int_t place = 0;
		size_t len = strspn(text, "0123456789");

		if (len == 0 || len > (is_first ? 9U : 2U) || (is_first && *text == '0'))
			return NULL;
		for (size_t i = 0; i < len; i++)
			place = place * 10 + (text[i] - '0');
		text += len;
		if ((!is_first && place > 59) || (*text && (*text != ':' || !text[1])))
			return NULL;
		if (number > INT64_MAX / 60 - 60)
			return NULL;
		number = number * 60 + place;
		text += *text == ':';
	}
	return json_integer(is_negative ? -number : number);
}

static json_t *resolve_old_integer(const char *text, bool is_negative)
{
	if (strchr(text, ':'))
		return parse_sexagesimal(text, is_negative);
	if (strncmp(text, "0b", 2) == 0)
		return strchr("01", text[2]) ? parse_integer(text + 2, 2, is_negative) : NULL;
	if (strncmp(text, "0x", 2) == 0)
		return parse_integer(text + 2, 16, is_negative);
	if (text[0] == '0' && text[1])
		return parse_integer(text + 1, 8, is_negative);
	return parse_integer(text, 10, is_negative);
}

static json_t *resolve_core_integer(const char *text, bool is_signed, bool is_negative)
{
	if (!is_signed && strncmp(text, "0o", 2) == 0)
		return parse_integer(text + 2, 8, false);
	if (!is_signed && strncmp(text, "0x", 2) == 0)
		return isxdigit((unsigned char)text[2]) ? parse_integer(text + 2, 16, false) : NULL;
	return parse_integer(text, 10, is_negative);
}

/* Digits, a point where `needs_point`, an exponent; YAML 1.1 wants the exponent's sign. */
static bool looks_real(const char *text, bool needs_point, bool needs_exponent_sign)
{
	size_t whole = strspn(text, "0123456789"), fraction = 0;
	bool has_point = text[whole] == '.';

	text += whole;
	if (has_point) {
		fraction = strspn(++text, "0123456789");
		text += fraction;
	}
	if (whole + fraction == 0 || (needs_point && !has_point))
		return false;
	if (*text == 'e' || *text == 'E') {
		text++;
		if (needs_exponent_sign && *text != '+' && *text != '-')
			return false;
		text += *text == '+' || *text == '-';
		whole = strspn(text, "0123456789");
		text += whole;
		return whole && !*text;
	}
	return !*text;
}

static json_t *resolve_real(const char *text, bool is_negative)
{
	double number = strtod(text, NULL);

	return isfinite(number) ? json_real(is_negative ? -number : number) : NULL;
}

/* YAML 1.1 lets underscores stand between the digits. */
static void drop_underscores(const char *text, struct str *out)
{
	for (; *text; text++) {
		if (*text != '_')
			str_addc(out, *text);
	}
}

static json_t *resolve_number(const char *text, enum yaml_dialect dialect)
{
	bool is_old = dialect != YAML_PLAIN;
	bool is_signed = *text == '-' || *text == '+', is_negative = *text == '-';
	CLEANUP(str_release) struct str digits = STR_INIT;
	json_t *number;

	text += is_signed;
	if (!isdigit((unsigned char)*text) && *text != '.')
		return NULL;
	if (is_old)
		drop_underscores(text, &digits);
	else
		str_adds(&digits, text);
	number = is_old ? resolve_old_integer(digits.buf, is_negative)
			: resolve_core_integer(digits.buf, is_signed, is_negative);
	if (number || !looks_real(digits.buf, is_old, is_old))
		return number;
	return resolve_real(digits.buf, is_negative);
}

json_t *yaml_resolve_plain(const char *text, enum yaml_dialect dialect)
{
	json_t *value = resolve_word(text, dialect);

	if (!value)
		value = resolve_number(text, dialect);
	return value ? value : json_string(text);
}

bool yaml_tag_is_resolved(const char *tag)
{
	static const char *const resolved[] = {
		"tag:yaml.org,2002:int",  "tag:yaml.org,2002:float",	 "tag:yaml.org,2002:bool",
		"tag:yaml.org,2002:null", "tag:yaml.org,2002:timestamp", NULL
	};

	return is_one_of(tag, resolved);
}

bool yaml_tag_is_standard(const char *tag)
{
	static const char *const others[] = { "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:map",
					      "tag:yaml.org,2002:seq", NULL };

	return is_one_of(tag, others) || yaml_tag_is_resolved(tag);
}
