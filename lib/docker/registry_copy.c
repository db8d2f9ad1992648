#include "docker/registry_copy.h"

#include "base/cleanup.h"
#include "data/json.h"
#include "docker/blob.h"
#include "docker/image.h"
#include "docker/registry_call.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* How often a blob is sent that broke on its way. */
#define TRIES 3

/* ---- one blob through a pipe: a thread reads it, the caller's sends it ---- */

struct transfer {
	const struct registry_copy *copy;
	const char *digest;
	uint64_t size;
	uint64_t sent;
	int read_fd;
	int write_fd;
	atomic_bool is_broken; /* it was not read to its end */
	bool is_unwanted;      /* since the target takes no more */
	struct error err;      /* of the thread */
};

static bool write_piece(void *ctx, const char *bytes, size_t len)
{
	struct transfer *transfer = ctx;

	while (len) {
		ssize_t n = TEMP_FAILURE_RETRY(write(transfer->write_fd, bytes, len));

		if (n < 0) {
			transfer->is_unwanted = true;
			return false;
		}
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static void *read_blob(void *ctx)
{
	struct transfer *transfer = ctx;
	const struct registry_copy *copy = transfer->copy;

	if (blob_read(copy->from, copy->from_name, transfer->digest, write_piece, transfer,
		      &transfer->err) < 0)
		transfer->is_broken = true;
	close(transfer->write_fd);
	return NULL;
}

static ssize_t give_piece(void *ctx, char *buf, size_t max)
{
	struct transfer *transfer = ctx;
	ssize_t n = TEMP_FAILURE_RETRY(read(transfer->read_fd, buf, max));

	if (n == 0 && transfer->is_broken)
		return -1;
	if (n > 0) {
		transfer->sent += (uint64_t)n;
		report_progress(transfer->copy->report, transfer->digest, transfer->sent,
				transfer->size);
	}
	return n;
}

static const char *give_digest(void *ctx)
{
	return ((const struct transfer *)ctx)->digest;
}

/* What broke first is the cause: the sending ends with the reading. */
static int settle(struct transfer *transfer, int result, struct error *err)
{
	if (transfer->is_broken && !transfer->is_unwanted) {
		error_release(err);
		*err = transfer->err;
		transfer->err = (struct error)ERROR_INIT;
		return error_wrap(err, "reading layer %s", transfer->digest);
	}
	error_release(&transfer->err);
	return result < 0 ? error_wrap(err, "sending layer %s", transfer->digest) : 0;
}

static int pump(struct transfer *transfer, struct error *err)
{
	const struct registry_copy *copy = transfer->copy;
	const struct blob_upload upload = {
		.name = copy->to_name,
		.source = give_piece,
		.digest = give_digest,
		.ctx = transfer,
	};
	pthread_t thread;
	int problem = pthread_create(&thread, NULL, read_blob, transfer);
	int result;

	if (problem) {
		close(transfer->write_fd);
		close(transfer->read_fd);
		return error_set_errno(err, problem, "cannot start a thread");
	}
	result = blob_stream(copy->to, &upload, err);
	/* A reader that still writes ends with this. */
	close(transfer->read_fd);
	(void)pthread_join(thread, NULL);
	return settle(transfer, result, err);
}

static int send_blob(const struct registry_copy *copy, const char *digest, uint64_t size,
		     struct error *err)
{
	struct transfer transfer = {
		.copy = copy,
		.digest = digest,
		.size = size,
		.err = ERROR_INIT,
	};
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return error_set_errno(err, errno, "cannot make a pipe");
	transfer.read_fd = fds[0];
	transfer.write_fd = fds[1];
	return pump(&transfer, err);
}

static bool is_worth_another_try(const struct error *err)
{
	return err->kind == ERROR_NETWORK || err->kind == ERROR_REMOTE || err->kind == ERROR_BUSY;
}

/* A repository of the same registry may lend what it has. */
static bool mount(const struct registry_copy *copy, const char *digest)
{
	CLEANUP(error_release) struct error refused = ERROR_INIT;
	bool is_mounted = false;

	return strcmp(copy->from->url, copy->to->url) == 0 &&
	       blob_mount(copy->to, copy->to_name, digest, copy->from_name, &is_mounted,
			  &refused) == 0 &&
	       is_mounted;
}

static int copy_blob(const struct registry_copy *copy, const char *digest, uint64_t size,
		     struct error *err)
{
	uint64_t there;
	bool is_there;

	if (blob_exists(copy->to, copy->to_name, digest, &is_there, &there, err) < 0)
		return -1;
	if (is_there || mount(copy, digest))
		return 0;
	for (unsigned tries = 1; send_blob(copy, digest, size, err) < 0; tries++) {
		if (tries == TRIES || !is_worth_another_try(err))
			return -1;
		error_release(err);
	}
	return 0;
}

/* ---- manifests ---- */

/* A content descriptor (OCI image-spec, descriptor.md) of a manifest; what it says is foreign. */
static int copy_descriptor(const struct registry_copy *copy, const json_t *descriptor,
			   struct error *err)
{
	const char *digest = json_text(descriptor, "digest");
	const char *media_type = json_text(descriptor, "mediaType");
	json_int_t size = json_integer_value(json_object_get(descriptor, "size"));

	if (!digest || !image_digest_is_valid(digest) || size < 0)
		return error_set(err, ERROR_REMOTE, "the manifest names a layer without digest");
	if (media_type &&
	    (strstr(media_type, ".foreign.") || strstr(media_type, "nondistributable")))
		return 0;
	return copy_blob(copy, digest, (uint64_t)size, err);
}

static int copy_image(const struct registry_copy *copy, const json_t *body, struct error *err)
{
	const json_t *layers = json_object_get(body, "layers");
	const json_t *layer;
	size_t i;

	if (!json_is_array(layers))
		return error_set(err, ERROR_REMOTE, "the manifest has no layers");
	json_array_foreach(layers, i, layer)
	{
		if (copy_descriptor(copy, layer, err) < 0)
			return -1;
	}
	return copy_descriptor(copy, json_object_get(body, "config"), err);
}

static json_t *parse(const struct manifest *manifest, struct error *err)
{
	json_t *body = json_read(manifest->bytes.buf, manifest->bytes.len, err);

	if (!body) {
		error_become(err, ERROR_REMOTE);
		error_wrap(err, "manifest %s", manifest->digest.buf);
	}
	return body;
}

/* A manifest of one platform, by its digest; an index in an index is none. */
static int copy_platform(const struct registry_copy *copy, const char *digest, struct error *err)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	json_auto_t *body = NULL;

	if (!digest || !image_digest_is_valid(digest))
		return error_set(err, ERROR_REMOTE, "the index names an image without digest");
	if (registry_fetch(copy->from, copy->from_name, digest, &manifest, err) < 0)
		return -1;
	body = parse(&manifest, err);
	if (!body || copy_image(copy, body, err) < 0)
		return -1;
	return registry_put(copy->to, copy->to_name, digest, &manifest, err);
}

static int copy_content(const struct registry_copy *copy, const json_t *body, struct error *err)
{
	const json_t *platforms = json_object_get(body, "manifests");
	const json_t *platform;
	size_t i;

	if (!platforms)
		return copy_image(copy, body, err);
	json_array_foreach(platforms, i, platform)
	{
		if (copy_platform(copy, json_text(platform, "digest"), err) < 0)
			return -1;
	}
	return 0;
}

static int copy_all(const struct registry_copy *copy, const char *digest, const char *tag,
		    struct error *err)
{
	CLEANUP(manifest_release) struct manifest manifest = MANIFEST_INIT;
	json_auto_t *body = NULL;

	if (registry_fetch(copy->from, copy->from_name, digest, &manifest, err) < 0)
		return -1;
	body = parse(&manifest, err);
	if (!body || copy_content(copy, body, err) < 0)
		return -1;
	return registry_put(copy->to, copy->to_name, tag, &manifest, err);
}

int registry_copy(const struct registry_copy *copy, const char *digest, const char *tag,
		  struct error *err)
{
	if (copy_all(copy, digest, tag, err) == 0)
		return 0;
	return error_wrap(err, "copying %s@%s to %s:%s", copy->from_name, digest, copy->to_name,
			  tag);
}
