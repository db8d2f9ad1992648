#ifndef DATA_DOTENV_H
#define DATA_DOTENV_H

#include "data/assignments.h"

/*
 * Reads a file of NAME=VALUE lines as shells and Compose write them (.env), as data: nothing is
 * expanded or run. "export " before a name is passed over, blanks around the value do not belong to
 * it, nor do '...' or "..." around it, behind which a comment may follow. What programs read in
 * different ways is refused: '$', '\' and '`' in a value that is not in '...', and '#' or quotation
 * marks in one without any. Else as assignments_read().
 */
int dotenv_read(const char *text, size_t len, struct assignments *ret, struct error *err);

/* Whether the text begins like such a file and no other: its first line that is no comment exports.
 */
bool dotenv_recognise(const char *text, size_t len);

#endif
