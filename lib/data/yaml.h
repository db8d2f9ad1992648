#ifndef DATA_YAML_H
#define DATA_YAML_H

#include "base/error.h"

#include <jansson.h>
#include <stddef.h>

/*
 * The one YAML reader, over libyaml's events. Reads YAML and JSON documents into json_t.
 *
 * YAML_CLOUDFORMATION reads scalars and short tags as CloudFormation's tools do: "!Ref x" becomes
 * {"Ref": "x"}, "!GetAtt a.b" {"Fn::GetAtt": ["a", "b"]}, every other "!Name x" {"Fn::Name": x}.
 *
 * Text is UTF-8, with or without a byte order mark. At most 64 levels deep, 100 aliases, 150,000
 * nodes after expansion (a list counts as two, a mapping as four), 1 MiB of text, one document,
 * string keys only, no duplicate keys: but templates have them, and there the last one counts, as
 * CloudFormation has it; YAML_CLOUDFORMATION_STRICT is for finding them, and has null for every
 * value. ERROR_CONFIG with "line L, column C: ..." otherwise.
 */
enum yaml_dialect {
	YAML_PLAIN,
	YAML_CLOUDFORMATION,
	YAML_CLOUDFORMATION_STRICT,
};

json_t *yaml_read(const char *bytes, size_t len, enum yaml_dialect dialect, struct error *err);

#endif
