#ifndef DEPLOY_DOCTOR_CHECK_H
#define DEPLOY_DOCTOR_CHECK_H

#include "deploy/doctor.h"
#include "docker/image.h"

#include <stdbool.h>

/* What the checks tell each other: written by one that is over before its reader begins. */
struct look {
	const struct doctor_request *request;
	struct str engine_version; /* "" where none answers */
	unsigned compose_major;	   /* 0: none */
	struct image_ref image;	   /* that is published */
	bool has_image;
	bool has_credentials;
};

/* A check that runs: with a transport and a client of its own, NULL where it needs none. */
struct checkup {
	const char *name;
	struct look *look;
	struct http *http;
	struct aws_client *client;
	struct doctor_findings findings;
};

/* Adds what was found, and what to do about it. */
struct doctor_finding *found(struct checkup *checkup, enum doctor_severity severity,
			     const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void advise(struct doctor_finding *finding, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Adds an error with its own remedy; `err` is released. */
void found_error(struct checkup *checkup, struct error *err);

/*
 * The same for a call of AWS that needs the permission `action`, such as "ecr:PutImage": where it
 * was refused, the remedy names it.
 */
void found_refusal(struct checkup *checkup, struct error *err, const char *action);

/* The checks, a function each: doctor_machine.c, doctor_project.c, doctor_aws.c. */
void doctor_git(struct checkup *checkup);
void doctor_template(struct checkup *checkup);
void doctor_engine(struct checkup *checkup);
void doctor_compose(struct checkup *checkup);
void doctor_services(struct checkup *checkup);
void doctor_generations(struct checkup *checkup);
void doctor_docker_config(struct checkup *checkup);
void doctor_disk(struct checkup *checkup);
void doctor_credentials(struct checkup *checkup);
void doctor_account(struct checkup *checkup);
void doctor_stack(struct checkup *checkup);
void doctor_repository(struct checkup *checkup);
void doctor_registry(struct checkup *checkup);

#endif
