// See collation.hpp. Two sides sort alike only when provider, locale, rules and the library's version
// agree: glibc and ICU change their orders between versions.
#include "fdw/collation.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_database.h"
#include "utils/builtins.h"
#include "utils/pg_locale.h"
#include "utils/syscache.h"
}

namespace lakemover::fdw {

namespace {

const char* text_attribute(int cache, HeapTuple tuple, int attribute) {
    bool is_null = false;
    const Datum value = SysCacheGetAttr(cache, tuple, static_cast<AttrNumber>(attribute), &is_null);
    return is_null ? nullptr : TextDatumGetCString(value);
}

struct Locale {
    char provider;
    const char* name;
    const char* rules;
};

Locale database_locale() {
    HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(MyDatabaseId));
    if (!HeapTupleIsValid(tuple)) {
        elog(ERROR, "cache lookup failed for database %u", MyDatabaseId);
    }
    const char provider = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple))->datlocprovider;
    int attribute = Anum_pg_database_datcollate;
    const char* rules = nullptr;
#if PG_VERSION_NUM >= 170000
    attribute = provider == COLLPROVIDER_LIBC ? attribute : Anum_pg_database_datlocale;
#else
    attribute = provider == COLLPROVIDER_LIBC ? attribute : Anum_pg_database_daticulocale;
#endif
#if PG_VERSION_NUM >= 160000
    rules = text_attribute(DATABASEOID, tuple, Anum_pg_database_daticurules);
#endif
    const Locale locale{provider, text_attribute(DATABASEOID, tuple, attribute), rules};
    ReleaseSysCache(tuple);
    return locale;
}

Locale collation_locale(Oid collation) {
    HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
    if (!HeapTupleIsValid(tuple)) {
        elog(ERROR, "cache lookup failed for collation %u", collation);
    }
    const char provider = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple))->collprovider;
    int attribute = Anum_pg_collation_collcollate;
    const char* rules = nullptr;
#if PG_VERSION_NUM >= 170000
    attribute = provider == COLLPROVIDER_LIBC ? attribute : Anum_pg_collation_colllocale;
#else
    attribute = provider == COLLPROVIDER_LIBC ? attribute : Anum_pg_collation_colliculocale;
#endif
#if PG_VERSION_NUM >= 160000
    rules = text_attribute(COLLOID, tuple, Anum_pg_collation_collicurules);
#endif
    const Locale locale{provider, text_attribute(COLLOID, tuple, attribute), rules};
    ReleaseSysCache(tuple);
    return locale;
}

}  // namespace

bool is_c_order(Oid collation) { return OidIsValid(collation) && lc_collate_is_c(collation); }

const char* local_order(Oid collation) {
    if (!OidIsValid(collation)) {
        return nullptr;
    }
    if (is_c_order(collation)) {
        return "C";
    }
    const Locale locale = collation == DEFAULT_COLLATION_OID ? database_locale() : collation_locale(collation);
    if (locale.name == nullptr) {
        return nullptr;
    }
    const char* version = get_collation_actual_version(locale.provider, locale.name);
    if (version == nullptr) {
        return nullptr;
    }
    return psprintf("%c:%s:%s:%s", locale.provider, locale.name, locale.rules != nullptr ? locale.rules : "", version);
}

}  // namespace lakemover::fdw
