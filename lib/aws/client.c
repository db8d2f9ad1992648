#include "aws/client.h"

#include "aws/call.h"
#include "aws/chain.h"
#include "aws/provider.h"
#include "aws/settings.h"
#include "base/cleanup.h"
#include "base/mem.h"

#include <stdlib.h>

struct aws_client {
	struct aws_settings settings;
	struct aws_chain *chain;
	struct aws_credentials credentials; /* of a sibling, which has no chain */
	struct aws_caller caller;
};

static int resolve(void *ctx, bool force_refresh, const struct aws_credentials **ret_credentials,
		   struct error *err)
{
	return aws_chain_resolve(ctx, force_refresh, ret_credentials, err);
}

/* The AWS CLI v2's last resort: clidriver.py, _construct_cli_region_chain(). */
static int ask_instance_for_region(const struct aws_context *context, struct aws_settings *settings,
				   struct error *err)
{
	const struct aws_search search = {
		.settings = settings,
		.http = context->http,
		.clock = context->clock,
		.report = context->report,
	};
	CLEANUP(str_release) struct str region = STR_INIT;
	int result = aws_instance_region(&search, &region, err);

	if (result <= 0)
		return result;
	settings->region = str_detach(&region);
	settings->region_source = mem_strdup("instance metadata");
	return 0;
}

int aws_client_new(const struct aws_options *options, const struct aws_context *context,
		   struct aws_client **ret_client, struct error *err)
{
	struct aws_client *client = mem_zalloc(sizeof(*client));

	client->settings = (struct aws_settings)AWS_SETTINGS_INIT;
	client->credentials = (struct aws_credentials)AWS_CREDENTIALS_INIT;
	if (aws_settings_load(options, context->env, context->report, &client->settings, err) < 0 ||
	    (!client->settings.region &&
	     ask_instance_for_region(context, &client->settings, err) < 0)) {
		aws_client_free(client);
		return -1;
	}
	client->chain =
		aws_chain_new(&client->settings, context->http, context->clock, context->report);
	aws_caller_init(&client->caller, &client->settings, context->http, context->clock);
	client->caller.credentials = resolve;
	client->caller.credentials_ctx = client->chain;
	*ret_client = client;
	return 0;
}

int aws_client_sibling(struct aws_client *client, struct http *http, struct aws_client **ret_client,
		       struct error *err)
{
	const struct aws_credentials *credentials;
	struct aws_client *sibling;

	if (aws_client_credentials(client, &credentials, err) < 0)
		return -1;
	sibling = mem_zalloc(sizeof(*sibling));
	sibling->settings = (struct aws_settings)AWS_SETTINGS_INIT;
	sibling->credentials = (struct aws_credentials)AWS_CREDENTIALS_INIT;
	aws_credentials_copy(&sibling->credentials, credentials);
	aws_caller_init(&sibling->caller, client->caller.settings, http, client->caller.clock);
	aws_caller_use(&sibling->caller, &sibling->credentials);
	*ret_client = sibling;
	return 0;
}

void aws_client_free(struct aws_client *client)
{
	if (!client)
		return;
	aws_chain_free(client->chain);
	aws_credentials_release(&client->credentials);
	aws_settings_release(&client->settings);
	free(client);
}

const char *aws_client_region(const struct aws_client *client)
{
	return client->settings.region;
}

const char *aws_client_region_source(const struct aws_client *client)
{
	return client->settings.region_source;
}

const char *aws_client_profile(const struct aws_client *client)
{
	return client->settings.profile;
}

int aws_client_credentials(struct aws_client *client,
			   const struct aws_credentials **ret_credentials, struct error *err)
{
	return aws_chain_resolve(client->chain, false, ret_credentials, err);
}

struct clock *aws_client_clock(const struct aws_client *client)
{
	return client->caller.clock;
}

struct aws_caller *aws_client_caller(struct aws_client *client)
{
	return &client->caller;
}
