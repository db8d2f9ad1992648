#ifndef TESTS_UNIT_AWS_FIXTURE_H
#define TESTS_UNIT_AWS_FIXTURE_H

#include "aws/client.h"
#include "base/report.h"
#include "canned_http.h"
#include "fake_clock.h"

/* A client in a world of its own: canned answers, a clock that stands still, keys by environment.
 */
struct aws_fixture {
	struct canned_http http;
	struct fake_clock clock;
	struct env env;
	struct aws_client *client;
	struct error err;
};

static char *const aws_fixture_vars[] = {
	(char[]){ "HOME=/nonexistent" },
	(char[]){ "AWS_ACCESS_KEY_ID=AKIDEXAMPLE" },
	(char[]){ "AWS_SECRET_ACCESS_KEY=secret" },
	(char[]){ "AWS_MAX_ATTEMPTS=1" },
	NULL,
};

static const struct aws_options aws_fixture_options = { .endpoint_url = "http://127.0.0.1:4566",
							.region = "us-east-1" };

static inline void aws_fixture_set_up(struct aws_fixture *fixture,
				      const struct aws_options *options,
				      const struct canned_exchange *exchanges, size_t count)
{
	struct aws_context context;

	*fixture = (struct aws_fixture){
		.http = { .http = { canned_send },
			  .exchanges = exchanges,
			  .count = count,
			  .body = STR_INIT,
			  .body_type = STR_INIT },
		.clock = FAKE_CLOCK(1440938160000),
		.env = { aws_fixture_vars },
		.err = ERROR_INIT,
	};
	context = (struct aws_context){ &fixture->http.http, &fixture->clock.clock, &fixture->env,
					&report_none };
	assert_int_equal(aws_client_new(options, &context, &fixture->client, &fixture->err), 0);
}

static inline void aws_fixture_tear_down(struct aws_fixture *fixture)
{
	aws_client_free(fixture->client);
	canned_release(&fixture->http);
	error_release(&fixture->err);
}

#define AWS_FIXTURE_SET_UP(fixture, exchanges)                                                     \
	AWS_FIXTURE_SET_UP_WITH(fixture, aws_fixture_options, exchanges)
#define AWS_FIXTURE_SET_UP_WITH(fixture, options, exchanges)                                       \
	aws_fixture_set_up(&(fixture), &(options), (exchanges),                                    \
			   sizeof(exchanges) / sizeof((exchanges)[0]))

#endif
