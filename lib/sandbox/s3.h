#ifndef SANDBOX_S3_H
#define SANDBOX_S3_H

#include "sandbox/call.h"

/* Makes a bucket where there is none of that name: for --bucket. */
void s3_ensure_bucket(struct sandbox *sandbox, const char *name);

/*
 * The object that an https URL names, by path ("https://host/bucket/key") or by host
 * ("https://bucket.s3.region.amazonaws.com/key"), appended. Refuses with S3's own words, as the
 * services that read objects for somebody pass them on.
 */
int s3_read_url(struct sandbox *sandbox, const char *url, struct str *out, struct error *err);

#endif
