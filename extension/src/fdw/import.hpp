// What the imports of both kinds of sources share. Zone: PostgreSQL; throws source::Error and PgError.
#pragma once
#include "fdw/fdw.hpp"
#include "fdw/session.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace lakemover::fdw {

struct ImportOptions {
    bool collate = true;
    bool not_null = true;
};

struct Imported {
    std::vector<std::string> statements;
    std::vector<std::string> notices;
};

std::string quoted(const std::string& name);   // an identifier
std::string literal(const std::string& text);  // a string of ours
source::Error no_schema(const ImportForeignSchemaStmt* stmt);

// Of a source with a dialect of its own; types as lakemover.type_map has them.
Imported import_foreign(Session& session, const ImportForeignSchemaStmt* stmt, const ImportOptions& options);

}  // namespace lakemover::fdw
