#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include "base/error.h"
#include "base/report.h"

#include <stdbool.h>
#include <stddef.h>

/* One setting of a section. A block of indented lines keeps its text: "\nname = value\n...". */
struct aws_property {
	char *name; /* in lower case */
	char *value;
};

enum aws_section_kind {
	AWS_SECTION_PROFILE,
	AWS_SECTION_SSO_SESSION,
	AWS_SECTION_SERVICES,
	AWS_SECTION_OTHER, /* anything else of the config file; its name is the whole header */
};

/* A section of a configuration file: a profile, an SSO session, a services section. */
struct aws_section {
	enum aws_section_kind kind;
	char *name;
	struct aws_property *properties;
	size_t count;
};

/*
 * What one file says, or two of them merged: sections in the order of the file, properties in the
 * order of the section. Owns everything in it.
 */
struct aws_profiles {
	struct aws_section *sections;
	size_t count;
};

#define AWS_PROFILES_INIT                                                                          \
	{                                                                                          \
		.sections = NULL, .count = 0                                                       \
	}

void aws_profiles_release(struct aws_profiles *profiles);

/* The two kinds of file: section headers mean different things in them. */
enum aws_profile_file { AWS_PROFILE_FILE_CONFIG, AWS_PROFILE_FILE_CREDENTIALS };

/*
 * Reads the text of a configuration or credentials file as the AWS CLI v2 does (Python's
 * configparser below botocore's configloader.py), and adds what it says to *profiles.
 *
 * A section or a key that stands twice is an error there; here the last one wins and `report` is
 * warned, naming `path`. Within a file a later section of the same name replaces or extends the
 * former as the CLI has it: `[default]` and `[profile default]` replace each other.
 *
 * ERROR_CONFIG with "line N: ..." where the text is not in the grammar; *profiles is then
 * untouched.
 */
int aws_profiles_parse(struct aws_profiles *profiles, enum aws_profile_file file, const char *path,
		       const char *text, size_t len, struct report *report, struct error *err);

/* Adds the profiles of the credentials file: its values win over those of the config file. */
void aws_profiles_merge(struct aws_profiles *config, struct aws_profiles *credentials);

/* The section, or NULL. Borrowed. */
const struct aws_section *aws_profiles_find(const struct aws_profiles *profiles,
					    enum aws_section_kind kind, const char *name);

/* A property's value, borrowed, or NULL. `section` may be NULL; a blank value counts as unset. */
const char *aws_section_get(const struct aws_section *section, const char *name);

/*
 * The value of `name` in the nested block `block` (endpoint_url below s3), owned by the caller, or
 * NULL.
 */
char *aws_section_get_nested(const struct aws_section *section, const char *block,
			     const char *name);

#endif
