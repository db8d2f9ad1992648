#ifndef DATA_YAML_PARSER_H
#define DATA_YAML_PARSER_H

#include "base/mem.h"

#include <yaml.h>

/*
 * To be asked where libyaml failed: does not return where it was out of memory. libyaml 0.2.5 does
 * not always say so: without room for a tag (scanner.c, yaml_parser_scan_tag()) it fails for no
 * reason.
 */
static inline void yaml_check_memory(const yaml_parser_t *parser)
{
	if (parser->error == YAML_MEMORY_ERROR || parser->error == YAML_NO_ERROR)
		mem_fatal("libyaml");
}

#endif
