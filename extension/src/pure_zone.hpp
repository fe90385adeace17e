// Forced into every file of the pure zones (source, codec, graph) by the Makefile: those zones
// know nothing of the PostgreSQL server, so that its longjmp can never cross their frames.
// Any server header included after this, directly or not, does not compile.
#pragma once

#ifdef POSTGRES_H
#error "the pure zones must not include postgres.h"
#endif

#pragma GCC poison ereport ereport_domain elog palloc palloc0 pfree PG_TRY PG_exception_stack
