#include "cmd/opt.h"

#include "base/nearest.h"
#include "base/slice.h"

#include <limits.h>
#include <string.h>

/* An option found on the command line: which, in which set, and what it was written like. */
struct hit {
	const struct opt *opt;
	void *args;
	bool negated;
	char *value; /* after '=' or glued to a letter; NULL where the next word is meant */
};

static bool is_name(const struct opt *opt, struct slice name, bool *ret_negated)
{
	*ret_negated = false;
	if (slice_is(name, opt->name))
		return true;
	if (opt->kind != OPT_KIND_BOOL || !slice_starts_with(name, "no-"))
		return false;
	*ret_negated = true;
	return slice_is((struct slice){ name.p + 3, name.n - 3 }, opt->name);
}

static bool find_long(const struct opt_set *sets, char *word, struct hit *ret)
{
	char *eq = strchr(word, '=');
	struct slice name = { word, eq ? (size_t)(eq - word) : strlen(word) };

	for (; sets->opts; sets++) {
		for (const struct opt *opt = sets->opts; opt->name; opt++) {
			bool negated;

			if (!is_name(opt, name, &negated))
				continue;
			*ret = (struct hit){ opt, sets->args, negated, eq ? eq + 1 : NULL };
			return true;
		}
	}
	return false;
}

static bool find_letter(const struct opt_set *sets, char *word, struct hit *ret)
{
	for (; sets->opts; sets++) {
		for (const struct opt *opt = sets->opts; opt->name; opt++) {
			if (!opt->letter || opt->letter != word[0])
				continue;
			*ret = (struct hit){ opt, sets->args, false, word[1] ? word + 1 : NULL };
			return true;
		}
	}
	return false;
}

static int store_number(const struct opt *opt, void *field, const char *value, struct error *err)
{
	uint64_t number;

	if (!slice_to_u64(slice_of(value), UINT_MAX, &number))
		return error_set(err, ERROR_USAGE, "--%s: '%s' is not a number", opt->name, value);
	*(unsigned *)field = (unsigned)number;
	return 0;
}

static int store(const struct hit *hit, const char *value, struct error *err)
{
	void *field = (char *)hit->args + hit->opt->offset;

	switch (hit->opt->kind) {
	case OPT_KIND_BOOL:
		*(bool *)field = !hit->negated;
		return 0;
	case OPT_KIND_STRING:
		*(const char **)field = value;
		return 0;
	case OPT_KIND_LIST:
		strv_add(field, value);
		return 0;
	case OPT_KIND_UINT:
		return store_number(hit->opt, field, value, err);
	}
	return error_set(err, ERROR_USAGE, "--%s: unknown kind", hit->opt->name);
}

static int unknown(const struct opt_set *sets, const char *word, struct error *err)
{
	const char *names[128], *nearest;
	size_t count = 0;

	for (; sets->opts; sets++) {
		for (const struct opt *opt = sets->opts; opt->name && count < 128; opt++)
			names[count++] = opt->name;
	}
	nearest = word[1] == '-' ? nearest_word(word + 2, names, count) : NULL;
	error_set(err, ERROR_USAGE, "unknown option '%s'", word);
	return nearest ? error_fix(err, "did you mean --%s?", nearest) : -1;
}

static int parse_one(const struct opt_set *sets, int argc, char **argv, int *at, struct error *err)
{
	char *word = argv[*at];
	struct hit hit;
	bool found = word[1] == '-' ? find_long(sets, word + 2, &hit)
				    : find_letter(sets, word + 1, &hit);

	if (!found)
		return unknown(sets, word, err);
	if (hit.opt->kind == OPT_KIND_BOOL)
		return hit.value ? error_set(err, ERROR_USAGE, "--%s takes no value", hit.opt->name)
				 : store(&hit, NULL, err);
	if (!hit.value) {
		if (*at + 1 >= argc)
			return error_set(err, ERROR_USAGE, "--%s needs %s", hit.opt->name,
					 hit.opt->arg);
		hit.value = argv[++*at];
	}
	return store(&hit, hit.value, err);
}

int opt_parse(const struct opt_set *sets, bool stop_at_operand, int *argc, char **argv,
	      struct error *err)
{
	bool options = true;
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		if (options && strcmp(argv[i], "--") == 0) {
			options = false;
		} else if (!options || argv[i][0] != '-' || !argv[i][1]) {
			argv[kept++] = argv[i];
			options = options && !stop_at_operand;
		} else if (parse_one(sets, *argc, argv, &i, err) < 0) {
			return -1;
		}
	}
	argv[kept] = NULL;
	*argc = kept;
	return 0;
}

void opt_release(const struct opt *opts, void *args)
{
	for (; opts->name; opts++) {
		if (opts->kind == OPT_KIND_LIST) {
			void *field = (char *)args + opts->offset;

			strv_release(field);
		}
	}
}
