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

#if PG_VERSION_NUM >= 170000
constexpr int kDatabaseLocale = Anum_pg_database_datlocale;
constexpr int kCollationLocale = Anum_pg_collation_colllocale;
#else
constexpr int kDatabaseLocale = Anum_pg_database_daticulocale;
constexpr int kCollationLocale = Anum_pg_collation_colliculocale;
#endif
#if PG_VERSION_NUM >= 160000
constexpr int kDatabaseRules = Anum_pg_database_daticurules;
constexpr int kCollationRules = Anum_pg_collation_collicurules;
#else
constexpr int kDatabaseRules = 0;  // rules came with 16
constexpr int kCollationRules = 0;
#endif

// A database and a collation say the same in columns of their own catalogs.
struct Catalog {
    int cache;
    const char* what;
    int provider;
    int libc_locale;
    int other_locale;
    int rules;
};
constexpr Catalog kDatabase{
    DATABASEOID,     "database",    Anum_pg_database_datlocprovider, Anum_pg_database_datcollate,
    kDatabaseLocale, kDatabaseRules};
constexpr Catalog kCollation{
    COLLOID,          "collation",    Anum_pg_collation_collprovider, Anum_pg_collation_collcollate,
    kCollationLocale, kCollationRules};

Locale locale_of(const Catalog& catalog, Oid oid) {
    HeapTuple tuple = SearchSysCache1(catalog.cache, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(tuple)) {
        elog(ERROR, "cache lookup failed for %s %u", catalog.what, oid);
    }
    bool is_null = false;
    const char provider =
        DatumGetChar(SysCacheGetAttr(catalog.cache, tuple, static_cast<AttrNumber>(catalog.provider), &is_null));
    const int locale = provider == COLLPROVIDER_LIBC ? catalog.libc_locale : catalog.other_locale;
    const Locale result{provider, text_attribute(catalog.cache, tuple, locale),
                        catalog.rules > 0 ? text_attribute(catalog.cache, tuple, catalog.rules) : nullptr};
    ReleaseSysCache(tuple);
    return result;
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
    const Locale locale =
        collation == DEFAULT_COLLATION_OID ? locale_of(kDatabase, MyDatabaseId) : locale_of(kCollation, collation);
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
