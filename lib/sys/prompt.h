#ifndef SYS_PROMPT_H
#define SYS_PROMPT_H

#include "base/error.h"
#include "base/secret.h"

/*
 * Asks the person at the terminal for something that must not be seen: writes `question` to the
 * controlling terminal and reads a line from it with the echo off. ERROR_AUTH where there is no
 * terminal, ERROR_SIGNAL when interrupted, ERROR_SYSTEM otherwise. Blanks around are taken off.
 */
int prompt_secret(const char *question, struct secret *ret_answer, struct error *err);

#endif
