// INSERT, UPDATE, DELETE, TRUNCATE of the test server: what tests fill their tables with. Keys and checks are not
// enforced: a test that needs a broken constraint writes it.
#pragma once
#include <string>

#include "engine/context.hpp"

namespace tds {

std::int64_t insert_rows(Context& context, const ts::Stmt& statement, const std::string& source, bool identity_insert);
std::int64_t update_rows(Context& context, const ts::Stmt& statement, const std::string& source);
std::int64_t delete_rows(Context& context, const ts::Stmt& statement, const std::string& source);
// @@DBTS
std::string last_rowversion_bytes();
// Gives computed columns the type of their definition.
void resolve_computed(Context& context);

}  // namespace tds
