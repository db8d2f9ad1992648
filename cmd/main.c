#include "cmd/app.h"

#include <string.h>

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "";

	if (strcmp(name, "docker-credential-deployer") == 0)
		return credential_helper_main(argc, argv);
	return app_main(&program_deployer, argc, argv);
}
