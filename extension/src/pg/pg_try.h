/*
 * The one place with PG_TRY: runs a callback and hands a PostgreSQL error back as a value.
 * Zone: pg, in C, because PG_TRY's setjmp and C++ frames must not meet in one function.
 */
#ifndef LAKEMOVER_PG_TRY_H
#define LAKEMOVER_PG_TRY_H

#include "postgres.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Runs fn(arg). Returns NULL, or the error that was raised, copied into the caller's memory context. */
extern ErrorData* lakemover_pg_try(void (*fn)(void*), void* arg);

#ifdef __cplusplus
}
#endif

#endif
