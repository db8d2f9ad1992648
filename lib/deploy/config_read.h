#ifndef DEPLOY_CONFIG_READ_H
#define DEPLOY_CONFIG_READ_H

#include "deploy/config.h"

/*
 * Reads config->file into the settings: the top level, then the environment that config names. For
 * config.c alone, which knows where the file is and what goes without saying. ERROR_CONFIG with
 * file, line and the nearest known key where a key is unknown or a value has the wrong shape.
 */
int config_read_file(struct config *config, struct error *err);

/* Parts of the settings, shared by those two. */
void setting_set_origin(struct setting *setting, const char *origin);
void steps_release(struct steps *steps);

#endif
