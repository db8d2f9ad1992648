#include "docker/uploads.h"

#include "base/cleanup.h"
#include "base/mem.h"
#include "data/digest.h"
#include "data/gzip.h"
#include "docker/blob.h"
#include "sys/interrupt.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define UPLOADERS     4
#define COMPRESSORS   8
#define THREADS	      (UPLOADERS + COMPRESSORS)
#define STACK_SIZE    (1UL << 20)
#define TELL_EVERY_MS 200

/* A layer of at most as many pieces is held until it is whole: then its digest can be looked up. */
#define LOOK_FIRST_PIECES 8

/* One piece of a layer on its way: filled, compressed, sent, free again. */
struct piece {
	struct piece *next;	 /* of its layer, or of the free ones */
	struct piece *next_work; /* to compress */
	bool is_ready;
	size_t raw_len;
	size_t len;
	unsigned char raw[UPLOADS_PIECE_LEN];
	unsigned char bytes[]; /* gzip_bound() of it */
};

/* What is sent of a layer next. */
enum part { PART_HEAD, PART_PIECES, PART_TAIL, PART_OVER };

/* One layer. What stands above `uploads` is shared, under the lock; the rest is its uploader's. */
struct layer {
	struct layer *next;
	struct piece *first, *last;
	struct piece *filling; /* the reader's own */
	struct str diff_id;
	struct str label;
	uint64_t size;
	uint64_t raw_len; /* so far, with its CRC: the reader's until it is whole */
	uint32_t crc;
	uint64_t sent; /* bytes before compression */
	bool is_whole;
	bool is_wanted;
	bool is_over;
	bool is_told;
	const char *outcome;
	struct uploads *uploads;
	enum part part;
	struct piece *sending;
	unsigned char ends[GZIP_TAIL_LEN];
	const unsigned char *bytes; /* what is being sent, and how much is left of it */
	size_t left;
	struct sha256 *hash;
	struct str digest;
	uint64_t blob_len;
	struct error err;
};

struct uploads {
	struct uploads_target target;
	pthread_mutex_t lock;
	pthread_cond_t is_free, is_filled, is_ready, is_over;
	struct piece *free;
	unsigned pieces;
	unsigned unnamed; /* layers whose diff id was not known when they began */
	struct piece *work, *work_last;
	struct layer *layers, *newest;
	struct layer *waiting; /* the first that no uploader has taken */
	struct error cause;    /* what the first layer that failed failed of */
	bool is_complete;      /* no more layers come */
	bool is_stopped;
	int64_t told_ms;
	size_t threads;
	pthread_t thread[THREADS];
	struct http *http[UPLOADERS];
	size_t transports;
	size_t taken; /* of the transports, by threads */
};

static void lock(struct uploads *uploads)
{
	(void)pthread_mutex_lock(&uploads->lock);
}

static void unlock(struct uploads *uploads)
{
	(void)pthread_mutex_unlock(&uploads->lock);
}

static void wake_all(struct uploads *uploads)
{
	(void)pthread_cond_broadcast(&uploads->is_free);
	(void)pthread_cond_broadcast(&uploads->is_filled);
	(void)pthread_cond_broadcast(&uploads->is_ready);
	(void)pthread_cond_broadcast(&uploads->is_over);
}

static void stop(struct uploads *uploads)
{
	lock(uploads);
	uploads->is_stopped = true;
	wake_all(uploads);
	unlock(uploads);
}

/* Waits a little, so that interruptions are seen and progress is told. Under the lock. */
static void wait_briefly(struct uploads *uploads, pthread_cond_t *cond)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TELL_EVERY_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	(void)pthread_cond_timedwait(cond, &uploads->lock, &until);
}

/* ---- compressing ---- */

static void compress(struct gzip *gzip, struct piece *piece)
{
	piece->len = gzip_compress(gzip, piece->raw, piece->raw_len, piece->bytes);
}

static struct piece *take_work(struct uploads *uploads)
{
	struct piece *piece;

	while (!uploads->work && !uploads->is_complete && !uploads->is_stopped)
		(void)pthread_cond_wait(&uploads->is_filled, &uploads->lock);
	piece = uploads->is_stopped ? NULL : uploads->work;
	if (piece)
		uploads->work = piece->next_work;
	return piece;
}

static void *compress_pieces(void *ctx)
{
	struct uploads *uploads = ctx;
	struct gzip *gzip = gzip_new();
	struct piece *piece;

	lock(uploads);
	while ((piece = take_work(uploads))) {
		unlock(uploads);
		compress(gzip, piece);
		lock(uploads);
		piece->is_ready = true;
		(void)pthread_cond_broadcast(&uploads->is_ready);
	}
	unlock(uploads);
	gzip_free(gzip);
	return NULL;
}

/* ---- uploading ---- */

/* Under the lock. */
static void give_back(struct uploads *uploads, struct piece *piece)
{
	piece->next = uploads->free;
	uploads->free = piece;
	(void)pthread_cond_signal(&uploads->is_free);
}

static void show(struct layer *layer, const unsigned char *bytes, size_t len)
{
	layer->bytes = bytes;
	layer->left = len;
}

/* Waits for the next piece; false where all were sent. Under the lock. */
static bool take_piece(struct layer *layer)
{
	struct uploads *uploads = layer->uploads;

	if (layer->sending) {
		layer->sent += layer->sending->raw_len;
		give_back(uploads, move_ptr(layer->sending));
	}
	while (!uploads->is_stopped && !(layer->first && layer->first->is_ready) &&
	       !(layer->is_whole && !layer->first))
		(void)pthread_cond_wait(&uploads->is_ready, &uploads->lock);
	if (uploads->is_stopped || !layer->first)
		return false;
	layer->sending = layer->first;
	layer->first = layer->sending->next;
	show(layer, layer->sending->bytes, layer->sending->len);
	return true;
}

/* Goes on to what comes next of the file; -1 where it is to be given up. */
static int next_part(struct layer *layer)
{
	struct uploads *uploads = layer->uploads;
	bool is_given_up;

	switch (layer->part) {
	case PART_HEAD:
		gzip_write_head(layer->ends);
		show(layer, layer->ends, GZIP_HEAD_LEN);
		layer->part = PART_PIECES;
		return 0;
	case PART_PIECES:
		lock(uploads);
		if (take_piece(layer)) {
			unlock(uploads);
			return 0;
		}
		is_given_up = uploads->is_stopped || !layer->is_wanted;
		unlock(uploads);
		if (is_given_up)
			return -1;
		gzip_write_tail(layer->crc, layer->raw_len, layer->ends);
		show(layer, layer->ends, GZIP_TAIL_LEN);
		layer->part = PART_TAIL;
		return 0;
	case PART_TAIL:
		str_adds(&layer->digest, "sha256:");
		sha256_finish(layer->hash, &layer->digest);
		layer->part = PART_OVER;
		return 0;
	case PART_OVER:
		break;
	}
	return 0;
}

static ssize_t give(void *ctx, char *buf, size_t max)
{
	struct layer *layer = ctx;
	size_t n;

	while (layer->left == 0 && layer->part != PART_OVER) {
		if (next_part(layer) < 0)
			return -1;
	}
	n = layer->left < max ? layer->left : max;
	memcpy(buf, layer->bytes, n);
	sha256_add(layer->hash, buf, n);
	layer->bytes += n;
	layer->left -= n;
	layer->blob_len += n;
	return (ssize_t)n;
}

static const char *digest_of(void *ctx)
{
	return ((struct layer *)ctx)->digest.buf;
}

/* Whether a layer that is small has come whole. Under the lock. */
static bool is_at_hand(const struct layer *layer)
{
	const struct piece *piece;

	for (piece = layer->first; piece; piece = piece->next) {
		if (!piece->is_ready)
			return false;
	}
	return layer->is_whole;
}

static void hash_ahead(const struct layer *layer, struct str *digest, uint64_t *ret_len)
{
	struct sha256 *hash = sha256_new();
	unsigned char ends[GZIP_TAIL_LEN];
	uint64_t len = GZIP_HEAD_LEN + GZIP_TAIL_LEN;

	gzip_write_head(ends);
	sha256_add(hash, ends, GZIP_HEAD_LEN);
	for (const struct piece *piece = layer->first; piece; piece = piece->next) {
		sha256_add(hash, piece->bytes, piece->len);
		len += piece->len;
	}
	gzip_write_tail(layer->crc, layer->raw_len, ends);
	sha256_add(hash, ends, GZIP_TAIL_LEN);
	str_adds(digest, "sha256:");
	sha256_finish(hash, digest);
	sha256_free(hash);
	*ret_len = len;
}

/*
 * A small layer waits until it is whole, and is not sent where the registry has it: compressing the
 * same bytes gives the same blob. 1: it is there, 0: it is to be sent, -1: failed.
 */
static int look_first(struct layer *layer, const struct registry *registry)
{
	struct uploads *uploads = layer->uploads;
	CLEANUP(str_release) struct str digest = STR_INIT;
	uint64_t len = 0;
	uint64_t size = 0;
	bool is_there = false;
	bool is_wanted;

	lock(uploads);
	while (!is_at_hand(layer) && !uploads->is_stopped)
		(void)pthread_cond_wait(&uploads->is_ready, &uploads->lock);
	is_wanted = layer->is_wanted && !uploads->is_stopped;
	unlock(uploads);
	if (!is_wanted)
		return 1;
	hash_ahead(layer, &digest, &len);
	if (blob_exists(registry, uploads->target.name, digest.buf, &is_there, &size, &layer->err) <
	    0)
		return -1;
	if (!is_there)
		return 0;
	str_adds(&layer->digest, digest.buf);
	layer->blob_len = len;
	layer->outcome = "Layer already exists";
	return 1;
}

static int send_layer(struct layer *layer, const struct registry *registry)
{
	const struct blob_upload upload = {
		.name = layer->uploads->target.name,
		.source = give,
		.digest = digest_of,
		.ctx = layer,
	};

	if (layer->size <= LOOK_FIRST_PIECES * UPLOADS_PIECE_LEN) {
		int found = look_first(layer, registry);

		if (found)
			return found < 0 ? -1 : 0;
	}
	layer->hash = sha256_new();
	if (blob_stream(registry, &upload, &layer->err) < 0)
		return -1;
	layer->outcome = "Pushed";
	return 0;
}

/* Whether what went wrong with one layer leaves the others a chance. */
static bool is_passing(const struct error *err)
{
	return err->kind == ERROR_NETWORK || err->kind == ERROR_REMOTE || err->kind == ERROR_BUSY;
}

/* One that turned out to be unwanted, or was stopped, gave itself up. Under the lock. */
static void keep_failure(struct layer *layer)
{
	struct uploads *uploads = layer->uploads;

	if (uploads->is_stopped || (layer->is_whole && !layer->is_wanted))
		return;
	uploads->is_stopped = !is_passing(&layer->err);
	if (uploads->cause.kind != ERROR_NONE)
		return;
	uploads->cause = layer->err;
	layer->err = (struct error)ERROR_INIT;
}

static void upload(struct layer *layer, const struct registry *registry)
{
	struct uploads *uploads = layer->uploads;
	bool is_sent = send_layer(layer, registry) == 0;

	lock(uploads);
	/* What fails for good ends the reading at once, however much of the layer is to come. */
	if (!is_sent && !is_passing(&layer->err))
		keep_failure(layer);
	/* The reader goes on filling pieces of a layer that failed: they are dropped. */
	while (take_piece(layer))
		;
	if (!is_sent)
		keep_failure(layer);
	layer->is_over = true;
	wake_all(uploads);
	unlock(uploads);
}

static struct layer *take_layer(struct uploads *uploads)
{
	struct layer *layer;

	while (!uploads->waiting && !uploads->is_complete && !uploads->is_stopped)
		(void)pthread_cond_wait(&uploads->is_filled, &uploads->lock);
	layer = uploads->is_stopped ? NULL : uploads->waiting;
	if (layer)
		uploads->waiting = layer->next;
	return layer;
}

static void *upload_layers(void *ctx)
{
	struct uploads *uploads = ctx;
	struct registry registry = uploads->target.registry;
	struct layer *layer;

	lock(uploads);
	registry.http = uploads->http[uploads->taken++];
	while ((layer = take_layer(uploads))) {
		unlock(uploads);
		upload(layer, &registry);
		lock(uploads);
	}
	unlock(uploads);
	return NULL;
}

/* ---- the caller's side ---- */

static void tell_layer(struct uploads *uploads, struct layer *layer)
{
	struct report_event event = {
		.kind = REPORT_PROGRESS,
		.source = layer->label.buf,
		.status = "Pushing",
		.done = layer->sent,
		.total = layer->size,
	};

	if (layer->is_over && layer->outcome) {
		event.status = layer->outcome;
		event.done = layer->size;
		layer->is_told = true;
	}
	uploads->target.report->emit(uploads->target.report, &event);
}

/* Under the lock. */
static void tell(struct uploads *uploads, bool is_last)
{
	int64_t now = uploads->target.clock->monotonic_ms(uploads->target.clock);

	if (!is_last && now - uploads->told_ms < TELL_EVERY_MS)
		return;
	uploads->told_ms = now;
	for (struct layer *layer = uploads->layers; layer; layer = layer->next) {
		if ((layer->is_wanted || !layer->is_whole) && !layer->is_told && layer->sent)
			tell_layer(uploads, layer);
	}
}

static struct piece *new_piece(struct uploads *uploads)
{
	uploads->pieces++;
	return mem_zalloc(sizeof(struct piece) + gzip_bound(UPLOADS_PIECE_LEN));
}

/* Waits for a piece to become free; NULL where all is to end. Under the lock. */
static struct piece *take_free(struct uploads *uploads)
{
	struct piece *piece;

	while (!uploads->free && uploads->pieces == UPLOADS_PIECES && !uploads->is_stopped &&
	       !interrupt_pending()) {
		wait_briefly(uploads, &uploads->is_free);
		tell(uploads, false);
	}
	if (uploads->is_stopped || interrupt_pending())
		return NULL;
	piece = uploads->free;
	if (piece)
		uploads->free = piece->next;
	else
		piece = new_piece(uploads);
	piece->next = NULL;
	piece->next_work = NULL;
	piece->is_ready = false;
	piece->raw_len = 0;
	return piece;
}

/* Hands a piece that is full on to be compressed. Under the lock. */
static void submit(struct uploads *uploads, struct layer *layer)
{
	struct piece *piece = move_ptr(layer->filling);

	if (layer->first)
		layer->last->next = piece;
	else
		layer->first = piece;
	layer->last = piece;
	if (uploads->work)
		uploads->work_last->next_work = piece;
	else
		uploads->work = piece;
	uploads->work_last = piece;
	(void)pthread_cond_broadcast(&uploads->is_filled);
}

/* As Docker calls a layer: by the first digits of its diff id. */
static void label(struct layer *layer, const char *diff_id)
{
	str_reset(&layer->label);
	str_addf(&layer->label, "%.12s", diff_id + strlen("sha256:"));
}

void uploads_begin(struct uploads *uploads, const char *diff_id, uint64_t size)
{
	struct layer *layer = mem_zalloc(sizeof(*layer));

	layer->uploads = uploads;
	layer->size = size;
	layer->diff_id = (struct str)STR_INIT;
	layer->digest = (struct str)STR_INIT;
	layer->label = (struct str)STR_INIT;
	if (*diff_id)
		label(layer, diff_id);
	else
		str_addf(&layer->label, "layer %u", ++uploads->unnamed);
	layer->err = (struct error)ERROR_INIT;
	lock(uploads);
	if (uploads->newest)
		uploads->newest->next = layer;
	else
		uploads->layers = layer;
	uploads->newest = layer;
	if (!uploads->waiting)
		uploads->waiting = layer;
	(void)pthread_cond_broadcast(&uploads->is_filled);
	unlock(uploads);
}

static int ended(struct error *err)
{
	if (interrupt_check("publishing", err) < 0)
		return -1;
	return error_set(err, ERROR_PUBLISH, "an upload failed");
}

int uploads_add(struct uploads *uploads, const char *bytes, size_t len, struct error *err)
{
	struct layer *layer = uploads->newest;

	layer->crc = gzip_crc(layer->crc, bytes, len);
	layer->raw_len += len;
	while (len) {
		struct piece *piece = layer->filling;
		size_t n;

		if (!piece) {
			lock(uploads);
			tell(uploads, false);
			piece = layer->filling = take_free(uploads);
			unlock(uploads);
		}
		if (!piece)
			return ended(err);
		n = UPLOADS_PIECE_LEN - piece->raw_len < len ? UPLOADS_PIECE_LEN - piece->raw_len
							     : len;
		memcpy(piece->raw + piece->raw_len, bytes, n);
		piece->raw_len += n;
		bytes += n;
		len -= n;
		if (piece->raw_len == UPLOADS_PIECE_LEN) {
			lock(uploads);
			submit(uploads, layer);
			unlock(uploads);
		}
	}
	return 0;
}

void uploads_end(struct uploads *uploads, const char *diff_id, bool is_wanted)
{
	struct layer *layer = uploads->newest;

	lock(uploads);
	if (layer->filling)
		submit(uploads, layer);
	str_adds(&layer->diff_id, diff_id);
	label(layer, diff_id);
	layer->is_wanted = is_wanted;
	layer->is_whole = true;
	(void)pthread_cond_broadcast(&uploads->is_ready);
	unlock(uploads);
}

static bool is_all_over(const struct uploads *uploads)
{
	const struct layer *layer;

	for (layer = uploads->layers; layer; layer = layer->next) {
		if (!layer->is_over)
			return false;
	}
	return true;
}

static void join(struct uploads *uploads)
{
	for (size_t i = 0; i < uploads->threads; i++)
		(void)pthread_join(uploads->thread[i], NULL);
	uploads->threads = 0;
}

static void wait_for_all(struct uploads *uploads)
{
	lock(uploads);
	uploads->is_complete = true;
	wake_all(uploads);
	while (!is_all_over(uploads) && !uploads->is_stopped) {
		if (interrupt_pending()) {
			uploads->is_stopped = true;
			wake_all(uploads);
		} else {
			wait_briefly(uploads, &uploads->is_over);
			tell(uploads, false);
		}
	}
	unlock(uploads);
	join(uploads);
	tell(uploads, true);
}

int uploads_finish(struct uploads *uploads, bool is_complete, struct error *err)
{
	if (!is_complete)
		stop(uploads);
	wait_for_all(uploads);
	for (struct layer *layer = uploads->layers; layer; layer = layer->next) {
		const struct uploaded uploaded = { layer->diff_id.buf, layer->digest.buf,
						   layer->blob_len };

		if (layer->is_over && layer->outcome)
			uploads->target.on_done(uploads->target.ctx, &uploaded);
	}
	if (uploads->cause.kind != ERROR_NONE) {
		*err = uploads->cause;
		uploads->cause = (struct error)ERROR_INIT;
		return -1;
	}
	return is_complete && uploads->is_stopped ? ended(err) : 0;
}

/* Signals are for the caller's thread: its waits are to end early. */
static int start_thread(struct uploads *uploads, void *(*run)(void *), struct error *err)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t old;
	int problem;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_BLOCK, &all, &old);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	problem = pthread_create(&uploads->thread[uploads->threads], &attributes, run, uploads);
	(void)pthread_attr_destroy(&attributes);
	(void)pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (problem)
		return error_set_errno(err, problem, "cannot start a thread");
	uploads->threads++;
	return 0;
}

static int start_threads(struct uploads *uploads, struct error *err)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	for (size_t i = 0; i < UPLOADERS; i++) {
		if (start_thread(uploads, upload_layers, err) < 0)
			return -1;
	}
	for (long i = 0; i < (processors < 1 ? 1 : processors) && i < COMPRESSORS; i++) {
		if (start_thread(uploads, compress_pieces, err) < 0)
			return -1;
	}
	return 0;
}

static void init_conditions(struct uploads *uploads)
{
	pthread_cond_t *const conditions[] = { &uploads->is_free, &uploads->is_filled,
					       &uploads->is_ready, &uploads->is_over };
	pthread_condattr_t attributes;

	(void)pthread_mutex_init(&uploads->lock, NULL);
	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	for (size_t i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		(void)pthread_cond_init(conditions[i], &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

int uploads_new(const struct uploads_target *target, struct uploads **ret, struct error *err)
{
	struct uploads *uploads;

	if (gzip_load(err) < 0)
		return -1;
	uploads = mem_zalloc(sizeof(*uploads));
	uploads->target = *target;
	uploads->cause = (struct error)ERROR_INIT;
	init_conditions(uploads);
	for (; uploads->transports < UPLOADERS; uploads->transports++)
		uploads->http[uploads->transports] =
			http_curl_new(target->clock, interrupt_pending);
	if (start_threads(uploads, err) < 0) {
		uploads_free(uploads);
		return -1;
	}
	*ret = uploads;
	return 0;
}

static void free_pieces(struct piece *piece)
{
	while (piece) {
		struct piece *next = piece->next;

		free(piece);
		piece = next;
	}
}

static void free_layer(struct layer *layer)
{
	free_pieces(layer->first);
	free(layer->filling);
	free(layer->sending);
	str_release(&layer->diff_id);
	str_release(&layer->digest);
	str_release(&layer->label);
	sha256_free(layer->hash);
	error_release(&layer->err);
	free(layer);
}

void uploads_free(struct uploads *uploads)
{
	if (!uploads)
		return;
	stop(uploads);
	join(uploads);
	while (uploads->layers) {
		struct layer *layer = uploads->layers;

		uploads->layers = layer->next;
		free_layer(layer);
	}
	free_pieces(uploads->free);
	error_release(&uploads->cause);
	for (size_t i = 0; i < uploads->transports; i++)
		http_curl_free(uploads->http[i]);
	free(uploads);
}
