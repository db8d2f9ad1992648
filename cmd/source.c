#include "cmd/source.h"

void source_release(struct source *source)
{
	promotion_release(&source->promotion);
	app_place_release(&source->place);
}

int source_find(struct app *app, const char *environment, const char *version, struct source *ret,
		struct error *err)
{
	struct pipeline pipeline = {
		.env = &app->env,
		.clock = app->clock,
		.report = app->report,
	};

	if (app_open_place(app, environment, &ret->place, err) < 0)
		return -1;
	pipeline.config = &ret->place.config;
	pipeline.client = ret->place.client;
	pipeline.http = ret->place.http;
	return promotion_find(&pipeline, version, &ret->promotion, err);
}
