// See given_views.hpp.
#include "engine/given_views.hpp"

#include <map>
#include <utility>
#include <vector>

namespace tds {

namespace {

const Type kId = {Kind::kInt};
const Type kFlag = {Kind::kBit};
const Type kSmall = {Kind::kTinyint};
const Type kName = {Kind::kNvarchar, 128};
const Type kKind = {Kind::kChar, 2};

using Columns = std::vector<std::pair<const char*, Type>>;

const std::map<std::string, Columns, std::less<>> kGivenViews = {
    {"fulltext_indexes", {{"object_id", kId}}},
    {"security_policies", {{"object_id", kId}, {"name", kName}, {"is_enabled", kFlag}}},
    {"security_predicates", {{"object_id", kId}, {"target_object_id", kId}, {"predicate_type", kId}}},
    {"masked_columns", {{"object_id", kId}, {"column_id", kId}, {"is_masked", kFlag}}},
    {"database_principals",
     {{"principal_id", kId}, {"name", kName}, {"type", kKind}, {"type_desc", kName}, {"is_fixed_role", kFlag}}},
    {"database_role_members", {{"role_principal_id", kId}, {"member_principal_id", kId}}},
    {"database_permissions",
     {{"class", kSmall},
      {"major_id", kId},
      {"grantee_principal_id", kId},
      {"permission_name", kName},
      {"state_desc", kName}}},
    {"certificates", {{"certificate_id", kId}, {"name", kName}}},
    {"symmetric_keys", {{"symmetric_key_id", kId}, {"name", kName}}},
    {"assemblies", {{"assembly_id", kId}, {"name", kName}, {"permission_set_desc", kName}, {"is_user_defined", kFlag}}},
    {"server_principals",
     {{"principal_id", kId}, {"name", kName}, {"type", kKind}, {"type_desc", kName}, {"is_disabled", kFlag}}},
    {"servers", {{"server_id", kId}, {"name", kName}, {"product", kName}, {"provider", kName}, {"is_linked", kFlag}}}};

}  // namespace

std::optional<Relation> given_view(Database& database, const std::string& name) {
    const auto found = kGivenViews.find(name);
    if (found == kGivenViews.end()) {
        return std::nullopt;
    }
    Relation view;
    for (const auto& [column, type] : found->second) {
        view.columns.push_back({"", column, type});
    }
    auto rows = std::make_shared<Rows>();
    if (const StoredTable* table = database.table("lm_catalog", name)) {
        for (const auto& row : *table->rows) {
            rows->emplace_back();
            for (const auto& [column, type] : found->second) {
                const StoredColumn* stored = table->column(column);
                rows->back().push_back(stored == nullptr ? Value() : row[table->index_of(stored->id)]);
            }
        }
    }
    view.rows = std::move(rows);
    return view;
}

}  // namespace tds
