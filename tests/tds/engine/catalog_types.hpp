// sys.types of the test server: ids and shapes of its types.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "engine/store.hpp"

namespace tds {

struct SystemType {
    const char* name;
    int id;
    int user_id;
};

const std::vector<SystemType>& system_types();
constexpr int kFirstAliasId = 257;  // user_type_id of the first alias type
int system_type_id(const Type& type);
int system_type_id(const StoredColumn& column);
int user_type_id(const Database& database, const StoredColumn& column);
std::optional<std::string> type_name_of(const Database& database, int user_type_id);
// sys.columns.precision and scale.
void shape_of(const Type& type, int& precision, int& scale);

}  // namespace tds
