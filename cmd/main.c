#include "cmd/app.h"
#include "sys/file.h"

#include <string.h>

/*
 * GnuTLS comes along with libcurl, for RTMP, which is never spoken here. Its set-up before main()
 * would cost each run 0.8 MB; a program that does not want it defines this (gnutls/gnutls.h,
 * GNUTLS_SKIP_GLOBAL_INIT).
 */
int _gnutls_global_init_skip(void);

int _gnutls_global_init_skip(void)
{
	return 1;
}

int main(int argc, char **argv)
{
	const char *slash = argc ? strrchr(argv[0], '/') : NULL;
	const char *name = slash ? slash + 1 : argc ? argv[0] : "";

	file_hold_standard();
	if (strcmp(name, "docker-credential-deployer") == 0)
		return credential_helper_main(argc, argv);
	return app_main(&program_deployer, argc, argv);
}
