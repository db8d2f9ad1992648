#include "base/clock.h"

#include "base/slice.h"

#include <time.h>

static void format(int64_t wall_ms, bool compact, struct str *out)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char text[32];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm))
		return;
	if (compact)
		(void)strftime(text, sizeof(text), "%Y%m%dT%H%M%SZ", &tm);
	else
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	str_adds(out, text);
}

void clock_format_compact(int64_t wall_ms, struct str *out)
{
	format(wall_ms, true, out);
}

void clock_format_rfc3339(int64_t wall_ms, struct str *out)
{
	format(wall_ms, false, out);
}

/* Takes `digits` digits off `s` as a number in [min, max]. */
static bool take_number(struct slice *s, size_t digits, int min, int max, int *ret_number)
{
	uint64_t number;

	if (s->n < digits ||
	    !slice_to_u64((struct slice){ s->p, digits }, (uint64_t)max, &number) ||
	    (int)number < min)
		return false;
	*s = (struct slice){ s->p + digits, s->n - digits };
	*ret_number = (int)number;
	return true;
}

static bool take_char(struct slice *s, char c)
{
	if (s->n == 0 || s->p[0] != c)
		return false;
	*s = (struct slice){ s->p + 1, s->n - 1 };
	return true;
}

/* The fraction of a second, cut to milliseconds. */
static bool take_fraction(struct slice *s, int *ret_ms)
{
	int scale = 100;

	*ret_ms = 0;
	if (!take_char(s, '.') && !take_char(s, ','))
		return true;
	if (s->n == 0 || s->p[0] < '0' || s->p[0] > '9')
		return false;
	while (s->n && s->p[0] >= '0' && s->p[0] <= '9') {
		*ret_ms += (s->p[0] - '0') * scale;
		scale /= 10;
		*s = (struct slice){ s->p + 1, s->n - 1 };
	}
	return true;
}

static bool take_zone(struct slice *s, int *ret_minutes)
{
	bool west = s->n && s->p[0] == '-';
	int hours, minutes;

	*ret_minutes = 0;
	if (take_char(s, 'Z'))
		return true;
	if (!take_char(s, '+') && !take_char(s, '-'))
		return false;
	if (!take_number(s, 2, 0, 23, &hours))
		return false;
	(void)take_char(s, ':');
	if (!take_number(s, 2, 0, 59, &minutes))
		return false;
	*ret_minutes = (west ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

static bool take_date(struct slice *s, struct tm *tm)
{
	int year, month;

	if (!take_number(s, 4, 1970, 9999, &year))
		return false;
	(void)take_char(s, '-');
	if (!take_number(s, 2, 1, 12, &month))
		return false;
	(void)take_char(s, '-');
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	return take_number(s, 2, 1, 31, &tm->tm_mday);
}

static bool take_time(struct slice *s, struct tm *tm)
{
	if (!take_number(s, 2, 0, 23, &tm->tm_hour))
		return false;
	(void)take_char(s, ':');
	if (!take_number(s, 2, 0, 59, &tm->tm_min))
		return false;
	(void)take_char(s, ':');
	return take_number(s, 2, 0, 60, &tm->tm_sec);
}

bool clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms)
{
	struct slice s = slice_of(text);
	struct tm tm = { 0 };
	int fraction_ms, zone_minutes;

	if (!take_date(&s, &tm) || !(take_char(&s, 'T') || take_char(&s, ' ')) ||
	    !take_time(&s, &tm) || !take_fraction(&s, &fraction_ms) ||
	    !take_zone(&s, &zone_minutes) || s.n)
		return false;
	*ret_wall_ms = ((int64_t)timegm(&tm) - (int64_t)zone_minutes * 60) * 1000 + fraction_ms;
	return true;
}

bool clock_parse_http_date(const char *text, int64_t *ret_wall_ms)
{
	struct tm tm = { 0 };
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);

	if (!end || *end)
		return false;
	*ret_wall_ms = (int64_t)timegm(&tm) * 1000;
	return true;
}

void clock_format_duration(int64_t ms, struct str *out)
{
	long seconds = (long)((ms + 500) / 1000);

	if (seconds < 60)
		str_addf(out, "%lds", seconds);
	else if (seconds < 3600)
		str_addf(out, "%ldm%02lds", seconds / 60, seconds % 60);
	else
		str_addf(out, "%ldh%02ldm", seconds / 3600, seconds % 3600 / 60);
}
