#ifndef NET_AMAZON_ROOTS_H
#define NET_AMAZON_ROOTS_H

/* The certificates that AWS's endpoints chain up to, in PEM: what a container needs of a CA bundle.
 */
extern const char amazon_roots_pem[];

#endif
