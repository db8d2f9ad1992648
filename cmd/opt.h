#ifndef CMD_OPT_H
#define CMD_OPT_H

#include "base/error.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>

enum opt_kind { OPT_KIND_BOOL = 1, OPT_KIND_STRING, OPT_KIND_UINT, OPT_KIND_LIST };

/*
 * One option: where its value goes in the command's argument struct, and how it reads in the help,
 * the completions and the manual. A boolean `x` can also be given as --no-x. A list option may be
 * given several times.
 */
struct opt {
	const char *name;
	char letter;
	enum opt_kind kind;
	size_t offset;
	const char *arg;
	const char *help;
};

/* clang-format off */
/* Takes the kind from the field's own type: an unsupported type does not compile. */
#define OPT(type, field, letter_, name_, arg_, help_)                          \
	{                                                                      \
		.name = (name_), .letter = (letter_),                          \
		.offset = offsetof(type, field),                               \
		.kind = _Generic(((type *)0)->field,                           \
				 bool: OPT_KIND_BOOL,                          \
				 const char *: OPT_KIND_STRING,                \
				 unsigned: OPT_KIND_UINT,                      \
				 struct strv: OPT_KIND_LIST),                  \
		.arg = (arg_), .help = (help_),                                \
	}
/* The same in every command that changes something: the field `dry_run`. */
#define OPT_DRY_RUN(type)                                                      \
	OPT(type, dry_run, 'n', "dry-run", NULL, "only say what would be done")
#define OPT_END { .name = NULL }
/* clang-format on */

/* A table of options and the struct that its values go to. */
struct opt_set {
	const struct opt *opts;
	void *args;
};

/*
 * Parses argv[1..] into the structs of `sets` (ended by opts == NULL); *argc and argv are left with
 * the operands only. "--" ends the options, "-x value", "-xvalue", "--name value" and
 * "--name=value" are understood. With `stop_at_operand` the first operand ends the options, and all
 * that follows is kept. ERROR_USAGE with the nearest known option otherwise.
 */
int opt_parse(const struct opt_set *sets, bool stop_at_operand, int *argc, char **argv,
	      struct error *err);

/* Frees the lists in `args`. */
void opt_release(const struct opt *opts, void *args);

#endif
