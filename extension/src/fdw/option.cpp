// The validator: which options may stand where, with hints that list the valid ones; and the names
// of a foreign table on its source. Zone: PostgreSQL; the validator's body throws behind pg::entry().
#include "fdw/fdw.hpp"

#include <algorithm>

#include "pg/server_options.hpp"

extern "C" {
#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

PGDLLEXPORT Datum lakemover_fdw_validator(PG_FUNCTION_ARGS);
PG_FUNCTION_INFO_V1(lakemover_fdw_validator);
}

namespace lakemover::fdw {

using source::Error;
using source::ErrorKind;

namespace {

struct Given {
    const char* name;
    const char* value;
};

unsigned context_of(Oid catalog) {
    switch (catalog) {
        case ForeignServerRelationId: return pg::kOnServer;
        case UserMappingRelationId: return pg::kOnUserMapping;
        case ForeignTableRelationId: return pg::kOnTable;
        case AttributeRelationId: return pg::kOnColumn;
        default: return 0;
    }
}

// Options of a user mapping are checked without knowing the engine: an empty name fits all.
bool fits(const pg::OptionDef& option, std::string_view engine) {
    return option.engines == nullptr || engine.empty() ||
           (std::string_view(option.engines) == "postgres") == (engine == "postgres");
}

std::string valid_options(unsigned context, std::string_view engine) {
    std::string list;
    for (const pg::OptionDef& option : pg::option_table()) {
        if ((option.contexts & context) != 0 && fits(option, engine)) {
            list += (list.empty() ? "" : ", ") + std::string(option.keyword);
        }
    }
    return list.empty() ? "there are no valid options in this context" : "valid options in this context are: " + list;
}

const Given* find_given(const std::vector<Given>& given, std::string_view name) {
    const auto found = std::find_if(given.begin(), given.end(), [&](const Given& g) { return name == g.name; });
    return found == given.end() ? nullptr : &*found;
}

// The engine decides which other options make sense, so it is looked at first.
std::string_view check_engine(const std::vector<Given>& given) {
    const Given* engine = find_given(given, "engine");
    if (engine == nullptr) {
        throw Error(ErrorKind::kConfig, "HV00C", "option \"engine\" is required", {},
                    "name the source's engine: OPTIONS (engine 'postgres', ...)");
    }
    pg::check_option_value(*pg::find_option("engine", pg::kOnServer), engine->value);
    return engine->value;
}

void check_one_of(const std::vector<Given>& given, std::initializer_list<const char*> names) {
    const Given* first = nullptr;
    for (const char* name : names) {
        const Given* here = find_given(given, name);
        if (here != nullptr && first != nullptr) {
            throw Error(ErrorKind::kConfig, "22023",
                        "options \"" + std::string(first->name) + "\" and \"" + here->name + "\" exclude each other",
                        {}, "keep one of them");
        }
        first = here != nullptr ? here : first;
    }
}

void validate(const std::vector<Given>& given, unsigned context, Oid user) {
    const Given* named = context == pg::kOnServer ? find_given(given, "engine") : nullptr;
    const std::string_view hint_engine = named != nullptr ? named->value : context == pg::kOnServer ? "postgres" : "";
    for (const Given& g : given) {
        const pg::OptionDef* option = pg::find_option(g.name, context);
        if (option == nullptr) {
            throw Error(ErrorKind::kConfig, "HV00D", "invalid option \"" + std::string(g.name) + "\"", {},
                        valid_options(context, hint_engine));
        }
    }
    const std::string_view engine = context == pg::kOnServer ? check_engine(given) : std::string_view();
    for (const Given& g : given) {
        const pg::OptionDef& option = *pg::find_option(g.name, context);
        if (!fits(option, engine)) {
            throw Error(ErrorKind::kConfig, "HV00D",
                        "option \"" + std::string(g.name) + "\" is for " +
                            (engine == "postgres" ? "SQL Server" : "PostgreSQL") + " sources, not for engine \"" +
                            std::string(engine) + "\"",
                        {}, valid_options(context, engine));
        }
        pg::check_option_value(option, g.value);
        pg::check_option_privilege(option, user);
    }
    if (context == pg::kOnUserMapping) {
        check_one_of(given, {"user", "username"});
        check_one_of(given, {"password", "password_env", "password_file", "password_command"});
    }
}

}  // namespace

const char* option_value(List* options, const char* name) {
    ListCell* cell;
    foreach (cell, options) {
        auto* def = static_cast<DefElem*>(lfirst(cell));
        if (std::strcmp(def->defname, name) == 0) {
            return defGetString(def);
        }
    }
    return nullptr;
}

void read_table_options(Relation relation, RelInfo* info) {
    const Oid relid = RelationGetRelid(relation);
    info->table = GetForeignTable(relid);
    info->server = GetForeignServer(info->table->serverid);
    const char* schema = option_value(info->table->options, "schema_name");
    const char* table = option_value(info->table->options, "table_name");
    info->schema_name = schema != nullptr ? schema : get_namespace_name(RelationGetNamespace(relation));
    info->table_name = table != nullptr ? table : pstrdup(RelationGetRelationName(relation));

    const char* fetch = option_value(info->table->options, "fetch_size");
    if (fetch == nullptr) {
        fetch = option_value(info->server->options, "fetch_size");
    }
    info->fetch_size = fetch != nullptr ? pg_strtoint32(fetch) : kDefaultFetchSize;

    const TupleDesc desc = RelationGetDescr(relation);
    info->column_names = palloc_zeroed<const char*>(static_cast<std::size_t>(desc->natts));
    for (int i = 0; i < desc->natts; ++i) {
        const Form_pg_attribute att = TupleDescAttr(desc, i);
        if (att->attisdropped) {
            continue;
        }
        const char* name = option_value(GetForeignColumnOptions(relid, att->attnum), "column_name");
        info->column_names[i] = name != nullptr ? name : pstrdup(NameStr(att->attname));
    }
}

}  // namespace lakemover::fdw

Datum lakemover_fdw_validator(PG_FUNCTION_ARGS) {
    using namespace lakemover;
    List* options = untransformRelOptions(PG_GETARG_DATUM(0));
    const unsigned context = fdw::context_of(PG_GETARG_OID(1));
    const int count = list_length(options);
    auto* given = fdw::palloc_zeroed<fdw::Given>(static_cast<std::size_t>(count) + 1);
    for (int i = 0; i < count; ++i) {
        auto* def = static_cast<DefElem*>(list_nth(options, i));
        given[i] = {def->defname, defGetString(def)};
    }
    pg::entry([&] { fdw::validate({given, given + count}, context, GetUserId()); });
    PG_RETURN_VOID();
}
