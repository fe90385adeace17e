// Views of what the test server does not have: logins, jobs, certificates and the like.
#pragma once
#include <optional>
#include <string>

#include "engine/context.hpp"

namespace tds {

// The rows that a test put into the table of the view's name in the schema lm_catalog, none without it; nullopt for
// views that are not of this kind. The database is locked by the caller.
std::optional<Relation> given_view(Database& database, const std::string& name);

}  // namespace tds
