#ifndef DATA_YAML_SCALAR_H
#define DATA_YAML_SCALAR_H

#include "data/yaml.h"

#include <stdbool.h>

/*
 * What a plain scalar means. YAML_PLAIN follows the core schema (YAML 1.2 section 10.3.2), so "no"
 * and "off" are strings. YAML_CLOUDFORMATION follows YAML 1.1 (yaml.org/type) as the AWS CLI's
 * reader does: yes, no, on and off are booleans, 0777 is octal, 1:30 is sexagesimal, but y and n
 * are strings. Dates stay text, and so do numbers that JSON cannot hold. Owned by the caller.
 */
json_t *yaml_resolve_plain(const char *text, enum yaml_dialect dialect);

/* Whether this is one of YAML's own tags: !!str, !!int, !!map and the like. */
bool yaml_tag_is_standard(const char *tag);

/* Whether a plain scalar with this tag is still resolved by its looks: all but !!str. */
bool yaml_tag_is_resolved(const char *tag);

#endif
