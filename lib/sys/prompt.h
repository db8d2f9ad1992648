#ifndef SYS_PROMPT_H
#define SYS_PROMPT_H

#include "base/error.h"
#include "base/secret.h"
#include "base/str.h"

#include <stdbool.h>

/*
 * Asks the person at the terminal for something that must not be seen: writes `question` to the
 * controlling terminal and reads a line from it with the echo off. ERROR_AUTH where there is no
 * terminal, ERROR_SIGNAL when interrupted, ERROR_SYSTEM otherwise. Blanks around are taken off.
 */
int prompt_secret(const char *question, struct secret *ret_answer, struct error *err);

/* Whether a person can be asked: standard input and standard error are terminals. */
bool prompt_is_possible(void);

/* Asks that person for a word, blanks around taken off; appended. Fails as prompt_secret() does. */
int prompt_word(const char *question, struct str *ret_answer, struct error *err);

/*
 * Asks that person for one of the letters in `choices`, until it is one of them. Fails as
 * prompt_secret() does.
 */
int prompt_choice(const char *question, const char *choices, char *ret_answer, struct error *err);

#endif
