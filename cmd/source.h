#ifndef CMD_SOURCE_H
#define CMD_SOURCE_H

#include "cmd/app.h"
#include "deploy/promotion.h"

/* An environment that a version is brought from, with its transport and its registry's login. */
struct source {
	struct app_place place;
	struct promotion promotion;
};

#define SOURCE_INIT                                                                                \
	{                                                                                          \
		.place = APP_PLACE_INIT, .promotion = PROMOTION_INIT                               \
	}

void source_release(struct source *source);

/* Finds it (promotion_find()); version NULL: the one that runs there. */
int source_find(struct app *app, const char *environment, const char *version, struct source *ret,
		struct error *err);

#endif
