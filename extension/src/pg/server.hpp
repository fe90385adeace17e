// The one way into the PostgreSQL server's headers for C++ of this extension (pg, fdw, stream).
// Zone: pg. Keeps client headers (libpq-fe.h) out of these translation units, and takes back the
// macros of the server's headers that break C++ library headers.
#pragma once

#ifdef LIBPQ_FE_H
#error "postgres.h and libpq-fe.h must not meet: use source/driver.hpp"
#endif

// The C++ library first: port.h redefines printf and friends as macros.
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

// Everything is hidden but what SQL calls. Before 16 the macro exports nothing and PG_FUNCTION_INFO_V1
// does not use it for the function: write extern "C" PGDLLEXPORT Datum f(PG_FUNCTION_ARGS).
#ifndef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#endif

extern "C" {
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/elog.h"
#include "utils/memutils.h"
#include "utils/palloc.h"
}

// Up to 15 exported functions rely on the compiler's default, which our flags turn to hidden. This is
// what 16 does.
#if PG_VERSION_NUM < 160000
#undef PGDLLEXPORT
#define PGDLLEXPORT __attribute__((visibility("default")))
#undef PG_FUNCTION_INFO_V1
#define PG_FUNCTION_INFO_V1(funcname)                                               \
    extern PGDLLEXPORT Datum funcname(PG_FUNCTION_ARGS);                            \
    extern PGDLLEXPORT const Pg_finfo_record* CppConcat(pg_finfo_, funcname)(void); \
    const Pg_finfo_record* CppConcat(pg_finfo_, funcname)(void) {                   \
        static const Pg_finfo_record my_finfo = {1};                                \
        return &my_finfo;                                                           \
    }                                                                               \
    extern int no_such_variable
#endif

#undef printf
#undef fprintf
#undef sprintf
#undef snprintf
#undef vprintf
#undef vfprintf
#undef vsprintf
#undef vsnprintf
#undef strerror
#undef strerror_r
#undef gettext
#undef _

// From here on libpq-fe.h does not compile.
#pragma GCC poison PGconn PQconnectStartParams
