#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include "base/error.h"
#include "base/report.h"

#include <stddef.h>

/* One setting of a section. A block of indented lines keeps its text: "\nname = value\n...". */
struct aws_property {
	char *name; /* in lower case */
	char *value;
};

enum aws_section_kind { AWS_SECTION_PROFILE, AWS_SECTION_SSO_SESSION, AWS_SECTION_SERVICES };

/* A profile, an SSO session or a services section. */
struct aws_section {
	enum aws_section_kind kind;
	char *name;
	struct aws_property *properties;
	size_t count;
};

/* What a file says, or two of them merged. Owns everything in it; grows by mem_grow() alone. */
struct aws_profiles {
	struct aws_section *sections;
	size_t count;
};

#define AWS_PROFILES_INIT                                                                          \
	{                                                                                          \
		.sections = NULL, .count = 0                                                       \
	}

void aws_profiles_release(struct aws_profiles *profiles);

/*
 * The two kinds of file. In the config file a profile is `[profile NAME]` or `[default]`, and there
 * are `[sso-session NAME]` and `[services NAME]`; in the credentials file every header is the name
 * of a profile.
 */
enum aws_profile_file { AWS_PROFILE_FILE_CONFIG, AWS_PROFILE_FILE_CREDENTIALS };

/*
 * Reads the text of a configuration or credentials file as the AWS CLI v2 does: Python's
 * configparser, and botocore's configloader.py on top of it. Of `[default]` and `[profile default]`
 * the later one counts.
 *
 * One difference: a header or a key that stands twice is an error there; here the last one wins and
 * `report` is warned, naming `path`.
 *
 * ERROR_CONFIG with "line N: ..." where the text is not in the grammar.
 */
int aws_profiles_parse(enum aws_profile_file file, const char *path, const char *text, size_t len,
		       struct report *report, struct aws_profiles *ret_profiles, struct error *err);

/* Adds copies of the sections of `from`; a property that both have takes the value of `from`. */
void aws_profiles_merge(struct aws_profiles *to, const struct aws_profiles *from);

/* The section, or NULL. Borrowed. */
const struct aws_section *aws_profiles_find(const struct aws_profiles *profiles,
					    enum aws_section_kind kind, const char *name);

/*
 * A property's value, borrowed, or NULL: where there is none, where it is blank, where it is a
 * nested block, and where `section` is NULL.
 */
const char *aws_section_get(const struct aws_section *section, const char *name);

/* The value of `name` in the nested block `block`, such as s3's endpoint_url; NULL or free(). */
char *aws_section_get_nested(const struct aws_section *section, const char *block,
			     const char *name);

#endif
