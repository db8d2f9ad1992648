#ifndef DEPLOY_DRAFT_H
#define DEPLOY_DRAFT_H

#include "base/strv.h"
#include "deploy/config.h"

#include <stddef.h>

/*
 * A deployer.yml that is being put together for a person: settings with where each was read, in the
 * order of the manual, and remarks for what became none.
 */

/* A setting: its value as YAML, of one line or, below its key, of several. */
struct draft_entry {
	const char *section; /* "" for the top level; static text, as key */
	const char *key;
	struct str value;
	struct str from; /* for the comment, "" for none */
	bool is_block;
};

struct draft {
	size_t count;
	struct draft_entry *entries;
	struct strv environments; /* "NAME" followed by its settings as YAML, "{}" for none */
	struct strv remarks;	  /* comments at the end */
};

#define DRAFT_INIT                                                                                 \
	{                                                                                          \
		.count = 0, .entries = NULL                                                        \
	}

void draft_release(struct draft *draft);

/* Sets a text or a list; an earlier value of the key goes. `from` says where it was read. */
void draft_set(struct draft *draft, const char *section, const char *key, const char *value,
	       const char *from);
void draft_set_list(struct draft *draft, const char *section, const char *key,
		    const struct strv *list, const char *from);

/* The same with a value that is YAML already. */
void draft_set_yaml(struct draft *draft, const char *section, const char *key, const char *yaml,
		    const char *from);

/* Whether a key has a value. */
bool draft_has(const struct draft *draft, const char *section, const char *key);

/* Sets the steps of a stage; origins: a comment for each step. */
void draft_set_steps(struct draft *draft, const char *stage, const struct steps *steps,
		     const struct strv *origins, const char *from);

/* An environment with the settings below its "stack" that are not NULL. */
void draft_add_environment(struct draft *draft, const char *name, const char *stack_name,
			   const char *template, const char *parameters);

void draft_remark(struct draft *draft, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends the file. head: what it was made of, for its first lines. */
void draft_write(const struct draft *draft, const char *head, struct str *out);

/* Appends a text as a YAML scalar that is read as that text. */
void draft_quote(const char *text, struct str *out);

#endif
