#ifndef STACK_PARAMETERS_JSON_H
#define STACK_PARAMETERS_JSON_H

#include "data/assignments.h"

/*
 * Reads a parameter file in JSON, in any of the shapes of stack/parameters.h, with the places of
 * its values. Numbers and truths keep their text; lists of them are joined by commas. ERROR_CONFIG
 * with line and column otherwise.
 */
int parameters_read_json(const char *text, size_t len, struct assignments *ret, struct error *err);

/* The object or the list that the parameters are in, of a text that was read. */
struct slice parameters_json_container(const char *text, size_t len);

#endif
