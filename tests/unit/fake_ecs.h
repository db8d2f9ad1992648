#ifndef TESTS_UNIT_FAKE_ECS_H
#define TESTS_UNIT_FAKE_ECS_H

#include "fake_cfn.h"

/* ECS's answers for a fake_cfn. Instants are seconds; the fake clock begins at START_S. */
#define START_S	    1440938160
#define CLUSTER	    "todobackend-cluster"
#define SERVICE_ARN "arn:aws:ecs:us-east-1:123456789012:service/" CLUSTER "/app"
#define TASK_ARN    "arn:aws:ecs:us-east-1:123456789012:task/" CLUSTER "/"
#define DEFINITION  "arn:aws:ecs:us-east-1:123456789012:task-definition/"

#define DEPLOYMENT(id, status, definition, state, reason, running, desired, created)               \
	"{\"id\": \"" id "\", \"status\": \"" status                                               \
	"\", \"taskDefinition\": \"" DEFINITION definition "\", \"rolloutState\": \"" state        \
	"\", \"rolloutStateReason\": \"" reason "\", \"desiredCount\": " #desired                  \
	", \"runningCount\": " #running ", \"createdAt\": " #created ".0}"
#define SERVICE_EVENT(id, message, at)                                                             \
	"{\"id\": \"" id "\", \"message\": \"" message "\", \"createdAt\": " #at ".0}"
#define SERVICE(deployments, events)                                                               \
	"{\"services\": [{\"serviceArn\": \"" SERVICE_ARN                                          \
	"\", \"serviceName\": \"app\", \"status\": \"ACTIVE\", \"deployments\": [" deployments     \
	"], \"events\": [" events "]}], \"failures\": []}"
/* What the stack has, as CloudFormation lists it. */
#define RESOURCE(logical, physical, type)                                                          \
	"<member><LogicalResourceId>" logical "</LogicalResourceId><PhysicalResourceId>" physical  \
	"</PhysicalResourceId><ResourceType>" type "</ResourceType>"                               \
	"<ResourceStatus>UPDATE_COMPLETE</ResourceStatus></member>"
#define RESOURCES(members)                                                                         \
	REPLY("ListStackResources", "<StackResourceSummaries>" members "</"                        \
				    "StackResourceSummaries>")

#define ARNS(list)	      "{\"taskArns\": [" list "]}"
#define ARN(id)		      "\"" TASK_ARN id "\""
#define TASKS(list)	      "{\"tasks\": [" list "], \"failures\": []}"
#define CONTAINER(name, more) "{\"name\": \"" name "\"" more "}"

/* A task: `more` are further members, each after a comma. */
#define TASK(id, deployment, status, created, more)                                                \
	"{\"taskArn\": \"" TASK_ARN id "\", \"startedBy\": \"" deployment                          \
	"\", \"lastStatus\": \"" status "\", \"taskDefinitionArn\": \"" DEFINITION                 \
	"app:2\", \"createdAt\": " #created ".0" more "}"
#define STOPPED(id, deployment, code, reason, stopped, containers)                                 \
	TASK(id, deployment, "STOPPED", 1440938170,                                                \
	     ", \"stopCode\": \"" code "\", \"stoppedReason\": \"" reason                          \
	     "\", \"stoppedAt\": " #stopped ".0, \"containers\": [" containers "]")
#define CRASHED(id, deployment, stopped)                                                           \
	STOPPED(id, deployment, "EssentialContainerExited", "Essential container in task exited",  \
		stopped, CONTAINER("app", ", \"exitCode\": 1"))

#endif
